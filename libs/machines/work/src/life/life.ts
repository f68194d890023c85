/**
 * The life cycle of work, decided once for runs, missions and sessions: start again, pause, resume, cancel,
 * terminate, withdraw, remove.
 *
 * 1. A command for open work is refused if the work does not exist or has ended.
 * 2. A repeated command changes nothing: the decision is then undefined, and no event follows.
 * 3. Only work that has ended is removed.
 */
import type { Cause, ErrorDetail, WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { detailOfRefusal, truncate } from "../errors/details.ts";
import { reasonLengthMax } from "../limits.ts";
import { statusName } from "../status.ts";
import { together } from "./differences.ts";

/** An entry of a catalogue of errors, called with more than it needs. */
interface Refusing<Parameters> {
  refusal(parameters: Parameters): Refusal;
}

/** The errors of one kind of work. */
export interface LifeErrors {
  readonly missing: Refusing<{ readonly id: string }>;
  readonly ended: Refusing<{ readonly id: string; readonly status: string; readonly wanted: string }>;
  readonly goesOn: Refusing<{ readonly id: string; readonly status: string }>;
  readonly conflict: Refusing<Conflict>;
  readonly cancelled: Refusing<Ender>;
  readonly terminated: Refusing<Ender>;
}

/** Differences between the starts, in words. Empty if they are not known. */
export interface Conflict {
  readonly id: string;
  readonly differences: string;
}

/** Returns the text of the error for existing work with another specification. */
export function conflictText(kind: string, { id, differences }: Conflict): string {
  const detail = differences === "" ? " with another specification" : `, and differs in ${differences}`;
  return `${kind} \`${id}\` already exists${detail}`;
}

interface Ender {
  readonly by: string;
  readonly reason: string;
}

/** The fields that every kind of work has. */
export interface LivingView {
  readonly order: { readonly parent?: Parent | undefined } | undefined;
  readonly pauseMs: number;
  readonly removeMs: number;
}

export interface LifeStep {
  readonly key: { readonly id: string };
  readonly nowMs: number;
  readonly cause: Cause;
}

type Parent = ReadOnly<Pick<WorkReference, "kind" | "id">>;

export interface LifeParts<View> {
  readonly errors: LifeErrors;
  statusOf(view: View): WorkStatus;
  hasEnded(view: View): boolean;
}

export class WorkLife<View extends LivingView> {
  readonly #parts: LifeParts<View>;

  constructor(parts: LifeParts<View>) {
    this.#parts = parts;
  }

  /** Returns the refusal of a command that needs open work. */
  refusalIfEnded(view: View, { key: { id } }: LifeStep): Refusal | undefined {
    const { errors, hasEnded, statusOf } = this.#parts;
    if (view.order === undefined) return errors.missing.refusal({ id });
    if (!hasEnded(view)) return undefined;
    return errors.ended.refusal({ id, status: statusName(statusOf(view)), wanted: "that has not ended" });
  }

  /** Returns the reply to a start of existing work: the same start gives the same work. */
  startedAgain(
    view: View,
    step: LifeStep,
    isSame: boolean,
    differences: () => readonly string[],
  ): { existed: true; status: WorkStatus } | Refusal {
    if (!isSame)
      return this.#parts.errors.conflict.refusal({ id: step.key.id, differences: together(differences()) });
    return { existed: true, status: this.#parts.statusOf(view) };
  }

  pause(view: View, { nowMs }: LifeStep, reason: string): { reason: string; pauseMs: number } | undefined {
    return view.pauseMs === 0 ? { reason: reasonOf(reason), pauseMs: nowMs } : undefined;
  }

  resume(view: View, { nowMs }: LifeStep, reason: string): { reason: string; resumeMs: number } | undefined {
    return view.pauseMs > 0 ? { reason: reasonOf(reason), resumeMs: nowMs } : undefined;
  }

  /** Returns the error of work that a caller cancels. */
  cancelled({ cause }: LifeStep, reason: string): ErrorDetail {
    return detailOfRefusal(this.#parts.errors.cancelled.refusal(enderOf(cause, reason)));
  }

  /** Returns the error of work that a caller terminates. */
  terminated({ cause }: LifeStep, reason: string): ErrorDetail {
    return detailOfRefusal(this.#parts.errors.terminated.refusal(enderOf(cause, reason)));
  }

  /**
   * Decides the withdrawal of a child by its parent. Work of another parent and ended work are not changed.
   */
  withdrawn(
    view: View,
    parent: Parent | undefined,
    isByForce: boolean,
  ): "not-started" | "cancel" | "terminate" | undefined {
    if (view.order === undefined) return "not-started";
    if (!isSameParent(view.order.parent, parent) || this.#parts.hasEnded(view)) return undefined;
    return isByForce ? "terminate" : "cancel";
  }

  remove(
    view: View,
    { key: { id }, nowMs }: LifeStep,
    reason: string,
  ): { reason: string; removeMs: number } | Refusal | undefined {
    const { errors, hasEnded, statusOf } = this.#parts;
    if (view.order === undefined) return errors.missing.refusal({ id });
    if (!hasEnded(view)) return errors.goesOn.refusal({ id, status: statusName(statusOf(view)) });
    return view.removeMs === 0 ? { reason: reasonOf(reason), removeMs: nowMs } : undefined;
  }
}

export function isSameParent(one: Parent | undefined, other: Parent | undefined): boolean {
  return one?.kind === other?.kind && one?.id === other?.id;
}

/** Returns whether two starts have the same request: their hashes, or the first bytes of these, are equal. */
export function isSameRequest(
  before: Uint8Array = nothing,
  now: Uint8Array = nothing,
  bytes = Number.POSITIVE_INFINITY,
): boolean {
  const counted = Math.min(bytes, Math.max(before.length, now.length));
  return Buffer.compare(before.subarray(0, counted), now.subarray(0, counted)) === 0;
}

const nothing = new Uint8Array(0);

export function reasonOf(reason: string): string {
  return truncate(reason, reasonLengthMax);
}

/** Returns a copy of the cause of a step, for an event. */
export function causeOf({ cause }: Pick<LifeStep, "cause">): Cause {
  return { ...cause, actor: cause.actor && { ...cause.actor } };
}

function enderOf({ actor }: Cause, reason: string): Ender {
  return { by: actor?.id || "the system", reason: reasonOf(reason) };
}
