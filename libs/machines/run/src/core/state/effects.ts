/**
 * What a run wants done outside. Effects are made while events are folded and refer to what the state has. They are
 * handed over when their event is durable.
 */
import type { Amounts, Share } from "@tutti/contracts/types/v1";
import type { OfferDetails, ParentClosePolicy } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { Data } from "@tutti/machine-work";
import type { OfferProfile } from "../plan/offer-profile.ts";

export type RunEffect = OfferTask | StartChild | RenewLease | AwaitEvent;

/**
 * An attempt of a task, or of the undoing of its effect, for a pool. Its result is `complete_task`, `fail_task` or
 * `return_task`.
 */
export interface OfferTask {
  readonly kind: "offer_task";
  readonly profile: OfferProfile;
  /** Id of the task in the run. */
  readonly taskId: string;
  /** Absent for null. */
  readonly input: Data | undefined;
  /** Which attempt of this visit, from 1: for people and agents. The token has its own. */
  readonly attempt: number;
  /** Labels, priority and due time of the run, as they were before an agent started. */
  readonly facts: RunFacts;
  /** Since when it is ready, milliseconds since the Unix epoch. */
  readonly readyMs: number;
  /** When the time over all attempts is over. 0 for never. */
  readonly totalDueMs: number;
  /** What was computed for it. Undefined where nothing was. */
  readonly details: OfferDetails | undefined;
  /** What the attempt before has saved. */
  readonly saved: Uint8Array | undefined;
  readonly onlyAgents: readonly string[];
  readonly notAgents: readonly string[];
  /** The trace of the caller that asked for the run. Absent without one. */
  readonly traceparent?: string | undefined;
  /** Whose share of the agents the run has. Absent for that of its namespace. */
  readonly share?: ReadOnly<Share> | undefined;
  /** What the attempt may use up. Absent without limit. */
  readonly budget?: Amounts | undefined;
  /** Tasks that it starts with. Absent for by itself. */
  readonly gang?: Gang | undefined;
}

/** The gang of a task, as it was when an attempt was offered. */
export interface Gang {
  readonly name: string;
  /** How many of its tasks in the same pool have not ended. */
  readonly size: number;
  /** Whether all others have started. */
  readonly started: boolean;
  /** How many of its tasks in other pools have not ended. */
  readonly elsewhere: number;
}

/** A child run or mission. Its result is `confirm_child` or `refuse_child`. Its end comes by the message `end_child`. */
export interface StartChild {
  readonly kind: "start_child";
  /** `run` or `mission`. */
  readonly childKind: string;
  readonly childId: string;
  readonly definition: string;
  readonly label: string;
  readonly hash: string;
  readonly input: Data | undefined;
  readonly parameters: Uint8Array | undefined;
  /** Task that it does: what the child names when it tells of its end. */
  readonly taskId: string;
  readonly parentClose: ParentClosePolicy;
  readonly facts: RunFacts;
  readonly details: OfferDetails | undefined;
  /** The trace of the caller that asked for the run. Absent without one. */
  readonly traceparent?: string | undefined;
  /** The share that its run has: the child is part of it too. */
  readonly share?: ReadOnly<Share> | undefined;
  /** What it may use up. Absent without limit. */
  readonly budget?: ReadOnly<Amounts> | undefined;
}

/** Leases to be renewed until they are withdrawn. Its result is `lose_lease`, when one is lost. */
export interface RenewLease {
  readonly kind: "renew_lease";
  readonly leases: readonly { readonly limit: string; readonly ticket: number; readonly dueMs: number }[];
}

/**
 * Events of a type, as they come until it is withdrawn, and those that the log has. Its result is `take_event`, for
 * each of them.
 */
export interface AwaitEvent {
  readonly kind: "await_event";
  /** Id of the task that waits. */
  readonly taskId: string;
  readonly type: string;
  /** Empty for any. */
  readonly source: string;
  /** Events of the log with an earlier time are passed over. */
  readonly sinceMs: number;
}

/** Whether an effect lasts until it is withdrawn, also after results. */
export function isLasting(effect: RunEffect): effect is RenewLease | AwaitEvent {
  return effect.kind === "renew_lease" || effect.kind === "await_event";
}

/** What of a run its offers name. It may change. What is offered has what was so then. */
export interface RunFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** When its outcome is wanted. 0 for no moment. */
  readonly dueMs: number;
}
