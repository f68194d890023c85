/**
 * Tasks that wait for a cohort, by their demand on the one agent. All tasks of a wait group have the same
 * demand. So when one of them finds no agent, none would, and the wait group is parked until an agent has
 * more room than before.
 *
 * 1. Parties (namespaces, and sessions of them) take turns by what they have had of the cohort. One that comes, or
 *    comes back, starts at the place of the last one that went: no sender saves up turns by staying away, and
 *    none has to
 *    make up for what it got while it was alone.
 * 2. Within a party the first by rank goes, with any demand.
 * 3. Ranks only grow while something waits, apart from what `rise` says: so the first is looked at, and put where it
 *    belongs by now, until it is there already. Nothing else has to be kept in order.
 */

import { Heap, type Ranked } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { CohortMatch, WaitGroup } from "../demand/matches.ts";
import type { Fit } from "../demand/requirements.ts";
import type { Task } from "../task/task.ts";
import { namespaceOf, type Share } from "./share.ts";

/** The cohort of a wait group, as the group needs it. */
interface GroupCohort {
  tabOf(party: string): Tab;
  /** A party waits here that did not wait at any wait group, or at one more. */
  arrive(tab: Tab): void;
  depart(tab: Tab): void;
  /** A task waits in a wait group, or no task waits any more. */
  open(waitGroup: CohortWaitGroup): void;
  shut(waitGroup: CohortWaitGroup): void;
  /** No ready agent is fit. */
  putAside(waitGroup: CohortWaitGroup): void;
  /** The first of a live wait group may go before the one that was first there. */
  rise(waitGroup: CohortWaitGroup): void;
}

/** A party at a cohort. Its rank is what it has had of it, by its weight. */
export class Tab implements Ranked {
  readonly party: string;
  readonly namespace: string;
  weight = 1;
  /** Live wait groups where it is the first, by the ranks of their first tasks. */
  readonly fronts = new Heap<CohortWaitGroup>();
  /** Those of them where others wait too: who is first there changes when this one has had a turn. */
  readonly shared = new Set<CohortWaitGroup>();
  rank = 0;
  order = 0;
  place = -1;
  /** At how many wait groups of the cohort it waits. */
  turns = 0;

  constructor(party: string) {
    this.party = party;
    this.namespace = namespaceOf(party);
  }
}

/** A party at a wait group. */
export class Turn implements Ranked {
  readonly tab: Tab;
  readonly waitGroup: CohortWaitGroup;
  readonly waitEntries = new Heap<WaitEntry>();
  rank = 0;
  order = 0;
  place = -1;

  constructor(tab: Tab, waitGroup: CohortWaitGroup) {
    this.tab = tab;
    this.waitGroup = waitGroup;
  }
}

/** A share at a wait group. */
export class WaitEntry implements Ranked {
  readonly share: Share<Task>;
  readonly match: CohortMatch;
  readonly #waitGroup: CohortWaitGroup;
  turn: Turn | undefined = undefined;
  rank = 0;
  order = 0;
  place = -1;

  constructor(share: Share<Task>, match: CohortMatch, waitGroup: CohortWaitGroup) {
    this.share = share;
    this.match = match;
    this.#waitGroup = waitGroup;
  }

  /** The share has something that waits. */
  enter(): void {
    this.#read();
    this.#waitGroup.enter(this);
  }

  /** It has nothing any more. */
  leave(): void {
    this.#waitGroup.leave(this);
  }

  /** The first of the share may go before the one that was first. */
  rise(): void {
    const { turn } = this;
    if (turn === undefined) return;
    this.#read();
    turn.waitEntries.move(this);
    this.#waitGroup.settle(turn);
  }

  /** Returns whether it stood where it belongs. */
  refresh(): boolean {
    const { rank, order } = this;
    this.#read();
    if (rank === this.rank && order === this.order) return true;
    this.turn?.waitEntries.move(this);
    return false;
  }

