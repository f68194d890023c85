/**
 * Tasks that wait for a cohort, by their demand on the one agent. All tasks of a wait group have the same
 * demand. So if one of them finds no agent, none would: the group is parked until an agent has more room.
 *
 * 1. Parties (namespaces, and sessions of them) take turns by their use of the cohort. A party that joins or
 *    returns starts at the rank of the party that was served last. So no sender saves up turns by staying
 *    away, and none is charged for its use while it was alone.
 * 2. Within a party the first task by rank goes, with any demand.
 * 3. Ranks only grow while something waits, except if `rise` is called. So only the first entry is checked
 *    and moved to its present place, until it is already there.
 */

import { Heap, type Ranked } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { CohortMatch, WaitGroup } from "../demand/matches.ts";
import type { Fit } from "../demand/requirements.ts";
import type { Task } from "../task/task.ts";
import { namespaceOf, type Share } from "./share.ts";

/** The cohort of a wait group, as the group sees it. */
interface GroupCohort {
  tabOf(party: string): Tab;
  /** Records that a party waits at one more wait group. */
  arrive(tab: Tab): void;
  depart(tab: Tab): void;
  /** Called when the first task waits in a wait group, and when no task waits any more. */
  open(waitGroup: CohortWaitGroup): void;
  shut(waitGroup: CohortWaitGroup): void;
  /** Parks a wait group for which no ready agent is fit. */
  park(waitGroup: CohortWaitGroup): void;
  /** Called when another party may be first in a live wait group. */
  updateFront(waitGroup: CohortWaitGroup): void;
}

/** A party at a cohort. Its rank is its use of the cohort, by its weight. */
export class Tab implements Ranked {
  readonly party: string;
  readonly namespace: string;
  weight = 1;
  /** Live wait groups where the party is first, by the ranks of their first tasks. */
  readonly fronts = new Heap<CohortWaitGroup>();
  /** Those of these groups where others wait too: a turn of this party changes their first party. */
  readonly shared = new Set<CohortWaitGroup>();
  rank = 0;
  order = 0;
  place = -1;
  /** Number of wait groups of the cohort where the party waits. */
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

  /** Called when the share has its first waiting task. */
  enter(): void {
    this.#read();
    this.#waitGroup.enter(this);
  }

  /** Called when the share has no waiting task any more. */
  leave(): void {
    this.#waitGroup.leave(this);
  }

  /** Called when another task of the share is first, with a lower rank. */
  updateFirst(): void {
    const { turn } = this;
    if (turn === undefined) return;
    this.#read();
    turn.waitEntries.move(this);
    this.#waitGroup.reorder(turn);
  }

  /** Updates the rank. Returns whether the entry was already in its place. */
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

/** Tasks that wait at a cohort with the same demand on the one agent. Its rank is that of its first task. */
export class CohortWaitGroup implements WaitGroup, Ranked {
  readonly #cohort: GroupCohort;
  readonly fit: Fit;
  readonly #turns = new Heap<Turn>();
  readonly #byParty = new Map<string, Turn>();
  /** Shares in this group, waiting or not. At 0 the group is forgotten. */
  waitEntries = 0;
  /** The first party, as far as it is known, if a task here may find an agent. */
  front: Tab | undefined = undefined;
  /** Agents that may have become fit since all were checked. Undefined if all have to be checked. */
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
      this.reorder(turn);
      return;
    }
    turn.tab.weight = turn.tab.turns === 0 ? entry.share.weight : turn.tab.weight;
    this.#cohort.arrive(turn.tab);
    turn.rank = turn.tab.rank;
    turn.order = entry.rank;
    this.#turns.add(turn);
    if (this.#turns.size === 2) this.front?.shared.add(this);
    if (this.#turns.size === 1) this.#cohort.open(this);
    // The first party may have had a turn since the last check.
    else if (this.first() === turn) this.#cohort.updateFront(this);
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
    // The group must not stay listed with a party that no longer waits here.
    else if (this.front === turn.tab) this.#cohort.updateFront(this);
  }

  park(): void {
    this.#cohort.park(this);
  }

  /** Updates the order of a party after its first task has changed. */
  reorder(turn: Turn): void {
    const order = turn.waitEntries.first?.rank ?? 0;
    if (order >= turn.order) return;
    turn.order = order;
    this.#turns.move(turn);
    if (this.first() === turn) this.#cohort.updateFront(this);
  }

  /** Returns the party that goes next. Undefined if no task waits. */
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
