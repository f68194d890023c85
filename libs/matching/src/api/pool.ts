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
import type { ReservedStarts } from "../limits/room.ts";
import type { PlacedAttempts } from "../placed/attempt-log.ts";
import type { Strategy } from "../strategies/strategy.ts";
import type { AgentOutlet, Joined } from "./agents.ts";
import type { Allotments, AllotmentUses } from "./allotments.ts";
import type { HookOutlet, HookReply, PoolHook } from "./hooks.ts";

/**
 * The place where tasks meet agents. It does nothing by itself: its owner passes the messages of senders and
 * agents, and runs turns. All times are milliseconds since the epoch by a clock that never goes back.
 *
 * A turn handles what is due, matches, and sends batches: one per sender and one per agent with messages. Run
 * a turn after one or several incoming batches, and at `nextDueMs`.
 */
export interface Pool {
  readonly namespace: string;
  readonly name: string;
  /** The epoch of the ownership. */
  readonly epoch: number;

  /** Accepts an agent, or returns the reason against it. Ends an earlier link of the same agent. */
  join(hello: Hello, host: string, outlet: AgentOutlet, nowMs: number): Joined | Refusal;
  /**
   * Records that an agent may not join with its offering. The agent knows the reason, and the explanation of
   * waiting tasks shows it too.
   */
  addRefused(agentId: string, offering: Offering, reason: string, nowMs: number): void;

  /** Handles due timers, then matches, then sends batches. Returns how many tasks were assigned. */
  turn(nowMs: number): number;
  /** When the next turn is due without any message. Infinite for never. */
  readonly nextDueMs: number;

  /** Changes settings of the pool. Absent settings stay. */
  configure(changes: Partial<PoolSettings>, nowMs: number): Refusal | undefined;

  /**
   * Replaces the hooks. Hooks of one moment are asked in this order. Questions go to the outlet, which stays
   * the same as long as the pool is open.
   */
  setHooks(hooks: readonly PoolHook[], outlet: HookOutlet): void;
  /** Accepts answers of hooks. Run a turn after it. Late answers are ignored. */
  answerHooks(replies: readonly HookReply[], nowMs: number): void;

  /** Sets the rule of a key, or of all keys with a prefix if it ends in `*`. Counts stay. */
  setLimit(rule: LimitRule, nowMs: number): Refusal | undefined;
  /** Removes a rule. The limits of tasks for the key apply again. */
  removeLimit(key: string, nowMs: number): Refusal | undefined;
  /** Reports that starts are stored. Run a turn after it. */
  confirmReserved(starts: readonly ReservedStarts[], nowMs: number): void;
  /** Returns the rules that are set, and every key with holders or waiters, by key. */
  limits(nowMs: number): PoolLimit[];

  /** Sets the quotas and reservations for tasks of a namespace. Counts stay. */
  allot(namespace: string, allotments: Allotments, nowMs: number): void;
  /** Returns the amounts of it that tasks use and want. */
  allotted(namespace: string): AllotmentUses;
  /** Namespaces whose tasks are offered here, or may be offered at any time. */
  readonly namespaces: ReadonlySet<string>;

  /**
   * Holds an agent: it is given no more work. It keeps its tasks, except if it is quarantined: then they go
   * to others. An absent agent can be held too, from when it joins.
   */
  hold(agentId: string, order: HoldOrder, nowMs: number): Refusal | undefined;
  /** Returns the agents that are present, for the next owner of the pool. */
  attendance(): Attendance[];
  /** Ends any hold. */
  release(agentId: string, reason: string, nowMs: number): Refusal | undefined;
  /** Asks an agent to finish and leave. Unfinished tasks go to others at the deadline. 0 for none. */
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
  /** Ends the link of an agent. Its tasks go to others. Below 0 it is asked to stay away for good. */
  remove(agentId: string, reason: string, returnAfterMs: number, nowMs: number): Refusal | undefined;

  /** Registers a scaler that launches agents for this pool. It is asked about agents that have not joined. */
  launchedBy(launches: Launches): void;
  /** Reports that an agent that has not joined was launched, or will not join any more. */
  reportLaunch(agentId: string, isStarting: boolean, reason: string, nowMs: number): void;

  /** Joined agents that a scaler has launched: cheap enough for frequent reads, without the details of a view. */
  launchedFor(scalerId: string): readonly LaunchedAgent[];

  status(nowMs: number): PoolStatus;
  /** Returns used and wanted amounts, by resource and share, also of such agents. Reads all tasks. */
  use(agents?: LabelSelector): GetPoolUseReply;
  agent(agentId: string, nowMs: number): Agent | undefined;
  /** Returns the agents that are present, by id. */
  agents(nowMs: number): Agent[];
  /** Returns the tasks of an agent. */
  work(agentId: string, nowMs: number): AgentWork[];
  /** Returns at most `count` waiting tasks, in their expected order of assignment. */
  queued(count: number, nowMs: number): QueuedTask[];
  /** Returns the capabilities that agents of this pool offer, each version once. */
  offered(): OfferedCapability[];
  /** Explains the state of a task. Undefined if the token is not known here. */
  explain(token: Uint8Array, nowMs: number): Explanation | undefined;
  /** Explains the task with this reference. Searches all tasks: only for user requests. */
  explainWork(work: WorkReference, nowMs: number): Explanation | undefined;
  /** Returns the time before which placements of tasks that have left are unknown. 0 if all are known. */
  placementsUnknownBeforeMs(nowMs: number): number;
  /** Returns at most `most` attempts of agents after a number, for readers that record the past. */
  placedAttempts(after: number, most: number, nowMs: number): PlacedAttempts;
  /** Explains why a task of this profile would wait now. Ignores the numbers of the profile. */
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
  /** Called when an agent joins, leaves or changes. Not on the path of tasks. */
  readonly onAgentChange?: (change: AgentChange) => void;
  /** Called when `offered` may have changed. Not on the path of tasks. */
  readonly onOffersChange?: () => void;
  /** Called for each assignment. On the path of tasks, so it has to be cheap. */
  readonly onAssigned?: (agentId: string, assign: Assign) => void;
  /** The last reservation of each limit, by earlier owners. */
  readonly reservedStarts?: ReadonlyMap<string, ReservedStarts>;
  /**
   * Stores starts before they happen, then calls `confirmReserved`. Once per turn at most. Without it, the next owner
   * of the pool knows nothing of the starts that rates count.
   */
  readonly reserve?: (starts: readonly ReservedStarts[]) => void;
}

