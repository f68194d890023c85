import type { AgentState, Assign, Hello, Hold, Offering } from "@tutti/contracts/agent/v1";
import type {
  Agent,
  AgentWork,
  GetPoolUseReply,
  OfferProfile,
  PoolLimit,
  PoolStatus,
  QueuedTask,
} from "@tutti/contracts/swarm/v1";
import type { Capability, Explanation, LabelSelector, WorkReference } from "@tutti/contracts/types/v1";
import type { Chance, Refusal } from "@tutti/kernel";
import type { PlacedAttempts } from "../placed/attempt-log.ts";
import type { Strategy } from "../strategies/strategy.ts";
import type { AgentOutlet, Joined } from "./agents.ts";
import type { Allotments, AllotmentUses } from "./allotments.ts";
import type { HookOutlet, HookReply, PoolHook } from "./hooks.ts";

/**
 * The place where tasks meet agents. It does nothing by itself: its owner hands in what senders and agents say, and
 * takes turns. All times are milliseconds since the epoch by a clock that never goes back.
 *
 * A turn looks at what is due, matches, and hands out batches: one per sender and one per agent that there is something
 * to tell. Take a turn after each batch that came in (or several), and at `nextDueMs`.
 */
export interface Pool {
  readonly namespace: string;
  readonly name: string;
  /** The epoch in which it is owned here. */
  readonly epoch: number;

  /** Welcomes an agent, or says why not. An earlier link of the same agent is ended by it. */
  join(hello: Hello, host: string, outlet: AgentOutlet, nowMs: number): Joined | Refusal;
  /**
   * An agent may not join with its offering. It knows the reason, and the explanation of waiting tasks shows
   * it too.
   */
  turnAway(agentId: string, offering: Offering, why: string, nowMs: number): void;

  /** What is due, then matching, then batches. Gives how many tasks were assigned. */
  turn(nowMs: number): number;
  /** When the next turn has to be taken although nothing came in. Infinite when never. */
  readonly nextDueMs: number;

  /** Changes settings of the pool. Absent settings stay. */
  configure(changes: Partial<PoolSettings>, nowMs: number): Refusal | undefined;

  /**
   * These have a say from now on, those of a moment in this order. Questions to those outside go to the outlet, which
   * is the same for as long as the pool is there.
   */
  setHooks(hooks: readonly PoolHook[], outlet: HookOutlet): void;
  /** What was answered. A turn has to be taken. Late answers are ignored. */
  answerHooks(replies: readonly HookReply[], nowMs: number): void;

  /** Sets the rule of a key, or of all keys that start so when it ends in `*`. Counts stay. */
  setLimit(rule: LimitRule, nowMs: number): Refusal | undefined;
  /** The limits of tasks for the key count again. */
  removeLimit(key: string, nowMs: number): Refusal | undefined;
  /** Returns the rules that were set, and every key with holders or waiters, by key. */
  limits(nowMs: number): PoolLimit[];

  /** What quotas and reservations allow tasks of a namespace from now on. Counts stay. */
  allot(namespace: string, allotments: Allotments, nowMs: number): void;
  /** What they have of it. */
  allotted(namespace: string): AllotmentUses;
  /** Namespaces that senders have tasks of, or may have at any time. */
  readonly namespaces: ReadonlySet<string>;

  /**
   * Gives an agent no more work. It keeps what it has, but when it is quarantined that goes to others. One that is not
   * there can be held too: it is when it comes.
   */
  hold(agentId: string, order: HoldOrder, nowMs: number): Refusal | undefined;
  /** All agents that are there, for who has the pool next. */
  attendance(): Attendance[];
  /** Ends any hold. */
  release(agentId: string, reason: string, nowMs: number): Refusal | undefined;
  /** Asks an agent to finish and to go. What it still has at the deadline goes to others. 0 for no deadline. */
  drain(agentId: string, reason: string, deadlineMs: number, nowMs: number): Refusal | undefined;
  /** Puts an agent to sleep. 0 for until it is woken. Demand wakes it too, except if it sleeps by plan. */
  sleep(
    agentId: string,
    reason: string,
    forMs: number,
    nowMs: number,
    isByPlan?: boolean,
  ): Refusal | undefined;
  wake(agentId: string, reason: string, nowMs: number): Refusal | undefined;
  /** Ends the link of an agent. What it has goes to others. Below 0 it is asked to stay away for good. */
  remove(agentId: string, reason: string, returnAfterMs: number, nowMs: number): Refusal | undefined;

