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

import { Heap } from "@tutti/kernel";
import type { Fit } from "../demand/wish.ts";
import type { Agent, Cohort, CohortMatch, Share, Tab, Turn, WaitEntry, WaitGroup } from "../parts.ts";
import { namespaceOf } from "./share.ts";

/** A party at a cohort. */
export class PartyTab implements Tab {
  readonly party: string;
  readonly namespace: string;
  weight = 1;
  readonly fronts = new Heap<WaitGroup>();
  readonly shared = new Set<WaitGroup>();
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
class PartyTurn implements Turn {
  readonly tab: Tab;
  readonly waitGroup: WaitGroup;
  readonly waitEntries = new Heap<WaitEntry>();
  rank = 0;
  order = 0;
  place = -1;

  constructor(tab: Tab, waitGroup: WaitGroup) {
    this.tab = tab;
    this.waitGroup = waitGroup;
  }
}

/** A share at a wait group. */
export class ShareStop implements WaitEntry {
  readonly share: Share;
  readonly match: CohortMatch;
  readonly #waitGroup: WaitGroup;
  turn: Turn | undefined = undefined;
  rank = 0;
  order = 0;
  place = -1;

  constructor(share: Share, match: CohortMatch, waitGroup: WaitGroup) {
    this.share = share;
    this.match = match;
    this.#waitGroup = waitGroup;
  }

  get waitGroup(): WaitGroup {
    return this.#waitGroup;
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

export class CohortWaitGroup implements WaitGroup {
  readonly cohort: Cohort;
  readonly fit: Fit;
  readonly #turns = new Heap<Turn>();
  readonly #byParty = new Map<string, Turn>();
  /** Shares in this group, waiting or not: without any it is forgotten. */
  waitEntries = 0;
  front: Tab | undefined = undefined;
  /** The agents that can have become fit since all were looked at. Undefined when all have to be. */
  narrow: Agent[] | undefined = undefined;
  rank = 0;
  order = 0;
  place = -1;

  constructor(cohort: Cohort, fit: Fit) {
    this.cohort = cohort;
    this.fit = fit;
  }

  get waiting(): boolean {
    return this.#turns.size > 0;
  }

  get isShared(): boolean {
    return this.#turns.size > 1;
  }

  /** Whether all agents of the cohort with room are fit. */
  get plain(): boolean {
    return this.fit.key === "";
  }

  enter(stop: WaitEntry): void {
    const turn = this.#turnOf(stop.share.party);
    stop.turn = turn;
    turn.waitEntries.add(stop);
    if (turn.waitEntries.size > 1) {
      this.settle(turn);
      return;
    }
    turn.tab.weight = turn.tab.turns === 0 ? stop.share.weight : turn.tab.weight;
    this.cohort.arrive(turn.tab);
    turn.rank = turn.tab.rank;
    turn.order = stop.rank;
    this.#turns.add(turn);
    if (this.#turns.size === 2) this.front?.shared.add(this);
    if (this.#turns.size === 1) this.cohort.open(this);
    // The one that was first may have had a turn since it was looked at.
    else if (this.first() === turn) this.cohort.rise(this);
  }

  leave(stop: WaitEntry): void {
    const { turn } = stop;
    if (turn === undefined) return;
    stop.turn = undefined;
    turn.waitEntries.remove(stop);
    if (turn.waitEntries.size > 0) return;
    this.#turns.remove(turn);
    this.#byParty.delete(turn.tab.party);
    this.cohort.depart(turn.tab);
    if (this.#turns.size === 1) this.front?.shared.delete(this);
    if (this.#turns.size === 0) this.cohort.shut(this);
    // It must not stand with a namespace that waits here no longer.
    else if (this.front === turn.tab) this.cohort.rise(this);
  }

  /** The first of a namespace may go before the one that was first. */
  settle(turn: Turn): void {
    const order = turn.waitEntries.first?.rank ?? 0;
    if (order >= turn.order) return;
    turn.order = order;
    this.#turns.move(turn);
    if (this.first() === turn) this.cohort.rise(this);
  }

  /** Who goes next. Undefined if no task waits. */
  first(): Turn | undefined {
    for (;;) {
      const turn = this.#turns.first;
      const stop = turn?.waitEntries.first;
      if (turn === undefined || stop === undefined) return undefined;
      if (!stop.refresh()) continue;
      if (turn.rank === turn.tab.rank && turn.order === stop.rank) return turn;
      turn.rank = turn.tab.rank;
      turn.order = stop.rank;
      this.#turns.move(turn);
      if (this.#turns.first === turn) return turn;
    }
  }

  #turnOf(party: string): Turn {
    let turn = this.#byParty.get(party);
    if (turn === undefined) {
      turn = new PartyTurn(this.cohort.tabOf(party), this);
      this.#byParty.set(party, turn);
    }
    return turn;
  }
}