/** A capability in one version, and how many agents of the pool offer it. */
export interface OfferedCapability {
  readonly capability: Capability;
  readonly agents: number;
}

export interface LaunchedAgent {
  readonly agentId: string;
  readonly state: AgentState;
  /** True if the agent sleeps until it is needed. It then counts as awake. */
  readonly wakesOnDemand: boolean;
  /** How many tasks it has. */
  readonly attempts: number;
}

/** The state of agents that their launcher knows. */
export interface Launches {
  /** Returns how often an agent crashed since it last ran well for long. */
  crashesOf(agentId: string): number;
  /** Reports that a person has released an agent: a quarantined one may be launched again. */
  released(agentId: string): void;
  /** Returns the agents that were launched and have not joined yet, with the time of the launch. */
  starting(): Iterable<{ readonly agentId: string; readonly launchId: string; readonly sinceMs: number }>;
}

/** The settings of a pool. Times in milliseconds. Each has a default and bounds. */
export interface PoolSettings {
  /** How an agent is chosen. Default: least loaded. */
  readonly strategy: Strategy;
  /** Weight of each namespace. Default: 1. */
  readonly weights: Readonly<Record<string, number>>;
  /** Waiting time that raises the priority of a task by one. Default 60,000. */
  readonly ageingMs: number;
  /** A task with a due time is ordered as if ready this long before that time. Default 600,000. */
  readonly dueLeadMs: number;
  /** Maximum number of waiting tasks. Default 100,000. */
  readonly queuedMax: number;
  /** Maximum number of agents. Default 10,000. */
  readonly agentsMax: number;
  /** Maximum number of outstanding tasks of one sender. Default 1,024. */
  readonly window: number;
  /** True if the pool is paused: nothing is assigned. */
  readonly paused: boolean;
  /** The reason of the pause. Empty if none was given. */
  readonly pauseReason: string;
  /** Descriptions of what the pool waits for before it assigns anything. Default: nothing. */
  readonly awaits: readonly string[];
  /** Rate of assignments, and until when it applies. Undefined for no limit. */
  readonly slowStart: SlowStart | undefined;
  /** Namespaces whose tasks are accepted. Undefined for all. */
  readonly admits: ReadonlySet<string> | undefined;
  /** Whether busy answers lower the concurrency of an agent for a while. Default true. */
  readonly adaptiveConcurrency: boolean;
  /** Number of failures in a row after which an agent is given nothing for a while. Default 10. */
  readonly breakAfterFailures: number;
  /** Second copies of slow attempts: whether, when, in how many slots. Default: at 0.95, in 0.1 of them. */
  readonly doubling: Doubling;
  /** Whether running work gives way to more urgent work. Default: never. */
  readonly preemption: Preemption;
  /** Heartbeat interval of agents, stated in the welcome. Default 5,000. */
  readonly heartbeatMs: number;
  /** How improbable the silence of an agent must be before it is suspect, as a power of ten. Default 8. */
  readonly suspicionThreshold: number;
  /** Silence after which an agent is suspect, however uneven its heartbeats are. Default 12,500. */
  readonly suspectMs: number;
  /** Silence after which the tasks of an agent go to others. Default 30,000. */
  readonly leaseMs: number;
  /** How long a cut link can be resumed. Default 60,000. */
  readonly resumeWindowMs: number;
  /** Idle time after which an agent is put to sleep until it is needed. 0 for never. Default 0. */
  readonly sleepAfterMs: number;
  /** How long a task waits for the agent of its sticky key if that agent is able, but full. Default 5,000. */
  readonly stickyMs: number;
  /** How long a gang holds slots that it cannot use yet, and for how long it holds none after that. 0 for never. Default 30,000. */
  readonly gangHoldMs: number;
  /** How long an attempt that timed out has to end before its slot is free again. Default 5,000. */
  readonly graceMs: number;
  /** How long attempts that agents reported wait for the offer of a sender. Default 30,000. */
  readonly claimMs: number;
  /** How long tasks of an absent sender are kept. Default 600,000. */
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
  /** The share of usual attempts that have ended by then. */
  readonly quantile: number;
  /** The greatest share of all slots that copies may take. */
  readonly maxShare: number;
}

/** When running work gives way. */
interface Preemption {
  /** Minimum difference in priority. 0 for never. */
  readonly priorityDifference: number;
  /** How long an attempt has to end. */
  readonly graceMs: number;
  /** An attempt that has run for this long is spared. 0 for none. */
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

/** An agent that is present, and its tasks. */
export interface Attendance {
  readonly agentId: string;
  readonly incarnation: string;
  /** True if the agent requests each task. It may not connect for long. */
  readonly isPolled: boolean;
  readonly tokens: readonly Uint8Array[];
}

/** A change of the state or the hold of an agent. */
export interface AgentChange {
  readonly agentId: string;
  readonly before: AgentState;
  readonly after: AgentState;
  readonly hold: Hold;
  readonly reason: string;
  readonly atMs: number;
}
