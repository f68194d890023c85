/**
 * What the parts of a pool know of each other. Tasks, agents, those who wait and those who offer refer to one another
 * everywhere. Each is made in a file of its own, and all look at each other through these. They need each other in
 * circles, so they are one file. What a part is for itself, its times, its standing, its room, is beside the part.
 *
 *     sender slot ── task ── share ── demand ── match ── cohort ── agent ── link
 *                              └───── wait entry ─ turn ─ wait group ─┘
 */
import type {
  AgentState,
  Bye,
  HostFrame,
  Label,
  Offering,
  PartialOutput,
  Progress,
  Result,
} from "@tutti/contracts/agent/v1";
import type { Offer, ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Share as OfferShare } from "@tutti/contracts/types/v1";
import type { Heap, Ranked, Refusal } from "@tutti/kernel";
import type { Offered } from "./agents/capabilities.ts";
import type { AgentIdentity } from "./agents/identity.ts";
import type { AgentStanding } from "./agents/standing.ts";
import type { Fit, Wish } from "./demand/wish.ts";
import type { Judging } from "./hooks/judging.ts";
import type { LimitRoom } from "./limits/room.ts";
import type { AgentLoad } from "./strategies/strategy.ts";
import type { TaskName } from "./task/name.ts";
import type { Stage } from "./task/stage.ts";
import type { TaskTimes } from "./task/times.ts";
import type { Due } from "./time/due.ts";
import type { WaitLog } from "./waits/wait-log.ts";

/** An attempt, from its offer until it is no longer needed. */
export interface Task extends Ranked, TaskTimes {
  /** The offer. It takes less memory until the first read. */
  readonly offer: Offer;
  readonly profile: Profile;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  demand: Demand;
  /** Its number in the list of its line. Below 0 when it is in the heap. */
  listed: number;
  stage: Stage;
  priority: number;
  /** What is in the wheel for it. Undefined when nothing was so far. */
  readonly alarm: Due | undefined;
  share: Share | undefined;
  lane: Lane | undefined;
  senderSlot: SenderSlot | undefined;
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
  twin: Twin | undefined;
  /** How far hooks are with it. Undefined where none had a say. */
  judging: Judging | undefined;
  /** Whether its agent was asked to end it for more urgent work. */
  yields: boolean;
  /** What was offered, for this look alone. */
  glance(): Offer;
  isOf(name: TaskName): boolean;
  withAlarm(): Due;
  /** What it was offered with is to take no more room than it needs. */
  moveOffer(): void;
}

/** What a task that may be doubled has while it is running, and its copy too. */
export interface Twin {
  /** Of a copy: the attempt that it is a second copy of. */
  readonly original: Task | undefined;
  /** When it has taken so long that it is to be doubled. */
  straggleDueMs: number;
  /** Its second copy, while that one is running. */
  copy: Task | undefined;
  /** The copy whose outcome it has. */
  winner: Task | undefined;
}

/** What only some tasks have. */
export interface Extras {
  /** Those by key, and behind them those of quotas and reservations. */
  limits: readonly Limit[];
  /** The limit that let it continue, while it has not been assigned. */
  wokenBy: Limit | undefined;
  /** The limit that it waits for, by id. Empty when for none. */
  waitsFor: string;
  /** Since when. */
  waitsSinceMs: number;
  /** For which limits it waited before, at most as many as are named anywhere. */
  readonly waited: LimitWait[];
  readonly stickyKey: string;
  readonly contextKey: string;
  /** What it asked for, while it waits for the agent of its key. */
  unbound: Demand | undefined;
  boundDueMs: number;
  /** Whether it may still wait for that agent. */
  mayBind: boolean;
  /** Numbers of results that its agent sent more than once. */
  repeats: number[];
  /** Whose share of the agents it has. Undefined for that of its namespace. */
  readonly share: OfferShare | undefined;
}

/** A wait for a limit that is over. */
interface LimitWait {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
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
  /** Times as offered. 0 for without limit. */
  readonly queueMs: number;
  readonly runMs: number;
  readonly heartbeatMs: number;
  readonly labels: readonly Label[];
  readonly stickyKey: string;
  readonly contextKey: string;
  /** Whether a second copy may be started. */
  readonly mayBeDoubled: boolean;
  /** Streams that have it. */
  uses: number;
}

/** A sender in a pool: what it has outstanding there. */
export interface SenderSlot {
  readonly stream: SenderStream;
  readonly pool: SendersPool;
  /** Tasks that have not ended, and results that are not durable. */
  readonly outstanding: number;
  readonly kept: number;
  add(task: Task): void;
  remove(task: Task): void;
  /** One of its tasks has a result now. */
  ended(): void;
}

/** A pool as the streams of senders know it, which have something to send in its turn. */
export interface SendersPool {
  readonly outbox: { addStream(stream: SenderStream): void };
}

