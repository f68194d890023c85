/**
 * An attempt as a machine requests it: the content of its offer, for any kind of work. Machines do not use
 * this type. Their requests have this form.
 */
import type { Gang } from "@tutti/contracts/swarm/v1";
import type { Amounts, Payload, Share } from "@tutti/contracts/types/v1";
import type { CostHint, KeyedLimit, Placement, Timeouts } from "@tutti/definitions";
import type { ReadOnly } from "@tutti/kernel";

/** The common part of many tasks. The same object is used for all of them, so that a pool gets it once. */
export interface OfferedProfile {
  /** Empty means `default`. */
  readonly pool: string;
  /** Name of the definition. Empty if there is none. */
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
  /** True if it undoes the effect of a task. */
  readonly isUndo: boolean;
}

/** The facts of a work in its offers. */
interface OfferedFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** When the outcome is due. 0 for never. */
  readonly dueMs: number;
}

/** Computed values of one task. */
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
  /** Undefined for null. */
  readonly input: Uint8Array | Payload | undefined;
  /** Number of the attempt, from 1: for users and agents. The token is separate. */
  readonly attempt: number;
  readonly facts: OfferedFacts;
  /** Time since which it is ready, in milliseconds since the Unix epoch. */
  readonly readyMs: number;
  /** End of the time over all attempts. 0 for never. */
  readonly totalDueMs: number;
  /** Undefined if nothing was computed. */
  readonly details: OfferedDetails | undefined;
  /** The saved state of the previous attempt. */
  readonly saved: Uint8Array | undefined;
  readonly onlyAgents: readonly string[];
  readonly notAgents: readonly string[];
  /** The trace of its work. Default: that of the step that offers it. */
  readonly traceparent?: string | undefined;
  /** Budget of the attempt. Undefined for no limit. */
  readonly budget?: Amounts | undefined;
  /** The share of the agents that it uses. Undefined for that of its namespace. */
  readonly share?: ReadOnly<Share> | undefined;
  /** The gang of the task. Undefined if it starts by itself. */
  readonly gang?: ReadOnly<Gang> | undefined;
}

/** Maximum of the sum of both priorities, in either direction. */
const priorityMax = 200;

/** Returns the sum of the priorities of work and task, within the bounds of queues. */
export function priorityOf({ facts, profile }: Pick<OfferedTask, "facts" | "profile">): number {
  return Math.max(-priorityMax, Math.min(priorityMax, facts.priority + profile.policy.priority));
}

/** Returns when the outcome is due. 0 for never. */
export function dueMsOf({ facts, details }: Pick<OfferedTask, "facts" | "details">): number {
  return details?.dueMs || facts.dueMs;
}
