/**
 * An agent of a pool, with its link and its cohort as the agent and its tasks need them. An agent counts its tasks and
 * does not know them: `Running` lists the tasks of each agent.
 */
import type { AgentKind, Bye, HostFrame, Offering } from "@tutti/contracts/agent/v1";
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Heap, Ranked } from "@tutti/kernel";
import type { Fit } from "../demand/requirements.ts";
import type { AgentLoad } from "../strategies/strategy.ts";
import { Due } from "../time/due.ts";
import { Breaker } from "./breaker.ts";
import { type Offered, type Pause, takesOf } from "./capabilities.ts";
import { Suspicion } from "./suspicion.ts";

/** Who an agent is. It does not change while it is there. */
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
  /** Whether it asks for each task, and need not be put to sleep. */
  readonly isPolled: boolean;
  /** Messages to send in this turn. */
  readonly outgoing: HostFrame;
  /** A result of this link need not be kept any longer. */
  settle(number: number): void;
  flush(): void;
  /** The pool is done with it. With a goodbye where the agent may still hear one. */
  close(bye: Bye | undefined): void;
}

/** Agents that are alike, as agents and tasks need them. Its queues are in `AgentCohort`. */
export interface Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  readonly agents: ReadonlySet<Agent>;
  /** Those that may be given work now, in the order of the strategy. */
  readonly ready: Heap<Agent>;
  admit(agent: Agent): void;
  dismiss(agent: Agent): void;
  /** An agent has more room than before, or has come. */
  loosened(agent: Agent): void;
  /** Whether any agent is ready has changed. */
  changed(): void;
  /** What tasks ask for that its agents can do. */
  readonly matches: ReadonlySet<{
    readonly demand: {
      readonly fit: Fit;
      readonly shares: Iterable<{ readonly size: number }>;
      readonly ganged: number;
    };
  }>;
  /** A task of the party was given to an agent of this cohort. The weight is that of its namespace. */
  charge(party: string, weight: number): void;
  /** Returns its agents from the place of a key on, around the circle of all of them. */
  around(key: string): Iterable<string>;
}

/** What an agent shares among its tasks, by name. */
interface Resource {
  readonly total: number;
  /** By tasks of this pool. */
  used: number;
  /** By others, as its last heartbeat said. */
  foreign: number;
}

export interface AgentWatch {
  /** Something about an agent is due. */
  due(agent: Agent, nowMs: number): void;
}

const never = Number.POSITIVE_INFINITY;

/**
 * An agent of a pool, as long as one of its incarnations is there.
 *
 * 1. `used` is the number of its tasks. Its used resources are the sum of the needs of these tasks, and of a gang that it
 *    holds slots for.
 * 2. It is among those of its cohort that are ready exactly when `hasRoom`.
 */
export class Agent extends Due implements Ranked, AgentLoad {
  readonly #watch: AgentWatch;
  identity: AgentIdentity;
  readonly agentId: string;
  rank = 0;
  order = 0;
  place = -1;
  /** Among those that have something to send in this turn. */
  link: Link | undefined = undefined;
  offering: Offering;
  offered: readonly Offered[] = [];
  /** What it offers and takes now: it may have paused a part. */
  takes: readonly Offered[] = [];
  /** By their patterns. */
  readonly pauses = new Map<string, Pause>();
  pausesDueMs = never;
  cohort: Cohort | undefined = undefined;
  slots = 1;
  /** How many at once, by what its busy answers have taught. Never more than its slots. */
  allowed = 1;
  used = 0;
  /** Free slots that are held for a gang. */
  kept = 0;
  credit = 0;
  lastAssigned = 0;
  heardMs: number;
  readonly suspicion = new Suspicion();
  slowness = 1;
  /** What it is apart from being busy, suspect or held. */
  life: "active" | "draining" | "asleep" = "active";
  /** Since when it has had nothing to do, while it has nothing to do. */
  idleSinceMs: number;
  /** Whether it is woken when there is something that it could do. */
  wakesByNeed = false;
  /** What it said when it fell asleep. */
  sleepReason = "";
  cut = false;
  silent = false;
  hold: Hold = Hold.HOLD_NONE;
  holdReason = "";
  holdDueMs = never;
  /** Given nothing because it said that it is busy. */
  slowed = false;
  slowedDueMs = never;
  busyInRow = 0;
  readonly breaker = new Breaker();
  cutDueMs = never;
  drainDueMs = never;
  sleepDueMs = never;
  stateMs: number;
  stateReason = "";
  reportedState: AgentState = AgentState.AGENT_STATE_UNSPECIFIED;
  /** Whether its state differs from the last report. It is checked later. */
  isNoted = false;
  reportedHold: Hold = Hold.HOLD_NONE;
  figures: HostFigures | undefined = undefined;
  completed = 0;
  failed = 0;
  refused = 0;
  busyMs = 0;
  #resources = new Map<string, Resource>();
  /** What it says that one use of a capability costs, by name. */
  #costs = new Map<string, number>();