  /** A scaler launches agents for this pool, and is asked about those that have not joined. */
  launchedBy(launches: Launches): void;
  /** An agent that has not joined was launched, or will not join any more. */
  tellOfLaunch(agentId: string, isStarting: boolean, reason: string, nowMs: number): void;

  /** Joined agents that a scaler has launched: cheap enough for frequent reads, without the details of a view. */
  launchedFor(scalerId: string): readonly LaunchedAgent[];

  status(nowMs: number): PoolStatus;
  /** What is used and wanted, by resource and by share, also of agents with such labels. Looks at all tasks. */
  use(agents?: LabelSelector): GetPoolUseReply;
  agent(agentId: string, nowMs: number): Agent | undefined;
  /** All that are there, by id. */
  agents(nowMs: number): Agent[];
  /** What an agent has. */
  work(agentId: string, nowMs: number): AgentWork[];
  /** Tasks that wait, in the order in which they would go, as far as one can say. At most so many. */
  queued(count: number, nowMs: number): QueuedTask[];
  /** Returns the capabilities that agents of this pool offer, each version once. */
  offered(): OfferedCapability[];
  /** Why a task is where it is. Undefined when its token is not known here. */
  explain(token: Uint8Array, nowMs: number): Explanation | undefined;
  /** The same by what people call it. Looks through all tasks: for one that asks, not for the path of tasks. */
  explainWork(work: WorkReference, nowMs: number): Explanation | undefined;
  /** Up to when what was placed is not known any more, once its tasks have left. 0 while all is. */
  placementsGoneUntilMs(nowMs: number): number;
  /** Attempts that agents had, after a number, at most so many. For those who record the past. */
  placedAttempts(after: number, most: number, nowMs: number): PlacedAttempts;
  /** Why a task of this profile would wait if it were offered now. Its numbers do not matter. */
  explainProfile(profile: OfferProfile, nowMs: number): Explanation | Refusal;
}

/** Names a pool and its owner. */
export interface PoolIdentity {
  readonly namespace: string;
  readonly name: string;
  /** Instance id of the owner, and the epoch of its ownership. */
  readonly owner: string;
  readonly epoch: number;
}

export interface PoolOptions extends PoolIdentity {
  readonly chance: Chance;
  readonly openedMs: number;
  readonly settings?: Partial<PoolSettings>;
  /** Hears how agents come, go and change. Not on the path of tasks. */
  readonly onAgentChange?: (change: AgentChange) => void;
  /** Hears when `offered` may have changed: an agent came, went, or changed its offering. Not on the path of tasks. */
  readonly onOffersChange?: () => void;
  /** Hears of each task that an agent is given. On the path of tasks: it has to be cheap. */
  readonly onAssigned?: (agentId: string, assign: Assign) => void;
}

/** A capability in one version, and how many agents of the pool offer it. */
export interface OfferedCapability {
  readonly capability: Capability;
  readonly agents: number;
}

export interface LaunchedAgent {
  readonly agentId: string;
  readonly state: AgentState;
  /** Whether it sleeps until it is needed: then it is there as if it were awake. */
  readonly wakesByNeed: boolean;
  /** How many tasks it has. */
  readonly attempts: number;
}

/** What is known of agents by their launcher. */
export interface Launches {
  /** Returns how often an agent crashed since it last was well for long. */
  crashesOf(agentId: string): number;
  /** A person has released an agent: a quarantined one may be launched again. */
  released(agentId: string): void;
  /** Those that were launched and have not joined yet, with when. */
  starting(): Iterable<{ readonly agentId: string; readonly launchId: string; readonly sinceMs: number }>;
}

