/** All that a pool consists of, for the parts that work on it together: who waits, who works, and what is kept of them. */
import type { AgentState, Bye, Heartbeat, Hold, Offering, Result } from "@tutti/contracts/agent/v1";
import type { OfferProfile } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail, KeyedLimit, LabelSelector } from "@tutti/contracts/types/v1";
import type { Chance, Refusal } from "@tutti/kernel";
import type { Offered } from "./agents/capabilities.ts";
import type { TurnedAwayAgents } from "./agents/turned-away.ts";
import type { HoldOrder, Launches, LimitRule, PoolSettings } from "./api/pool.ts";
import type { Affinity } from "./match/affinity.ts";
import type { LearnedTimes } from "./match/learned-times.ts";
import type { Ramp } from "./match/ramp.ts";
import type { OfferShelf } from "./offers/shelf.ts";
import type {
  Agent,
  Cohort,
  CohortMatch,
  Demand,
  Limit,
  Link,
  Profile,
  SenderSlot,
  SenderStream,
  SendersPool,
  Side,
  Task,
} from "./parts.ts";
import type { Placements } from "./placed/placements.ts";
import type { TokenTable } from "./task/token-table.ts";
import type { Wheel } from "./time/wheel.ts";

/** A token that an agent brought along and that no sender has offered yet. */
export interface Claim {
  readonly token: Uint8Array;
  readonly agent: Agent;
  answered: { readonly link: Link; readonly number: number; readonly result: Result } | undefined;
}

/** All that a pool consists of, for the parts that work on it together. */
export interface PoolCore extends SendersPool {
  readonly namespace: string;
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  readonly chance: Chance;
  readonly settings: PoolSettings;
  readonly wheel: Wheel;
  readonly tasks: TokenTable<Task>;
  readonly demands: DemandBook;
  readonly profiles: ProfileBook;
  readonly limits: LimitBook;
  /** Undefined while nothing is known of quotas and reservations. */
  readonly allotments: AllotmentBook | undefined;
  readonly claims: ClaimBook;
  readonly affinity: Affinity;
  readonly bound: BoundBook;
  readonly times: LearnedTimes;
  readonly roster: AgentBook;
  readonly turnedAway: Pick<TurnedAwayAgents, "able">;
  readonly readiness: ReadinessBook;
  readonly holds: HoldsBook;
  readonly senderSlots: Set<SenderSlot>;
  readonly matcher: Placing;
  readonly placements: Placements;
  /** Tasks running that have taken long enough for a second copy, and how many have one. */
  readonly stragglers: Task[];
  copies: number;
  /** Tasks that came to wait and may be more urgent than what runs. */
  readonly urgent: Task[];
  /** What tasks were offered with that wait. */
  readonly shelf: OfferShelf;
  /** Those with something to send in this turn. */
  readonly dirtyLinks: Link[];
  readonly dirtyStreams: SenderStream[];
  /** Tasks that wait, and that are running. */
  queued: number;
  working: number;
  /** Offers and assignments so far. */
  offered: number;
  assigned: number;
  /** Until when agents may bring along tokens that nobody knows. */
  readonly claimUntilMs: number;
  expire(task: Task, nowMs: number): void;
  weightOf(namespace: string): number;
  /** A task is looked at when its next time has come. */
  watch(task: Task): void;
  leaveSlot(task: Task): void;
  /** Nothing is known of a task any more. It waits nowhere, and nobody works on it. */
  forget(task: Task, nowMs: number): void;
  /** How an agent stands is told when it is otherwise than before. */
  tell(agent: Agent, after: AgentState, reason: string, atMs: number): void;
  /** An agent came, went, or changed its offering. */
  offersChanged(): void;
  /** One that is not there is held, or no longer. */
  tellAbsent(agentId: string, hold: Hold, reason: string, atMs: number): void;
  /** What whoever launches agents says of them. */
  readonly launches: Launches | undefined;
  startsPerSec(nowMs: number): number;
  /** How far it is after a pause. Undefined while it starts as many as it can. */
  readonly ramp: Ramp | undefined;
  /** Undefined while there are no hooks. */
  readonly hooks: HookBook | undefined;
}

/** Finds places for single tasks. */
export interface Placing {
  /** Somebody else who could do it now. */
  another(task: Task, than: Agent): { readonly agent: Agent; readonly match: CohortMatch } | undefined;
}

/** All demands and all cohorts. Demands that are given out are uses that have to be given back. */
export interface DemandBook {
  onLabels: () => void;
  readonly cohorts: Iterable<Cohort>;
  narrowed(demand: Demand, only: readonly string[], not: readonly string[]): Demand;
  /** The same on another side. */
  sided(demand: Demand, side: Side | undefined): Demand;
  giveBack(demand: Demand): void;
  fieldOf(capability: string): { readonly cohorts: ReadonlySet<Cohort> } | undefined;
  cohortOf(offered: readonly Offered[], labels: Readonly<Record<string, string>>): Cohort;
  forgetCohort(cohort: Cohort): void;
}

export interface ProfileBook {
  /** Each call is a use that has to be given back. */
  take(sent: OfferProfile, defaultNamespace: string): Profile;
  giveBack(profile: Profile): void;
}

/** The hooks of a pool running. */
export interface HookBook {
  /** Tasks that were denied, the last ones. */
  readonly denied: readonly Denied[];
  /** A task has come: whether hooks have a say before it may wait for an agent. */
  receives(task: Task): boolean;
  /** A task was given to an agent. */
  assigned(task: Task, nowMs: number): void;
  /** A task has its result: whether that is held until hooks had their say. */
  holds(task: Task, agentId: string, nowMs: number): boolean;
  /** A result counts. */
  counted(task: Task, agentId: string, nowMs: number): void;
  /** The time of a task that is held has come. */
  due(task: Task, nowMs: number): void;
  /** Nobody wants a task any more. */
  forget(task: Task): void;
  /** No hook holds a task any more. */
  release(task: Task): void;
}

