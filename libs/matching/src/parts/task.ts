/** A task, as the parts of a pool know it. */
import type { Label, Result } from "@tutti/contracts/agent/v1";
import type { Offer } from "@tutti/contracts/swarm/v1";
import type { Ranked } from "@tutti/kernel";
import type { Due } from "../time/due.ts";
import type { Agent, Link } from "./agent.ts";
import type { Demand } from "./demand.ts";
import type { Limit } from "./limit.ts";
import type { Lane, Share } from "./line.ts";
import type { Seat } from "./sender.ts";

/**
 * How a task stands in its pool:
 *
 *     queued ── assigned ──► working ── result, lost, timed out ──► ended ── durable ──► forgotten
 *     queued ── its key is full ──► limited ── room ──► queued
 *     queued ── its agent is full ──► bound ── time, agent not able ──► queued, or assigned to that agent
 *     queued, limited, bound ── sender gone ──► away ── offered again ──► queued
 *     working ── busy ──► queued
 *     queued, limited, bound, away ── recalled, cancelled, timed out ──► forgotten
 *     working ── cancelled ──► forgotten
 *
 * Bound is queued with another demand. An attempt that timed out or was cancelled has ended for its sender at once; its
 * agent keeps it, and its slot, until it says so or its grace is over: until then its token is known.
 */
export type Stage = "queued" | "limited" | "away" | "working" | "ended" | "forgotten";

/** An attempt, from its offer until nobody needs to know it any more. Times are infinite where there are none. */
export interface Task extends Due, Ranked {
  readonly offer: Offer;
  readonly profile: Profile;
  demand: Demand;
  /** Its number in the list of its line; below 0 when it stands in the heap. */
  listed: number;
  stage: Stage;
  priority: number;
  readonly readyMs: number;
  /** When its time in the queue is over, and that over all attempts. */
  queueDueMs: number;
  totalDueMs: number;
  /** When its outcome is wanted. */
  dueWantedMs: number;
  /** For how long an attempt may run; 0 for any time. */
  runMs: number;
  assignedMs: number;
  /** 0 while it has not begun. */
  begunMs: number;
  heardMs: number;
  /** From when on its time to run counts. */
  runFromMs: number;
  /** When it is forgotten because its sender has not come back. */
  awayDueMs: number;
  /** When its agent is treated as done with it although it has not said so. */
  stopDueMs: number;
  /** When it has to be looked at, as it stands. */
  readonly nextDueMs: number;
  share: Share | undefined;
  lane: Lane | undefined;
  seat: Seat | undefined;
  seatBefore: Task | undefined;
  seatAfter: Task | undefined;
  agent: Agent | undefined;
  agentBefore: Task | undefined;
  agentAfter: Task | undefined;
  result: Result | undefined;
  /** The link whose agent keeps the result, and the result's number there. */
  link: Link | undefined;
  linkNumber: number;
  busyAnswers: number;
  /** How far it is, 0 to 1, and in words, as its agent said last. */
  fraction: number;
  message: string;
  extras: Extras | undefined;
}

/** What only some tasks have. */
export interface Extras {
  readonly limits: readonly Limit[];
  /** The limit that let it go on, while it has not been assigned. */
  wokenBy: Limit | undefined;
  /** The limit that it waits for, by id; empty when for none. */
  waitsFor: string;
  readonly stickyKey: string;
  readonly contextKey: string;
  /** What it asked for, while it waits for the agent of its key. */
  unbound: Demand | undefined;
  boundDueMs: number;
  /** Whether it may still wait for that agent. */
  mayBind: boolean;
  /** Numbers of results that its agent sent more than once. */
  repeats: number[];
}

/** What tasks have in common, as a pool knows it: the same for all senders that say the same. */
export interface Profile {
  readonly key: string;
  readonly namespace: string;
  /** Empty for `run`, as in assignments. */
  readonly workKind: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly demand: Demand;
  readonly weight: number;
  /** Times as said; 0 for without limit. */
  readonly queueMs: number;
  readonly runMs: number;
  readonly heartbeatMs: number;
  readonly labels: readonly Label[];
  readonly stickyKey: string;
  readonly contextKey: string;
  /** Streams that have it. */
  uses: number;
}
