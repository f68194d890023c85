/**
 * An agent of a pool, with its link and its cohort as the agent and its tasks need them. An agent counts its tasks and
 * does not know them: `Running` lists the tasks of each agent.
 */
import {
  type AgentKind,
  AgentState,
  type Bye,
  Hold,
  type HostFrame,
  type Offering,
} from "@tutti/contracts/agent/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Heap, Ranked } from "@tutti/kernel";
import type { Fit } from "../demand/requirements.ts";
import type { AgentLoad } from "../strategies/strategy.ts";
import { Due } from "../time/due.ts";
import { Breaker } from "./breaker.ts";
import { acceptedOf, type Offered, type Pause } from "./capabilities.ts";
import { Suspicion } from "./suspicion.ts";

/** The identity of an agent. It does not change while the agent is present. */
export interface AgentIdentity {
  readonly agentId: string;
  readonly incarnation: string;
  readonly kind: AgentKind;
  readonly host: string;
  readonly sdk: string;
  readonly launchId: string;
  readonly joinMs: number;
}

/** One link of an agent, as its tasks need it. */
export interface Link {
  readonly agent: Agent;
  /** True if the agent requests each task. Such an agent need not be put to sleep. */
  readonly isPolled: boolean;
  /** Messages to send in this turn. */
  readonly outgoing: HostFrame;
  /** Marks a result of this link as settled: the agent need not keep it. */
  confirm(number: number): void;
  flush(): void;
  /** Ends the link for the pool, with a goodbye if the agent can still receive one. */
  close(bye: Bye | undefined): void;
}

/** Agents that are alike, as agents and tasks see them. The queues are in `AgentCohort`. */
export interface Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  readonly agents: ReadonlySet<Agent>;
  /** Agents that may be given work now, in the order of the strategy. */
  readonly ready: Heap<Agent>;
  admit(agent: Agent): void;
  dismiss(agent: Agent): void;
  /** Called when an agent has more room than before, or has joined. */
  roomGained(agent: Agent): void;
  /** Called when the cohort may have gained its first ready agent, or lost its last. */
  changed(): void;
  /** The demands of tasks that agents of this cohort satisfy. */
  readonly matches: ReadonlySet<{
    readonly demand: {
      readonly fit: Fit;
      readonly shares: Iterable<{ readonly size: number }>;
      readonly ganged: number;
    };
  }>;
  /** Charges the party for a task that an agent of this cohort was given, by the weight of its namespace. */
  charge(party: string, weight: number): void;
  /** Returns the agents from the place of a key on, around the whole circle. */
  around(key: string): Iterable<string>;
}

/** A resource that the tasks of an agent share. */
interface Resource {
  readonly total: number;
  /** The amount that tasks of this pool use. */
  used: number;
  /** The amount that others use, by the last heartbeat. */
  foreign: number;
}

export interface AgentWatch {
  /** Called when a time of an agent is due. */
  due(agent: Agent, nowMs: number): void;
}

const never = Number.POSITIVE_INFINITY;

/**
 * An agent of a pool, as long as one of its incarnations is present.
 *
 * 1. `used` is the number of its tasks. Its used resources are the sum of the needs of these tasks, and of a
 *    gang that it holds slots for.
 * 2. It is among the ready agents of its cohort exactly when `hasRoom`.
 */
export class Agent extends Due implements Ranked, AgentLoad {
  readonly #watch: AgentWatch;
  identity: AgentIdentity;
  readonly agentId: string;
  rank = 0;
  order = 0;
  place = -1;
  link: Link | undefined = undefined;
  offering: Offering;
  offered: readonly Offered[] = [];
  /** The capabilities that the agent accepts now. It may have paused some of its offered ones. */
  accepted: readonly Offered[] = [];
  /** Pauses by the pattern of their capabilities. */
  readonly pauses = new Map<string, Pause>();
  pausesDueMs = never;
  cohort: Cohort | undefined = undefined;
  slots = 1;
  /** Concurrency that the busy answers of the agent have taught. Never more than its slots. */
  allowed = 1;
  used = 0;
  /** Free slots that are held for a gang. */
  heldSlots = 0;
  credit = 0;
  lastAssigned = 0;
  lastSeenMs: number;
  readonly suspicion = new Suspicion();
  slowness = 1;
  /** The state apart from busy, suspect and held. */
  life: "active" | "draining" | "asleep" = "active";
  /** Start of the current idle time. */
  idleSinceMs: number;
  /** True if demand wakes the agent. */
  wakesOnDemand = false;
  /** The reason that it gave when it fell asleep. */
  sleepReason = "";
  isDisconnected = false;
  silent = false;
  hold: Hold = Hold.HOLD_NONE;
  holdReason = "";
  holdDueMs = never;
  /** True while the agent is given nothing because it answered busy. */
  slowed = false;
  slowedDueMs = never;
  busyInRow = 0;
  readonly breaker = new Breaker();
  reconnectDueMs = never;
  drainDueMs = never;
  sleepDueMs = never;
  stateMs: number;
  stateReason = "";
  reportedState: AgentState = AgentState.AGENT_STATE_UNSPECIFIED;
  /** Whether its state differs from the last report. It is checked later. */
  hasUnreportedState = false;
  reportedHold: Hold = Hold.HOLD_NONE;
  figures: HostFigures | undefined = undefined;
  completed = 0;
  failed = 0;
  refused = 0;
  busyMs = 0;
  tokens = 0;
  money = 0;
  #resources = new Map<string, Resource>();
  /** Reported cost of one use of a capability, by name. */
  #costs = new Map<string, number>();