  constructor(identity: AgentIdentity, offering: Offering, watch: AgentWatch) {
    super();
    this.#watch = watch;
    this.identity = identity;
    this.agentId = identity.agentId;
    this.offering = offering;
    this.heardMs = identity.joinMs;
    this.idleSinceMs = identity.joinMs;
    this.stateMs = identity.joinMs;
  }

  override run(nowMs: number): void {
    this.#watch.due(this, nowMs);
  }

  /** Whether it may be given work, had it room. */
  get isAble(): boolean {
    return this.life === "active" && !this.cut && !this.silent && this.hold === Hold.HOLD_NONE;
  }

  /** How many tasks it takes at once now. */
  get capacity(): number {
    return this.breaker.isOnTrial ? 1 : Math.min(this.slots, Math.max(1, Math.floor(this.allowed)));
  }

  get hasRoom(): boolean {
    return this.hasRoomFor(1);
  }

  /** Returns whether so many more tasks have room, besides the slots of a gang. */
  hasRoomFor(count: number): boolean {
    const { used, kept, capacity, credit, slowed } = this;
    return used + kept + count <= capacity && credit >= kept + count && !slowed && this.isAble;
  }

  get state(): AgentState {
    if (this.cut || this.silent) return AgentState.AGENT_STATE_SUSPECT;
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

  /** What it offers is this from now on. Tasks that it has keep what they use. */
  offer(offering: Offering, offered: readonly Offered[]): void {
    const before = this.#resources;
    this.offering = offering;
    this.offered = offered;
    this.takes = takesOf(offered, this.pauses);
    this.#costs = new Map(offering.capabilities.map(({ name, cost }) => [name, cost?.money ?? 0]));
    const slots = Math.max(1, offering.slots);
    // What its busy answers have taught holds for as many slots as it had then.
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
    for (const [name, left] of Object.entries(free)) {
      const resource = this.#resources.get(name);
      if (resource !== undefined) resource.foreign = Math.max(0, resource.total - resource.used - left);
    }
  }

  /** A task starts here that needs this. */
  occupy({ resources }: Fit): void {
    this.used++;
    this.#use(resources, 1);
  }

  /** A task that needs this is here no longer. */
  vacate({ resources }: Fit): void {
    this.used--;
    this.#use(resources, -1);
  }

  /** Holds a slot, and what a task needs, for a gang. */
  keep({ resources }: Fit): void {
    this.kept++;
    this.#use(resources, 1);
  }

  letGo({ resources }: Fit): void {
    this.kept--;
    this.#use(resources, -1);
  }

  #use(resources: Fit["resources"], sign: 1 | -1): void {
    for (const [name, amount] of resources) {
      const resource = this.#resources.get(name);
      if (resource !== undefined) resource.used += sign * amount;
    }
  }
}
