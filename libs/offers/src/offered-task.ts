/**
 * An attempt of a task as a machine wants it done: what it is offered with, whichever kind of work it belongs to.
 * Machines know nothing of this. What they ask for has this form.
 */
import type { Gang } from "@tutti/contracts/swarm/v1";
import type { Amounts, Payload, Share } from "@tutti/contracts/types/v1";
import type { CostHint, KeyedLimit, Placement, Timeouts } from "@tutti/definitions";
import type { ReadOnly } from "@tutti/kernel";

/** The common part of many tasks. The same object for all of them, so that a pool gets it once. */
export interface OfferedProfile {
  /** Empty means `default`. */
  readonly pool: string;
  /** Name of the definition. Empty where there is none. */
  readonly definition: string;
  /** Id of the task in the definition. */
  readonly definitionTask: string;
  readonly capability: string;
  readonly versionRange: string;
  readonly timeouts: Timeouts;
  readonly placement: Placement | null;
  readonly policy: {
    readonly priority: number;
    readonly resources: Readonly<Record<string, number>>;
    readonly estimate: CostHint;
    readonly limits: readonly KeyedLimit[];
    readonly mayBeDoubled: boolean;
  };
  /** Undoes the effect of a task. */
  readonly isUndo: boolean;
}

/** What of a work its offers name. */
interface OfferedFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** When its outcome is wanted. 0 for no moment. */
  readonly dueMs: number;
}

/** What was computed for one task. */
interface OfferedDetails {
  readonly idempotencyKey: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Keys of the limits of its profile, in their order. */
  readonly limitKeys: readonly string[];
  readonly contextKey: string;
  readonly stickyKey: string;
  readonly dueMs: number;
}

export interface OfferedTask {
  readonly profile: OfferedProfile;
  /** Id of the task in its work. */
  readonly taskId: string;
  /** Absent for null. */
  readonly input: Uint8Array | Payload | undefined;
  /** Which attempt, from 1: for people and agents. The token has its own. */
  readonly attempt: number;
  readonly facts: OfferedFacts;
  /** Since when it is ready, milliseconds since the Unix epoch. */
  readonly readyMs: number;
  /** When the time over all attempts is over. 0 for never. */
  readonly totalDueMs: number;
  /** Undefined where nothing was computed. */
  readonly details: OfferedDetails | undefined;
  /** What the attempt before has saved. */
  readonly saved: Uint8Array | undefined;
  readonly onlyAgents: readonly string[];
  readonly notAgents: readonly string[];
  /** The trace that its work belongs to. Default: that of the step that offers it. */
  readonly traceparent?: string | undefined;
  /** What the attempt may use up. Undefined without limit. */
  readonly budget?: Amounts | undefined;
  /** Whose share of the agents it has. Undefined for that of its namespace. */
  readonly share?: ReadOnly<Share> | undefined;
  /** Tasks that it starts with. Undefined for by itself. */
  readonly gang?: ReadOnly<Gang> | undefined;
}

/** Of work and task together, either way. */
const priorityMax = 200;

/** Returns the priority of the work and the task's own, as far as queues go. */
export function priorityOf({ facts, profile }: Pick<OfferedTask, "facts" | "profile">): number {
  return Math.max(-priorityMax, Math.min(priorityMax, facts.priority + profile.policy.priority));
}

/** When its outcome is wanted. 0 for no moment. */
export function dueMsOf({ facts, details }: Pick<OfferedTask, "facts" | "details">): number {
  return details?.dueMs || facts.dueMs;
}