/** A task that a hook denied. */
export interface Denied {
  readonly task: Task;
  readonly error: ErrorDetail;
  readonly atMs: number;
}

/** What quotas and reservations allow in a pool. */
export interface AllotmentBook {
  /** What a task counts against beside its keys. */
  of(task: Task): readonly Limit[];
  /** Undefined while nothing is set aside of agents with certain labels. */
  readonly areas: AreaBook | undefined;
}

/** What is set aside at agents with certain labels. */
export interface AreaBook {
  /** The labels of the agents of each. */
  readonly agents: readonly LabelSelector[];
  sideOf(task: Task): Side;
  /** A task is running at an agent. */
  begun(task: Task, agent: Agent, nowMs: number): void;
  /** It no longer is. */
  ended(task: Task): void;
}

/** The limits of a pool by key. */
export interface LimitBook {
  readonly limits: Iterable<Limit>;
  /** Those of quotas and reservations. */
  readonly allotted: Set<Limit>;
  readonly rules: ReadonlyMap<string, LimitRule>;
  /** Returns the limits of a task, which counts as one that uses them until they are given back. */
  take(brought: readonly KeyedLimit[], namespace: string): readonly Limit[] | Refusal;
  giveBack(limits: readonly Limit[], nowMs: number): void;
  /** Returns the first that has no room now. Undefined when all have. */
  fullOf(limits: readonly Limit[], nowMs: number, demand: Demand): Limit | undefined;
  /** An attempt starts that counts against it. */
  begin(limit: Limit, nowMs: number, demand: Demand): void;
  /** Lets those continue that there is room for, and looks again when the rate has more. */
  wake(limit: Limit, nowMs: number): void;
}

/** Tokens that agents brought along and that no sender has offered yet. */
export interface ClaimBook {
  readonly size: number;
  /** Of which no result has come. */
  readonly atWork: number;
  /** Returns whether there was room for it. */
  add(token: Uint8Array, agent: Agent, nowMs: number): boolean;
  /** Returns an offer bears the token. */
  take(token: Uint8Array): Claim | undefined;
  /** The agent's answer comes before the offer. False when it is not the agent's. */
  answer(agent: Agent, link: Link, number: number, result: Result): boolean;
  cancel(token: Uint8Array, reason: string, graceMs: number): boolean;
  /** An agent is gone, or says again what it has. */
  drop(agent: Agent): void;
}

/** Tasks that wait for the agent that did the last one with their key. */
export interface BoundBook {
  add(task: Task, agentId: string): void;
  remove(task: Task): void;
  /** A copy: they leave while one goes through them. */
  of(agentId: string): Task[];
}

/** The agents of a pool: who is there, and how each stands. */
export interface AgentBook {
  readonly agents: ReadonlyMap<string, Agent>;
  get(agentId: string): Agent | undefined;
  /** An agent goes, with a goodbye where its link can still carry one. */
  leave(agent: Agent, reason: string, bye: Bye | undefined, nowMs: number): void;
  heard(agent: Agent, nowMs: number): void;
  cut(agent: Agent, nowMs: number): void;
  resume(agent: Agent, nowMs: number): void;
  drains(agent: Agent, reason: string, deadlineMs: number, nowMs: number): void;
  sleeps(agent: Agent, reason: string, forMs: number, wakesByNeed: boolean, nowMs: number): void;
  wakes(agent: Agent, reason: string, nowMs: number): void;
  /** Those that sleep until they are needed. */
  readonly sleepers: ReadonlySet<Agent>;
  /** An agent said that it is busy: it is left alone for a while, and then given less at once. */
  slow(agent: Agent, retryAfterMs: number, nowMs: number): void;
  /** An agent has answered: what it was not allowed for being busy it gets back, bit by bit. */
  answered(agent: Agent, result: Result, capability: string, tookMs: number, nowMs: number): void;
  report(agent: Agent, heartbeat: Heartbeat, nowMs: number): void;
  /** Whether it may be given work, and how it stands, may be otherwise than before. */
  changed(agent: Agent, reason: string, nowMs: number): void;
}

/** What the agents of a pool offer, and who of them is ready. */
export interface ReadinessBook {
  offeringProblem(offering: Offering): string | undefined;
  /** What an agent that has joined offers. */
  offer(agent: Agent, offering: Offering): void;
  /** An agent offers something else than before. */
  reoffer(agent: Agent, offering: Offering): void;
  /** An agent is gone. */
  withdraw(agent: Agent): void;
  /** An agent with room that says it has the context. Undefined when none can do the task. */
  holderOf(contextKey: string, task: Task): Agent | undefined;
  /** An agent has more to do than before, or less credit. */
  loaded(agent: Agent): void;
  /** An agent may have more room than before. */
  loosened(agent: Agent): void;
}

/** Who is held. */
export interface HoldsBook {
  /** Those that are held until a person releases them, and are not there. */
  absent(): Iterable<{ readonly agentId: string; readonly order: HoldOrder }>;
  /** An agent has joined: what is kept of its id holds for it. */
  apply(agent: Agent, nowMs: number): void;
  /** The time of a hold may be over. */
  due(agent: Agent, nowMs: number): void;
  /** An attempt failed at an agent, by its answer or because its time was over. */
  failed(agent: Agent, capability: string, nowMs: number): void;
  /** One that comes and goes too quickly stays away for a while, each time longer. */
  flappingOf(agentId: string, nowMs: number): Refusal | undefined;
}
