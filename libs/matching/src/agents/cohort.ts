/**
 * Agents that are alike: they offer the same capabilities in the same versions, and no offered task
 * distinguishes their labels. A task waits once for the whole cohort.
 *
 * 1. `ready` contains exactly the agents that may be given work now, in the order of the strategy.
 * 2. Wait groups are live, or parked because no ready agent was fit. Each agent that gets more room is
 *    checked against the parked groups, so that no group misses an agent.
 * 3. A live wait group is listed with its first party. After that party has had a turn, the group is checked
 *    again if other parties wait too.
 */

import { assert, Heap, stableHash } from "@tutti/kernel";
import { isFit } from "../demand/fit.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { Fit } from "../demand/requirements.ts";
import { CohortWaitGroup, Tab, type Turn } from "../queue/wait-group.ts";
import type { Agent, Cohort } from "./agent.ts";
import type { Offered } from "./capabilities.ts";

/** Notified when a cohort may have something to match, and when it has nothing. */
export interface CohortWatch {
  update(cohort: AgentCohort): void;
}

/** Parties that no longer wait are forgotten only above this number. */
const idleTabsMax = 64;

export class AgentCohort implements Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  /** The labels that demands of tasks read. */
  readonly labels: Readonly<Record<string, string>>;
  readonly #agents = new Set<Agent>();
  /** Built on first use, and dropped when an agent joins or leaves. */
  #circle: Circle | undefined = undefined;
  readonly ready = new Heap<Agent>();
  readonly matches = new Set<CohortMatch>();
  /** Parties that are first at a wait group where a task may find an agent. */
  readonly #turns = new Heap<Tab>();
  /** Place among the cohorts that are matched next. Below 0 if not listed. */
  place = -1;
  readonly #watch: CohortWatch;
  readonly #waitGroups = new Map<string, CohortWaitGroup>();
  /** Wait groups with a demand on the one agent. */
  readonly #choosy = new Set<CohortWaitGroup>();
  /** The same for wait groups that name certain agents, by agent. */
  readonly #byAgent = new Map<string, Set<CohortWaitGroup>>();
  readonly #tabs = new Map<string, Tab>();
  #waitingTabs = 0;
  /** Number of waiting parties of a namespace, and the sum of their weights. */
  readonly #waitingByNamespace = new Map<string, { parties: number; weight: number }>();
  /** Rank of the party that was served last. */
  #passed = 0;

  constructor(
    key: string,
    offered: readonly Offered[],
    labels: Readonly<Record<string, string>>,
    watch: CohortWatch,
  ) {
    this.key = key;
    this.offered = offered;
    this.labels = labels;
    this.#watch = watch;
  }

  get agents(): ReadonlySet<Agent> {
    return this.#agents;
  }

  admit(agent: Agent): void {
    this.#agents.add(agent);
    this.#circle = undefined;
  }

  dismiss(agent: Agent): void {
    this.#agents.delete(agent);
    this.#circle = undefined;
  }

  around(key: string): Iterable<string> {
    this.#circle ??= new Circle([...this.#agents].map(({ agentId }) => agentId));
    return this.#circle.from(key);
  }

  get isLive(): boolean {
    return this.#turns.size > 0;
  }

  next(): Turn | undefined {
    for (;;) {
      const tab = this.#turns.first;
      const waitGroup = tab?.fronts.first;
      if (tab === undefined || waitGroup === undefined) return undefined;
      const turn = waitGroup.first();
      assert(turn !== undefined, "a task waits in a live wait group", {
        cohort: this.key,
        fit: waitGroup.fit.key,
      });
      if (turn.tab === tab && waitGroup.rank === turn.order && tab.order === waitGroup.rank) return turn;
      this.#file(waitGroup, turn);
    }
  }

  updateFront(waitGroup: CohortWaitGroup): void {
    if (waitGroup.front !== undefined) this.#file(waitGroup, waitGroup.first());
  }

  waitGroupOf(fit: Fit): CohortWaitGroup {
    let waitGroup = this.#waitGroups.get(fit.key);
    if (waitGroup === undefined) {
      waitGroup = new CohortWaitGroup(this, fit);
      this.#waitGroups.set(fit.key, waitGroup);
    }
    return waitGroup;
  }

  removeIfEmpty(waitGroup: CohortWaitGroup): void {
    if (waitGroup.waitEntries === 0) this.#waitGroups.delete(waitGroup.fit.key);
  }

  tabOf(party: string): Tab {
    let tab = this.#tabs.get(party);
    if (tab === undefined) {
      if (this.#tabs.size > idleTabsMax && this.#tabs.size > 2 * this.#waitingTabs) this.#forgetTabs();
      tab = new Tab(party);
      this.#tabs.set(party, tab);
    }
    return tab;
  }

  /** Records that a party waits at one more wait group. */
  arrive(tab: Tab): void {
    if (tab.turns++ > 0) return;
    this.#waitingTabs++;
    tab.rank = Math.max(tab.rank, this.#passed);
    const waiting = this.#waitingByNamespace.get(tab.namespace);
    if (waiting === undefined)
      this.#waitingByNamespace.set(tab.namespace, { parties: 1, weight: tab.weight });
    else {
      waiting.parties++;
      waiting.weight += tab.weight;
    }
  }

  depart(tab: Tab): void {
    if (--tab.turns > 0) return;
    this.#waitingTabs--;
    const waiting = this.#waitingByNamespace.get(tab.namespace);
    if (waiting === undefined) return;
    waiting.weight -= tab.weight;
    if (--waiting.parties === 0) this.#waitingByNamespace.delete(tab.namespace);
  }

  /**
   * Charges a party for a task that an agent of this cohort was given. The waiting parties of a namespace
   * divide its weight among them: many sessions get together as much as one gets alone.
   */
  charge(party: string, weight: number): void {
    const tab = this.tabOf(party);
    // The party may have waited only at other cohorts.
    if (tab.turns === 0) tab.rank = Math.max(tab.rank, this.#passed);
    this.#passed = Math.max(this.#passed, tab.rank);
    const waiting = this.#waitingByNamespace.get(tab.namespace);
    tab.rank += Math.max(1, (waiting?.weight ?? 0) / tab.weight) / weight;
    if (tab.place < 0) return;
    this.#turns.move(tab);
    if (tab.shared.size > 0) for (const waitGroup of [...tab.shared]) this.updateFront(waitGroup);
  }

  /** Called when a task waits at a wait group. */
  open(waitGroup: CohortWaitGroup): void {
    if (!waitGroup.plain) this.#listen(waitGroup);
    this.#revive(waitGroup);
  }

  /** Called when no task waits at the group any more. */
  shut(waitGroup: CohortWaitGroup): void {
    this.#deactivate(waitGroup);
    waitGroup.narrow = undefined;
    if (waitGroup.plain) return;
    this.#choosy.delete(waitGroup);
    for (const agentId of waitGroup.fit.only ?? []) {
      const waitGroups = this.#byAgent.get(agentId);
      waitGroups?.delete(waitGroup);
      if (waitGroups?.size === 0) this.#byAgent.delete(agentId);
    }
  }

  /** Parks a wait group for which no ready agent is fit. */
  park(waitGroup: CohortWaitGroup): void {
    this.#deactivate(waitGroup);
    waitGroup.narrow = [];
  }

  /** Called when an agent has more room than before, or has joined. */
  roomGained(agent: Agent): void {
    if (this.#choosy.size > 0) for (const waitGroup of this.#choosy) this.#offer(waitGroup, agent);
    if (this.#byAgent.size > 0)
      for (const waitGroup of this.#byAgent.get(agent.agentId) ?? []) this.#offer(waitGroup, agent);
    this.#watch.update(this);
  }

  /** Called when an agent has become ready or is no longer ready. */
  changed(): void {
    this.#watch.update(this);
  }

  #listen(waitGroup: CohortWaitGroup): void {
    const { only } = waitGroup.fit;
    if (only === undefined) {
      this.#choosy.add(waitGroup);
      return;
    }
    for (const agentId of only) {
      const waitGroups = this.#byAgent.get(agentId) ?? new Set();
      waitGroups.add(waitGroup);
      this.#byAgent.set(agentId, waitGroups);
    }
  }

  #offer(waitGroup: CohortWaitGroup, agent: Agent): void {
    const { narrow } = waitGroup;
    if (narrow === undefined || !isFit(agent, waitGroup.fit) || narrow.includes(agent)) return;
    narrow.push(agent);
    this.#revive(waitGroup);
  }

  #revive(waitGroup: CohortWaitGroup): void {
    if (waitGroup.front !== undefined) return;
    this.#file(waitGroup, waitGroup.first());
    this.#watch.update(this);
  }

  #deactivate(waitGroup: CohortWaitGroup): void {
    const tab = waitGroup.front;
    if (tab === undefined) return;
    this.#unfile(waitGroup, tab);
    if (this.#turns.size === 0) this.#watch.update(this);
  }

  /** Lists a wait group with the party that is its first now. */
  #file(waitGroup: CohortWaitGroup, turn: Turn | undefined): void {
    const before = waitGroup.front;
    if (turn === undefined) return;
    const { tab } = turn;
    waitGroup.rank = turn.order;
    if (before === tab) tab.fronts.move(waitGroup);
    else {
      if (before !== undefined) this.#unfile(waitGroup, before);
      waitGroup.front = tab;
      tab.fronts.add(waitGroup);
      if (waitGroup.isShared) tab.shared.add(waitGroup);
    }
    this.#reorder(tab);
  }

  #unfile(waitGroup: CohortWaitGroup, tab: Tab): void {
    waitGroup.front = undefined;
    tab.fronts.remove(waitGroup);
    tab.shared.delete(waitGroup);
    this.#reorder(tab);
  }

  /** Sorts a party by its first wait group. */
  #reorder(tab: Tab): void {
    const { first } = tab.fronts;
    if (first === undefined) {
      if (tab.place >= 0) this.#turns.remove(tab);
      return;
    }
    tab.order = first.rank;
    if (tab.place >= 0) this.#turns.move(tab);
    else this.#turns.add(tab);
  }

  #forgetTabs(): void {
    for (const [party, tab] of this.#tabs)
      if (tab.turns === 0 && tab.rank <= this.#passed) this.#tabs.delete(party);
  }
}

const placesPerAgent = 64;

/**
 * Agents on a circle: each has several places, by hashes of its name, and a key belongs to the agent with the
 * next place after it. When an agent comes or goes, only the keys before its own places move.
 */
class Circle {
  readonly #places: Uint32Array;
  readonly #agentIds: readonly string[];

  constructor(agentIds: readonly string[]) {
    const all = agentIds.flatMap((agentId) =>
      Array.from({ length: placesPerAgent }, (_, number) => ({
        agentId,
        at: stableHash(agentId, String(number)),
      })),
    );
    // Equal hashes are ordered by name, so that every pool has the same circle.
    all.sort((one, other) => one.at - other.at || (one.agentId < other.agentId ? -1 : 1));
    this.#places = Uint32Array.from(all, ({ at }) => at);
    this.#agentIds = all.map(({ agentId }) => agentId);
  }

  /** Yields the agents from the place of the key on, each as often as it has places. */
  *from(key: string): Generator<string> {
    const { length } = this.#places;
    const first = this.#placeAfter(stableHash(key));
    for (let step = 0; step < length; step++) yield this.#agentIds[(first + step) % length] ?? "";
  }

  #placeAfter(hash: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