/** All of a pool that can be chosen. Times in milliseconds. Each has a default and bounds. */
export interface PoolSettings {
  /** How an agent is chosen. Default: least loaded. */
  readonly strategy: Strategy;
  /** Share of each namespace. Those not named have 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** How long a task waits to rise by one in priority. Default 60,000. */
  readonly ageingMs: number;
  /** A task whose outcome is wanted at a time stands where one would that was ready so long before. Default 600,000. */
  readonly dueLeadMs: number;
  /** How many tasks may wait. Default 100,000. */
  readonly queuedMax: number;
  /** How many agents may be there. Default 10,000. */
  readonly agentsMax: number;
  /** How many tasks of one sender may be outstanding. Default 1,024. */
  readonly window: number;
  /** Whether it is paused: nothing is assigned. */
  readonly paused: boolean;
  /** What it waits for before it assigns anything, in words. Default: nothing. */
  readonly awaits: readonly string[];
  /** How many may be assigned per time, until when. Undefined for any number. */
  readonly slowStart: SlowStart | undefined;
  /** Namespaces whose tasks it takes. Undefined for any. */
  readonly admits: ReadonlySet<string> | undefined;
  /** Whether agents that say they are busy are given fewer tasks at once, for a while. Default true. */
  readonly adaptiveConcurrency: boolean;
  /** After how many failures in a row an agent is given nothing for a while. Default 10. */
  readonly breakAfterFailures: number;
  /** Whether, when, and in how many slots second copies of slow attempts are started. Default: at 0.95, in 0.1 of them. */
  readonly doubling: Doubling;
  /** Whether running work gives way to more urgent work. Default: never. */
  readonly preemption: Preemption;
  /** How often an agent has to be heard, told in its welcome. Default 5,000. */
  readonly heartbeatMs: number;
  /** How improbable the silence of an agent must be before it is suspect, as a power of ten. Default 8. */
  readonly suspicionThreshold: number;
  /** How long an agent may be silent before it is suspect, however unevenly it is heard. Default 12,500. */
  readonly suspectMs: number;
  /** How long an agent may be silent before its tasks go to others. Default 30,000. */
  readonly leaseMs: number;
  /** How long a link that was cut can be resumed. Default 60,000. */
  readonly resumeWindowMs: number;
  /** When an agent that has nothing to do is put to sleep, to be woken when it is needed. 0 for never. Default 0. */
  readonly sleepAfterMs: number;
  /** How long a task waits for the agent of its sticky key while that one is able, but full. Default 5,000. */
  readonly stickyMs: number;
  /** How long a gang holds slots that it cannot use yet, and for how long it holds none after that. 0 for never. Default 30,000. */
  readonly gangHoldMs: number;
  /** How long an attempt that ran out of time has to end before its slot is free again. Default 5,000. */
  readonly graceMs: number;
  /** How long what agents brought along is kept for senders that have not offered it again. Default 30,000. */
  readonly claimMs: number;
  /** How long tasks of a sender that is away are kept. Default 600,000. */
  readonly orphanMs: number;
}

/** How a pool starts again after a pause. */
export interface SlowStart {
  readonly rate: { readonly count: number; readonly perMs: number; readonly burst: number };
  readonly untilMs: number;
}

/** When a second copy of a slow attempt is started, for tasks that allow it. */
interface Doubling {
  readonly enabled: boolean;
  /** The share of usual attempts that are done by then. */
  readonly quantile: number;
  /** The greatest share of all slots that copies may take. */
  readonly maxShare: number;
}

/** When running work gives way. */
interface Preemption {
  /** By how much more urgent other work must be. 0 for never. */
  readonly priorityDifference: number;
  /** How long an attempt has to end. */
  readonly graceMs: number;
  /** An attempt that has run so long is spared. 0 for none. */
  readonly spareAfterMs: number;
}

export interface LimitRule {
  readonly key: string;
  /** 0 for any number. */
  readonly maxConcurrent: number;
  readonly rate: { readonly count: number; readonly perMs: number; readonly burst: number } | undefined;
  readonly description: string;
}

export interface HoldOrder {
  readonly hold: Hold;
  readonly reason: string;
  /** 0 for until released. */
  readonly forMs: number;
}

/** An agent that is there, and what it has. */
export interface Attendance {
  readonly agentId: string;
  readonly incarnation: string;
  /** Whether it asks for each task, and may not come for long. */
  readonly isPolled: boolean;
  readonly tokens: readonly Uint8Array[];
}

/** An agent stands, or is held, otherwise than before. */
export interface AgentChange {
  readonly agentId: string;
  readonly before: AgentState;
  readonly after: AgentState;
  readonly hold: Hold;
  readonly reason: string;
  readonly atMs: number;
}