/** An attempt that no sender offers at present. */
export interface UnclaimedAttempt {
  readonly token: Uint8Array;
  /** The agent that has it. Empty if no agent has it. */
  readonly agentId: string;
}

/** The stream of a sender, as its tasks need it. */
export interface SenderStream {
  /** A result goes to the sender, and is kept. One that went there before gets another number. */
  deliver(task: Task, agentId: string, isSentAgain?: boolean): void;
  begun(task: Task, agent: Agent, nowMs: number): void;
  progressed(task: Task, progress: Progress): void;
  partialOutput(task: Task, output: PartialOutput): void;
  /** Its sender may know that they are not wanted any more. */
  unclaimed(pool: SendersPool, attempts: Iterable<UnclaimedAttempt>): void;
  returned(
    pool: SendersPool,
    token: Uint8Array,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
  ): void;
  /** Tasks that wait at the sender for a pool, and for how long the one that waits longest. */
  waitingFor(
    pool: SendersPool,
    isWanted?: (capability: string) => boolean,
  ): { readonly count: number; readonly longestMs: number };
  /** The window of a pool may have changed. */
  retell(pool: SendersPool): void;
  flush(): void;
}

/** The demand of tasks: tasks with the same demand wait for the same agents. */
export interface Demand {
  readonly key: string;
  readonly wish: Wish;
  readonly fit: Fit;
  /** Those which will do, the preferred ones first. */
  readonly matches: readonly CohortMatch[];
  /** Whether some matches are preferred to others. */
  readonly picky: boolean;
  /** Profiles and tasks that refer to it: without any it is forgotten. */
  uses: number;
  readonly shares: Iterable<Share>;
  /** Why those waited who asked for it. */
  readonly waits: WaitLog;
  /** Its weight is the last one passed. */
  shareOf(party: string, weight?: number): Share;
  addMatch(match: CohortMatch): void;
  removeMatch(match: CohortMatch): void;
  /** Nothing refers to it any more. */
  dispose(): void;
}

/** A cohort that will do. */
export interface CohortMatch {
  readonly demand: Demand;
  readonly cohort: Cohort;
  readonly waitGroup: WaitGroup;
  /** The capability in the version that is used there, by its number. */
  readonly number: number;
  readonly version: string;
  /** How well its labels are what is preferred, 0 to 1. */
  readonly preference: number;
}

/** The tasks of one party that ask for the same agents, in their order. */
export interface Share {
  /** Who takes turns: a namespace, or a session of one. See `partyOf`. */
  readonly party: string;
  /** How many turns it has to one of the other parties of its namespace. */
  weight: number;
  readonly demand: Demand;
  /** Where it stands, one per cohort that will do. */
  readonly waitEntries: WaitEntry[];
  readonly size: number;
  readonly head: Task | undefined;
  add(task: Task): void;
  remove(task: Task): void;
  /** A task goes to its agent, and its lane has had its turn. */
  grant(task: Task): void;
  /** The task's rank has changed. */
  move(task: Task): void;
  tasks(): Iterable<Task>;
}

/** One line within a share. Its rank is what it has had, by its weight. Its order is where its first task stands. */
export interface Lane extends Ranked {
  readonly key: string;
  readonly weight: number;
  readonly tasks: TaskLine;
}

/** Tasks in the order of their ranks. */
export interface TaskLine {
  readonly size: number;
  readonly first: Task | undefined;
  add(task: Task): void;
  remove(task: Task): void;
  move(task: Task): void;
  tasks(): Iterable<Task>;
}

/** A share at a wait group. */
export interface WaitEntry extends Ranked {
  readonly share: Share;
  readonly match: CohortMatch;
  turn: Turn | undefined;
  /** The share has something that waits. */
  enter(): void;
  /** It has nothing any more. */
  leave(): void;
  /** The first of the share may go before the one that was first. */
  rise(): void;
  /** Returns whether it stood where it belongs. */
  refresh(): boolean;
}

/** A party at a wait group. */
export interface Turn extends Ranked {
  readonly tab: Tab;
  readonly waitGroup: WaitGroup;
  readonly waitEntries: Heap<WaitEntry>;
}

/** A party at a cohort. Its rank is what it has had of it, by its weight. */
export interface Tab extends Ranked {
  readonly party: string;
  readonly namespace: string;
  weight: number;
  /** Live wait groups where it is the first, by the ranks of their first tasks. */
  readonly fronts: Heap<WaitGroup>;
  /** Those of them where others wait too: who is first there changes when this one has had a turn. */
  readonly shared: Set<WaitGroup>;
  /** At how many wait groups of the cohort it waits. */
  turns: number;
}

