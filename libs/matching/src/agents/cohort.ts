/**
 * Agents that are alike: they offer the same capabilities in the same versions, and no task that was offered tells their
 * labels apart. What waits for them waits once, however many there are.
 *
 * 1. `ready` has exactly the agents that may be given work now, in the order of the strategy.
 * 2. Stands are live, or put aside because nobody who is ready was fit. Each agent that gets more room is looked at for
 *    those that are put aside, so that none of them misses anybody.
 * 3. A live stand stands with the party that is its first: who has had a turn is looked at again wherever others wait
 *    beside it.
 */

import { assert, Heap } from "@tutti/kernel";
import { isFit } from "../demand/fit.ts";
import { Circle } from "../match/circle.ts";
import type { Agent, Cohort, Fit, Site, Stand, Tab, Turn } from "../parts.ts";
import { PartyTab, WaitingStand } from "../queue/stand.ts";
import type { Offered } from "./capabilities.ts";

/** Hears when there may be something to match in a cohort, and when not. */
export interface CohortWatch {
  update(cohort: Cohort): void;
}

/** Parties are only forgotten when there are so many more than those that wait. */
const tabsKept = 64;

export class AgentCohort implements Cohort {
  readonly key: string;
  readonly offered: readonly Offered[];
  /** Those that tasks look at. */
  readonly labels: Readonly<Record<string, string>>;
  readonly #agents = new Set<Agent>();
  /** Made when it is asked for, until somebody comes or goes. */
  #circle: Circle | undefined = undefined;
  readonly ready = new Heap<Agent>();
  readonly sites = new Set<Site>();
  /** Parties that are the first at some stand where somebody may find an agent. */
  readonly #turns = new Heap<Tab>();
  /** Place among the cohorts that are to be matched; below 0 when not. */
  place = -1;
  readonly #watch: CohortWatch;
  readonly #stands = new Map<string, Stand>();
  /** Stands with wishes of their own where somebody waits. */
  readonly #choosy = new Set<Stand>();
  /** The same where certain agents are wished for, by agent. */
  readonly #byAgent = new Map<string, Set<Stand>>();
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
      const stand = tab?.fronts.first;
      if (tab === undefined || stand === undefined) return undefined;
      const turn = stand.first();
      assert(turn !== undefined, "somebody waits at a live stand", { cohort: this.key, fit: stand.fit.key });
      if (turn.tab === tab && stand.rank === turn.order && tab.order === stand.rank) return turn;
      this.#file(stand, turn);
    }
  }

  rise(stand: Stand): void {
    if (stand.front !== undefined) this.#file(stand, stand.first());
  }

  standOf(fit: Fit): Stand {
    let stand = this.#stands.get(fit.key);
    if (stand === undefined) {
      stand = new WaitingStand(this, fit);
      this.#stands.set(fit.key, stand);
    }
    return stand;
  }

  forget(stand: Stand): void {
    if (stand.stops === 0) this.#stands.delete(stand.fit.key);
  }

  tabOf(party: string): Tab {
    let tab = this.#tabs.get(party);
    if (tab === undefined) {
      if (this.#tabs.size > tabsKept && this.#tabs.size > 2 * this.#waitingTabs) this.#forgetTabs();
      tab = new PartyTab(party);
      this.#tabs.set(party, tab);
    }
    return tab;
  }

  /** A party waits here that did not wait at any stand, or at one more. */
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
   * A task of the party was given to an agent of this cohort. The weight is that of its namespace, which the parties that wait
   * divide among them: many sessions have together what one has alone.
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
    if (tab.shared.size > 0) for (const stand of [...tab.shared]) this.rise(stand);
  }

  /** Somebody waits at a stand. */
  open(stand: Stand): void {
    if (!stand.plain) this.#listen(stand);
    this.#revive(stand);
  }

  /** Nobody waits there any more. */
  shut(stand: Stand): void {
    this.#putOut(stand);
    stand.narrow = undefined;
    if (stand.plain) return;
    this.#choosy.delete(stand);
    for (const agentId of stand.fit.only ?? []) {
      const stands = this.#byAgent.get(agentId);
      stands?.delete(stand);
      if (stands?.size === 0) this.#byAgent.delete(agentId);
    }
  }

  /** Nobody who is ready is fit. */
  putAside(stand: Stand): void {
    this.#putOut(stand);
    stand.narrow = [];
  }

  /** An agent has more room than before, or has come. */
  loosened(agent: Agent): void {
    if (this.#choosy.size > 0) for (const stand of this.#choosy) this.#offer(stand, agent);
    if (this.#byAgent.size > 0)
      for (const stand of this.#byAgent.get(agent.agentId) ?? []) this.#offer(stand, agent);
    this.#watch.update(this);
  }

  /** Whether somebody is ready or not has changed. */
  changed(): void {
    this.#watch.update(this);
  }

  #listen(stand: Stand): void {
    const { only } = stand.fit;
    if (only === undefined) {
      this.#choosy.add(stand);
      return;
    }
    for (const agentId of only) {
      const stands = this.#byAgent.get(agentId) ?? new Set();
      stands.add(stand);
      this.#byAgent.set(agentId, stands);
    }
  }

  #offer(stand: Stand, agent: Agent): void {
    const { narrow } = stand;
    if (narrow === undefined || !isFit(agent, stand.fit) || narrow.includes(agent)) return;
    narrow.push(agent);
    this.#revive(stand);
  }

  #revive(stand: Stand): void {
    if (stand.front !== undefined) return;
    this.#file(stand, stand.first());
    this.#watch.update(this);
  }

  #putOut(stand: Stand): void {
    const tab = stand.front;
    if (tab === undefined) return;
    this.#unfile(stand, tab);
    if (this.#turns.size === 0) this.#watch.update(this);
  }

  /** Puts a stand to the party that is its first by now. */
  #file(stand: Stand, turn: Turn | undefined): void {
    const before = stand.front;
    if (turn === undefined) return;
    const { tab } = turn;
    stand.rank = turn.order;
    if (before === tab) tab.fronts.move(stand);
    else {
      if (before !== undefined) this.#unfile(stand, before);
      stand.front = tab;
      tab.fronts.add(stand);
      if (stand.isShared) tab.shared.add(stand);
    }
    this.#settle(tab);
  }

  #unfile(stand: Stand, tab: Tab): void {
    stand.front = undefined;
    tab.fronts.remove(stand);
    tab.shared.delete(stand);
    this.#settle(tab);
  }

  /** Puts a party where its first stand belongs. */
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
