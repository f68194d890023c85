/**
 * Effects that a run requests. Folds create them, and they refer to data of the state. They are executed
 * after their event is durable.
 */
import type { Amounts, Share, WorkReference } from "@tutti/contracts/types/v1";
import type { OfferDetails, ParentClosePolicy } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { Data } from "@tutti/machine-work";
import type { OfferProfile } from "../plan/offer-profile.ts";

export type RunEffect = OfferTask | StartChild | RenewLease | AwaitEvent;

/**
 * An attempt of a task, or of its compensation, for a pool. Its result is `complete_task`, `fail_task` or
 * `return_task`.
 */
export interface OfferTask {
  readonly kind: "offer_task";
  readonly profile: OfferProfile;
  /** Id of the task in the run. */
  readonly taskId: string;
  /** Absent for null. */
  readonly input: Data | undefined;
  /** Number of the attempt in this visit, from 1: for people and agents. The token has its own number. */
  readonly attempt: number;
  /** Labels, priority and due time of the run when the attempt was queued. */
  readonly facts: RunFacts;
  /** Time since which it is ready, in milliseconds since the Unix epoch. */
  readonly readyMs: number;
  /** Time at which the timeout over all attempts expires. 0 for never. */
  readonly totalDueMs: number;
  /** Computed details of the offer. Undefined for none. */
  readonly details: OfferDetails | undefined;
  /** Data that the previous attempt saved. */
  readonly saved: Uint8Array | undefined;
  readonly onlyAgents: readonly string[];
  readonly notAgents: readonly string[];
  /** Trace of the caller that requested the run. Absent without one. */
  readonly traceparent?: string | undefined;
  /** Share of the agents that the run has. Absent for the share of its namespace. */
  readonly share?: ReadOnly<Share> | undefined;
  /** Amounts that the attempt may use. Absent without limit. */
  readonly budget?: Amounts | undefined;
  /** Tasks that start together with it. Absent if it starts alone. */
  readonly gang?: Gang | undefined;
}

/** The gang of a task, as it was when an attempt was offered. */
export interface Gang {
  readonly name: string;
  /** Number of its tasks in the same pool that have not ended. */
  readonly size: number;
  /** Whether all others have started. */
  readonly started: boolean;
  /** Number of its tasks in other pools that have not ended. */
  readonly elsewhere: number;
}

/**
 * A child run or mission. Its result is `confirm_child` or `refuse_child`. The message `end_child` reports
 * its end.
 */
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
  /** Task of the child: the child names it when it reports its end. */
  readonly taskId: string;
  /** Outermost ancestor of the run. Undefined if it has none. */
  readonly root: ReadOnly<WorkReference> | undefined;
  readonly parentClose: ParentClosePolicy;
  readonly facts: RunFacts;
  readonly details: OfferDetails | undefined;
  /** Trace of the caller that requested the run. Absent without one. */
  readonly traceparent?: string | undefined;
  /** Share of its run, which includes the child. */
  readonly share?: ReadOnly<Share> | undefined;
  /** Amounts that the child may use. Absent without limit. */
  readonly budget?: ReadOnly<Amounts> | undefined;
}

/** Leases that are renewed until the effect is withdrawn. Its result is `lose_lease`, when one is lost. */
export interface RenewLease {
  readonly kind: "renew_lease";
  readonly leases: readonly { readonly limit: string; readonly ticket: number; readonly dueMs: number }[];
}

/**
 * Subscription to events of a type, including those in the log, until it is withdrawn. Its result is
 * `take_event`, once per event.
 */
export interface AwaitEvent {
  readonly kind: "await_event";
  /** Id of the task that waits. */
  readonly taskId: string;
  readonly type: string;
  /** Empty for any. */
  readonly source: string;
  /** Events of the log with an earlier time are skipped. */
  readonly sinceMs: number;
}

/** Returns whether an effect lasts until it is withdrawn, even after results. */
export function isLasting(effect: RunEffect): effect is RenewLease | AwaitEvent {
  return effect.kind === "renew_lease" || effect.kind === "await_event";
}

/**
 * Facts of a run that its offers contain. They may change. An offer has their values at the time of the
 * offer.
 */
export interface RunFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Due time of the outcome. 0 for none. */
  readonly dueMs: number;
}