  constructor(identity: AgentIdentity, offering: Offering, watch: AgentWatch) {
    super();
    this.#watch = watch;
    this.identity = identity;
    this.agentId = identity.agentId;
    this.offering = offering;
    this.lastSeenMs = identity.joinMs;
    this.idleSinceMs = identity.joinMs;
    this.stateMs = identity.joinMs;
  }

  override run(nowMs: number): void {
    this.#watch.due(this, nowMs);
  }

  /** True if the agent may be given work, apart from its room. */
  get isAble(): boolean {
    return this.life === "active" && !this.isDisconnected && !this.silent && this.hold === Hold.HOLD_NONE;
  }

  /** Current concurrency. */
  get capacity(): number {
    return this.breaker.isOnTrial ? 1 : Math.min(this.slots, Math.max(1, Math.floor(this.allowed)));
  }

  get hasRoom(): boolean {
    return this.hasRoomFor(1);
  }

  /** Returns whether there is room for `count` more tasks, apart from the slots kept for a gang. */
  hasRoomFor(count: number): boolean {
    const { used, heldSlots, capacity, credit, slowed } = this;
    return used + heldSlots + count <= capacity && credit >= heldSlots + count && !slowed && this.isAble;
  }

  get state(): AgentState {
    if (this.isDisconnected || this.silent) return AgentState.AGENT_STATE_SUSPECT;
    if (this.life === "draining") return AgentState.AGENT_STATE_DRAINING;
    if (this.life === "asleep") return AgentState.AGENT_STATE_ASLEEP;
    return this.used >= this.slots ? AgentState.AGENT_STATE_BUSY : AgentState.AGENT_STATE_READY;
  }

  costOf(capability: string): number {
    return this.#costs.get(capability) ?? 0;
  }

  freeOf(name: string): number {
    const resource = this.#resources.get(name);
    return resource === undefined ? 0 : resource.total - Math.max(resource.used, 0) - resource.foreign;
  }

  totalOf(name: string): number {
    return this.#resources.get(name)?.total ?? 0;
  }

  /** Replaces the offering. Running tasks keep what they use. */
  offer(offering: Offering, offered: readonly Offered[]): void {
    const before = this.#resources;
    this.offering = offering;
    this.offered = offered;
    this.accepted = acceptedOf(offered, this.pauses);
    this.#costs = new Map(offering.capabilities.map(({ name, cost }) => [name, cost?.money ?? 0]));
    const slots = Math.max(1, offering.slots);
    // The learned concurrency is valid only for the number of slots that it was learned with.
    if (slots !== this.slots) this.allowed = slots;
    this.slots = slots;
    this.#resources = new Map(
      Object.entries(offering.resources).map(([name, total]) => {
        const { used = 0, foreign = 0 } = before.get(name) ?? {};
        return [name, { total, used, foreign }];
      }),
    );
  }

  /** Records its free resources, as the agent reports them. Other pools may use a part of them. */
  report(free: Readonly<Record<string, number>>): void {
    for (const [name, remaining] of Object.entries(free)) {
      const resource = this.#resources.get(name);
      if (resource !== undefined) resource.foreign = Math.max(0, resource.total - resource.used - remaining);
    }
  }

  /** Takes a slot and resources for a task that starts here. */
  occupy({ resources }: Fit): void {
    this.used++;
    this.#use(resources, 1);
  }

  /** Gives back the slot and resources of a task that has left. */
  vacate({ resources }: Fit): void {
    this.used--;
    this.#use(resources, -1);
  }

  /** Holds a slot, and what a task needs, for a gang. */
  holdSlot({ resources }: Fit): void {
    this.heldSlots++;
    this.#use(resources, 1);
  }

  releaseSlot({ resources }: Fit): void {
    this.heldSlots--;
    this.#use(resources, -1);
  }

  #use(resources: Fit["resources"], sign: 1 | -1): void {
    for (const [name, amount] of resources) {
      const resource = this.#resources.get(name);
      if (resource !== undefined) resource.used += sign * amount;
    }
  }
}