  #read(): void {
    const { head } = this.share;
    if (head === undefined) return;
    this.rank = head.rank;
    this.order = head.order;
  }
}

/** Those who wait at a cohort and ask the same of the one agent. Its rank is that of its first task. */
export class CohortWaitGroup implements WaitGroup, Ranked {
  readonly #cohort: GroupCohort;
  readonly fit: Fit;
  readonly #turns = new Heap<Turn>();
  readonly #byParty = new Map<string, Turn>();
  /** Shares in this group, waiting or not: without any it is forgotten. */
  waitEntries = 0;
  /** The owner of the wait group when a task here may find an agent: of the first namespace, as far as it is known. */
  front: Tab | undefined = undefined;
  /** The agents that can have become fit since all were looked at. Undefined when all have to be. */
  narrow: Agent[] | undefined = undefined;
  rank = 0;
  order = 0;
  place = -1;

  constructor(cohort: GroupCohort, fit: Fit) {
    this.#cohort = cohort;
    this.fit = fit;
  }

  get isLive(): boolean {
    return this.front !== undefined;
  }

  get isShared(): boolean {
    return this.#turns.size > 1;
  }

  /** Whether all agents of the cohort with room are fit. */
  get plain(): boolean {
    return this.fit.key === "";
  }

  enter(entry: WaitEntry): void {
    const turn = this.#turnOf(entry.share.party);
    entry.turn = turn;
    turn.waitEntries.add(entry);
    if (turn.waitEntries.size > 1) {
      this.settle(turn);
      return;
    }
    turn.tab.weight = turn.tab.turns === 0 ? entry.share.weight : turn.tab.weight;
    this.#cohort.arrive(turn.tab);
    turn.rank = turn.tab.rank;
    turn.order = entry.rank;
    this.#turns.add(turn);
    if (this.#turns.size === 2) this.front?.shared.add(this);
    if (this.#turns.size === 1) this.#cohort.open(this);
    // The one that was first may have had a turn since it was looked at.
    else if (this.first() === turn) this.#cohort.rise(this);
  }

  leave(entry: WaitEntry): void {
    const { turn } = entry;
    if (turn === undefined) return;
    entry.turn = undefined;
    turn.waitEntries.remove(entry);
    if (turn.waitEntries.size > 0) return;
    this.#turns.remove(turn);
    this.#byParty.delete(turn.tab.party);
    this.#cohort.depart(turn.tab);
    if (this.#turns.size === 1) this.front?.shared.delete(this);
    if (this.#turns.size === 0) this.#cohort.shut(this);
    // It must not stand with a namespace that waits here no longer.
    else if (this.front === turn.tab) this.#cohort.rise(this);
  }

  putAside(): void {
    this.#cohort.putAside(this);
  }

  /** The first of a namespace may go before the one that was first. */
  settle(turn: Turn): void {
    const order = turn.waitEntries.first?.rank ?? 0;
    if (order >= turn.order) return;
    turn.order = order;
    this.#turns.move(turn);
    if (this.first() === turn) this.#cohort.rise(this);
  }

  /** Who goes next. Undefined if no task waits. */
  first(): Turn | undefined {
    for (;;) {
      const turn = this.#turns.first;
      const entry = turn?.waitEntries.first;
      if (turn === undefined || entry === undefined) return undefined;
      if (!entry.refresh()) continue;
      if (turn.rank === turn.tab.rank && turn.order === entry.rank) return turn;
      turn.rank = turn.tab.rank;
      turn.order = entry.rank;
      this.#turns.move(turn);
      if (this.#turns.first === turn) return turn;
    }
  }

  #turnOf(party: string): Turn {
    let turn = this.#byParty.get(party);
    if (turn === undefined) {
      turn = new Turn(this.#cohort.tabOf(party), this);
      this.#byParty.set(party, turn);
    }
    return turn;
  }
}
