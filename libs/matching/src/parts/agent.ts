/** Agents, alone and where they are alike. */
import type { AgentKind, AgentState, Bye, Hold, HostFrame, Offering } from "@tutti/contracts/agent/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Heap, Ranked } from "@tutti/kernel";
import type { Suspicion } from "../agents/suspicion.ts";
import type { AgentLoad } from "../strategies/strategy.ts";
import type { Due } from "../time/due.ts";
import type { Fit, Site } from "./demand.ts";
import type { Stand, Tab, Turn } from "./line.ts";
import type { Task } from "./task.ts";

/** A capability as agents offer it. */
export interface Offered {
  readonly name: string;
  readonly version: string;
  /** Its number in this pool, for assignments. */
  readonly number: number;
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
  readonly sites: Set<Site>;
  /** Whether somebody may find an agent. */
  readonly isLive: boolean;
  /** Who goes next, at whichever stand. */
  next(): Turn | undefined;
  /** The first of a live stand may go before the one that was first there. */
  rise(stand: Stand): void;
  /** Place among the cohorts that are to be matched; below 0 when not. */
  place: number;
  standOf(fit: Fit): Stand;
  forget(stand: Stand): void;
  tabOf(namespace: string): Tab;
  /** A namespace waits here that did not wait at any stand, or at one more. */
  arrive(tab: Tab): void;
  depart(tab: Tab): void;
  /** A task of the namespace was given to an agent of this cohort. */
  charge(namespace: string, weight: number): void;
  admit(agent: Agent): void;
  dismiss(agent: Agent): void;
  /** Its agents from the place of a key on, around the circle of all of them. */
  around(key: string): Iterable<string>;
  /** Somebody waits at a stand; nobody does any more; nobody who is ready is fit. */
  open(stand: Stand): void;
  shut(stand: Stand): void;
  putAside(stand: Stand): void;
  /** An agent has more room than before, or has come. */
  loosened(agent: Agent): void;
  /** Whether somebody is ready or not has changed. */
  changed(): void;
}

/** Who an agent is; it does not change while it is there. */
export interface AgentIdentity {
  readonly agentId: string;
  readonly incarnation: string;
  readonly kind: AgentKind;
  readonly host: string;
  readonly sdk: string;
  readonly launchId: string;
  readonly joinMs: number;
}

/** An agent of a pool, as long as one of its incarnations is there. */
export interface Agent extends Due, Ranked, AgentLoad {
  identity: AgentIdentity;
  readonly agentId: string;
  link: Link | undefined;
  readonly offering: Offering;
  readonly offered: readonly Offered[];
  cohort: Cohort | undefined;
  readonly slots: number;
  /** How many at once, by what its busy answers have taught; never more than its slots. */
  allowed: number;
  used: number;
  credit: number;
  lastAssigned: number;
  heardMs: number;
  readonly suspicion: Suspicion;
  slowness: number;
  /** What it is apart from being busy, suspect or held. */
  life: "active" | "draining" | "asleep";
  cut: boolean;
  silent: boolean;
  hold: Hold;
  holdReason: string;
  holdDueMs: number;
  /** Given nothing because it said that it is busy. */
  slowed: boolean;
  slowedDueMs: number;
  busyInRow: number;
  cutDueMs: number;
  drainDueMs: number;
  sleepDueMs: number;
  stateMs: number;
  stateReason: string;
  told: AgentState;
  toldHold: Hold;
  figures: HostFigures | undefined;
  completed: number;
  failed: number;
  refused: number;
  busyMs: number;
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
  /** What is left of its resources, as it says: what tasks of this pool do not use, others do. */
  report(free: Readonly<Record<string, number>>): void;
  add(task: Task): void;
  remove(task: Task): void;
  tasks(): Iterable<Task>;
}

/** One link of an agent, as its tasks need it. */
export interface Link {
  readonly agentId: string;
  readonly agent: Agent;
  /** What is to be sent in this turn. */
  readonly outgoing: HostFrame;
  /** A result of this link need not be kept any longer. */
  settle(number: number): void;
  flush(): void;
  /** The pool is done with it; with a goodbye where the agent may still hear one. */
  close(bye: Bye | undefined): void;
}