/** Those who wait at a cohort and ask the same of the one agent. Its rank is that of its first task. */
export interface WaitGroup extends Ranked {
  readonly cohort: Cohort;
  readonly fit: Fit;
  /** Shares in this group, waiting or not: without any it is forgotten. */
  waitEntries: number;
  /**
   * The owner of the wait group when a task here may find an agent: of the first namespace, as far as it is
   * known.
   */
  front: Tab | undefined;
  /** The agents that can have become fit since all were looked at. Undefined when all have to be. */
  narrow: Agent[] | undefined;
  /** Whether all agents of the cohort with room are fit. */
  readonly plain: boolean;
  /** Whether several namespaces wait. */
  readonly isShared: boolean;
  enter(stop: WaitEntry): void;
  leave(stop: WaitEntry): void;
  /** The first of a namespace may go before the one that was first. */
  settle(turn: Turn): void;
  /** The next turn. Undefined when no task waits. */
  first(): Turn | undefined;
}

/** Agents that are alike. */
export interface Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  /** Those that tasks look at. */
  readonly labels: Readonly<Record<string, string>>;
  readonly agents: ReadonlySet<Agent>;
  /** Those that may be given work now, in the order of the strategy. */
  readonly ready: Heap<Agent>;
  readonly matches: Set<CohortMatch>;
  /** Whether a task may find an agent. */
  readonly isLive: boolean;
  /** Who goes next, at whichever wait group. */
  next(): Turn | undefined;
  /** The first of a live wait group may go before the one that was first there. */
  rise(waitGroup: WaitGroup): void;
  /** Place among the cohorts that are to be matched. Below 0 when not. */
  place: number;
  waitGroupOf(fit: Fit): WaitGroup;
  forget(waitGroup: WaitGroup): void;
  tabOf(party: string): Tab;
  /** A party waits here that did not wait at any wait group, or at one more. */
  arrive(tab: Tab): void;
  depart(tab: Tab): void;
  /** A task of the party was given to an agent of this cohort. The weight is that of its namespace. */
  charge(party: string, weight: number): void;
  admit(agent: Agent): void;
  dismiss(agent: Agent): void;
  /** Returns its agents from the place of a key on, around the circle of all of them. */
  around(key: string): Iterable<string>;
  /** A task waits in a wait group, no task waits any more, or no ready agent is fit. */
  open(waitGroup: WaitGroup): void;
  shut(waitGroup: WaitGroup): void;
  putAside(waitGroup: WaitGroup): void;
  /** An agent has more room than before, or has come. */
  loosened(agent: Agent): void;
  /** Whether any agent is ready has changed. */
  changed(): void;
}

/** An agent of a pool, as long as one of its incarnations is there. */
export interface Agent extends Due, Ranked, AgentLoad, AgentStanding {
  identity: AgentIdentity;
  readonly agentId: string;
  link: Link | undefined;
  readonly offering: Offering;
  readonly offered: readonly Offered[];
  cohort: Cohort | undefined;
  readonly slots: number;
  /** How many at once, by what its busy answers have taught. Never more than its slots. */
  allowed: number;
  used: number;
  lastAssigned: number;
  slowness: number;
  /** Whether it may be given work, had it room. */
  readonly isAble: boolean;
  /** How many tasks it takes at once now. */
  readonly capacity: number;
  readonly hasRoom: boolean;
  readonly state: AgentState;
  freeOf(resource: string): number;
  totalOf(resource: string): number;
  /** What it offers is this from now on. Tasks that it has keep what they use. */
  offer(offering: Offering, offered: readonly Offered[]): void;
  /** Records its free resources, as the agent reports them. Other pools may use a part of them. */
  report(free: Readonly<Record<string, number>>): void;
  add(task: Task): void;
  remove(task: Task): void;
  tasks(): Iterable<Task>;
}

/** One link of an agent, as its tasks need it. */
export interface Link {
  readonly agentId: string;
  readonly agent: Agent;
  /** Whether it asks for each task, and need not be put to sleep. */
  readonly isPolled: boolean;
  /** What is to be sent in this turn. */
  readonly outgoing: HostFrame;
  /** A result of this link need not be kept any longer. */
  settle(number: number): void;
  flush(): void;
  /** The pool is done with it. With a goodbye where the agent may still hear one. */
  close(bye: Bye | undefined): void;
}

/** What tasks with the same key share. */
export interface Limit extends Due, LimitRoom {
  /** Returns how much one task takes that asks for this. */
  amountOf(demand: Demand): number;
  begin(nowMs: number, demand: Demand): void;
  /** Lets as many continue as there is room for. */
  wake(nowMs: number, go: (task: Task, nowMs: number) => void): void;
  end(hasBegun: boolean, demand: Demand): void;
  /** It is back when it was let continue, and the room was taken. */
  wait(task: Task, isBack: boolean): void;
  /** A task that waits here leaves for good. */
  leave(task: Task): void;
  /** The rank of one that waits here has changed. */
  move(task: Task): void;
  /** One that was let continue has been assigned, or has left, or waits again. */
  unwake(demand: Demand): void;
}
