/**
 * Agents that are alike: they offer the same capabilities in the same versions, and no offered task
 * distinguishes their labels. A task waits once for all of them, however many there are.
 *
 * 1. `ready` has exactly the agents that may be given work now, in the order of the strategy.
 * 2. Wait groups are live, or parked because no ready agent was fit. Each agent that gets more room is
 *    checked against the parked groups, so that none of them misses an agent.
 * 3. A live wait group stays with the party that is its first: after a turn it is checked again if other
 *    parties wait too.
 */

import { assert, Heap, stableHash } from "@tutti/kernel";
import { isFit } from "../demand/fit.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { Fit } from "../demand/requirements.ts";
import { CohortWaitGroup, Tab, type Turn } from "../queue/wait-group.ts";
import type { Agent, Cohort } from "./agent.ts";
import type { Offered } from "./capabilities.ts";

/** Hears when there may be something to match in a cohort, and when not. */
export interface CohortWatch {
  update(cohort: AgentCohort): void;
}

/** Parties are only forgotten when there are so many more than those that wait. */
const tabsKept = 64;

export class AgentCohort implements Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  /** Those that tasks look at. */
  readonly labels: Readonly<Record<string, string>>;
  readonly #agents = new Set<Agent>();
  /** Made when it is asked for, until an agent comes or goes. */
  #circle: Circle | undefined = undefined;
  readonly ready = new Heap<Agent>();
  readonly matches = new Set<CohortMatch>();
  /** Parties that are the first at some wait group where a task may find an agent. */
  readonly #turns = new Heap<Tab>();
  /** Place among the cohorts that are to be matched. Below 0 when not. */
  place = -1;
  readonly #watch: CohortWatch;
  readonly #waitGroups = new Map<string, CohortWaitGroup>();
  /** Stands with wishes of their own where a task waits. */
  readonly #choosy = new Set<CohortWaitGroup>();
  /** The same where certain agents are wished for, by agent. */
  readonly #byAgent = new Map<string, Set<CohortWaitGroup>>();
  readonly #tabs = new Map<string, Tab>();
  #waitingTabs = 0;
  /** How many parties of a namespace wait here, and what they weigh together. */
  readonly #households = new Map<string, { parties: number; weight: number }>();
  /** What the party had that went last. */
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

  rise(waitGroup: CohortWaitGroup): void {
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

  forget(waitGroup: CohortWaitGroup): void {
    if (waitGroup.waitEntries === 0) this.#waitGroups.delete(waitGroup.fit.key);
  }

  tabOf(party: string): Tab {
    let tab = this.#tabs.get(party);
    if (tab === undefined) {
      if (this.#tabs.size > tabsKept && this.#tabs.size > 2 * this.#waitingTabs) this.#forgetTabs();
      tab = new Tab(party);
      this.#tabs.set(party, tab);
    }
    return tab;
  }

  /** A party waits here that did not wait at any wait group, or at one more. */
  arrive(tab: Tab): void {
    if (tab.turns++ > 0) return;
    this.#waitingTabs++;
    tab.rank = Math.max(tab.rank, this.#passed);
    const household = this.#households.get(tab.namespace);
    if (household === undefined) this.#households.set(tab.namespace, { parties: 1, weight: tab.weight });
    else {
      household.parties++;
      household.weight += tab.weight;
    }
  }

  depart(tab: Tab): void {
    if (--tab.turns > 0) return;
    this.#waitingTabs--;
    const household = this.#households.get(tab.namespace);
    if (household === undefined) return;
    household.weight -= tab.weight;
    if (--household.parties === 0) this.#households.delete(tab.namespace);
  }

  /**
   * A task of the party was given to an agent of this cohort. The weight is that of its namespace, which the parties
   * that wait divide among them: many sessions have together what one has alone.
   */
  charge(party: string, weight: number): void {
    const tab = this.tabOf(party);
    // It may have waited elsewhere alone.
    if (tab.turns === 0) tab.rank = Math.max(tab.rank, this.#passed);
    this.#passed = Math.max(this.#passed, tab.rank);
    const household = this.#households.get(tab.namespace);
    tab.rank += Math.max(1, (household?.weight ?? 0) / tab.weight) / weight;
    if (tab.place < 0) return;
    this.#turns.move(tab);
    if (tab.shared.size > 0) for (const waitGroup of [...tab.shared]) this.rise(waitGroup);
  }

  /** A task waits at a wait group. */
  open(waitGroup: CohortWaitGroup): void {
    if (!waitGroup.plain) this.#listen(waitGroup);
    this.#revive(waitGroup);
  }

  /** No task waits there any more. */
  shut(waitGroup: CohortWaitGroup): void {
    this.#putOut(waitGroup);
    waitGroup.narrow = undefined;
    if (waitGroup.plain) return;
    this.#choosy.delete(waitGroup);
    for (const agentId of waitGroup.fit.only ?? []) {
      const waitGroups = this.#byAgent.get(agentId);
      waitGroups?.delete(waitGroup);
      if (waitGroups?.size === 0) this.#byAgent.delete(agentId);
    }
  }

  /** No ready agent is fit for a wait group. */
  putAside(waitGroup: CohortWaitGroup): void {
    this.#putOut(waitGroup);
    waitGroup.narrow = [];
  }

  /** An agent has more room than before, or has come. */
  loosened(agent: Agent): void {
    if (this.#choosy.size > 0) for (const waitGroup of this.#choosy) this.#offer(waitGroup, agent);
    if (this.#byAgent.size > 0)
      for (const waitGroup of this.#byAgent.get(agent.agentId) ?? []) this.#offer(waitGroup, agent);
    this.#watch.update(this);
  }

  /** Whether an agent is ready has changed. */
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

  #putOut(waitGroup: CohortWaitGroup): void {
    const tab = waitGroup.front;
    if (tab === undefined) return;
    this.#unfile(waitGroup, tab);
    if (this.#turns.size === 0) this.#watch.update(this);
  }

  /** Puts a wait group to the party that is its first by now. */
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
    this.#settle(tab);
  }

  #unfile(waitGroup: CohortWaitGroup, tab: Tab): void {
    waitGroup.front = undefined;
    tab.fronts.remove(waitGroup);
    tab.shared.delete(waitGroup);
    this.#settle(tab);
  }

  /** Puts a party where its first wait group belongs. */
  #settle(tab: Tab): void {
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
 * Agents on a circle: each has several places, by hashes of its name, and a key belongs to the agent whose place is the
 * next one after the key's. When an agent comes or goes, only the keys before its own places move.
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
    // By name where hashes are the same, so that every pool has the same circle.
    all.sort((one, other) => one.at - other.at || (one.agentId < other.agentId ? -1 : 1));
    this.#places = Uint32Array.from(all, ({ at }) => at);
    this.#agentIds = all.map(({ agentId }) => agentId);
  }

  /** The agents from the key's place on, each as often as it has places. */
  *from(key: string): Generator<string> {
    const { length } = this.#places;
    const first = this.#placeAfter(stableHash(key));
    for (let step = 0; step < length; step++) yield this.#agentIds[(first + step) % length] ?? "";
  }

  #placeAfter(wanted: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
