/**
 * The tasks of one party that ask for the same agents, in their order. A party is who takes turns: a namespace, or a
 * session of one.
 *
 * 1. A task's place is the moment it was ready, less a minute (the pool sets how much) per point of priority.
 *    Time does not change that order, so waiting tasks age without being touched.
 * 2. Profiles with a weight of their own have lanes of their own, which take turns by what they have had, as
 *    parties do. All others share one lane, where priority holds between them.
 */

import type { Share as OfferShare } from "@tutti/contracts/types/v1";
import { Heap, type Ranked } from "@tutti/kernel";
import type { CohortMatch } from "../demand/matches.ts";
import { Line, type Listed } from "./line.ts";

/** One line within a share. */
export class Lane<Task extends Listed> implements Ranked {
  readonly key: string;
  readonly weight: number;
  readonly tasks = new Line<Task>();
  /** What it has had, by its weight. */
  rank = 0;
  /** Where its first task stands. */
  order = 0;
  place = -1;

  constructor(key: string, weight: number) {
    this.key = key;
    this.weight = weight;
  }
}

const plainLane = "";

/** What a share needs of its tasks. */
interface Queued<Task extends Listed> extends Listed {
  lane: Lane<Task> | undefined;
  readonly profile: { readonly key: string; readonly weight: number };
}

/** What names the party of a task. */
interface PartyMember {
  readonly profile: { readonly namespace: string };
  readonly extras: { readonly share: OfferShare | undefined } | undefined;
}

/** A share at a wait group, as the share needs it. */
interface SharePlace {
  readonly match: CohortMatch;
  /** The share has something that waits. */
  enter(): void;
  /** It has nothing any more. */
  leave(): void;
  /** The first of the share may go before the one that was first. */
  rise(): void;
}

/** Who takes turns with others: a share of its namespace, or what has none. */
export function partyOf({ profile, extras }: PartyMember): string {
  const key = extras?.share?.key ?? "";
  return key === "" ? profile.namespace : `${profile.namespace}\n${key}`;
}

export function namespaceOf(party: string): string {
  const end = party.indexOf("\n");
  return end < 0 ? party : party.slice(0, end);
}

/** Returns how many turns it has to one of the other parties of its namespace. */
export function partyWeightOf({ extras }: Pick<PartyMember, "extras">): number {
  return extras?.share?.weight || 1;
}

/** The tasks of one party that ask for the same agents, in their order. */
export class Share<Task extends Queued<Task>> {
  /** Who takes turns: a namespace, or a session of one. See `partyOf`. */
  readonly party: string;
  /** How many turns it has to one of the other parties of its namespace. */
  weight = 1;
  /** Where it waits, one per cohort that will do. */
  readonly waitEntries: SharePlace[] = [];
  readonly #lanes = new Heap<Lane<Task>>();
  readonly #byKey = new Map<string, Lane<Task>>();
  /** What the lane had that went last: where others start. */
  #passed = 0;
  #size = 0;

  constructor(party: string) {
    this.party = party;
  }

  get size(): number {
    return this.#size;
  }

  get head(): Task | undefined {
    return this.#lanes.first?.tasks.first;
  }

  add(task: Task): void {
    const before = this.head;
    const lane = this.#laneOf(task);
    task.lane = lane;
    lane.tasks.add(task);
    this.#size++;
    if (lane.tasks.size === 1) {
      lane.rank = Math.max(lane.rank, this.#passed);
      lane.order = task.rank;
      this.#lanes.add(lane);
    } else this.#settle(lane);
    if (before === undefined) for (const entry of this.waitEntries) entry.enter();
    else this.#raiseEntries(before.rank);
  }

  remove(task: Task): void {
    const before = task.rank;
    const { lane } = task;
    if (lane === undefined) return;
    task.lane = undefined;
    lane.tasks.remove(task);
    this.#size--;
    if (lane.tasks.size > 0) this.#settle(lane);
    else {
      this.#lanes.remove(lane);
      if (lane.rank <= this.#passed) this.#byKey.delete(lane.key);
    }
    if (this.#size > 0) {
      // With one lane the next in line stands behind the one that has left.
      if (this.#byKey.size > 1) this.#raiseEntries(before);
      return;
    }
    this.#byKey.clear();
    this.#passed = 0;
    for (const entry of this.waitEntries) entry.leave();
  }

  /** A task goes to its agent, and its lane has had its turn. */
  grant(task: Task): void {
    const { lane } = task;
    if (lane !== undefined && this.#byKey.size > 1) {
      this.#passed = lane.rank;
      lane.rank += 1 / lane.weight;
      this.#lanes.move(lane);
    }
    this.remove(task);
  }

  /** The task's rank has changed. */
  move(task: Task): void {
    const { lane } = task;
    if (lane === undefined) return;
    lane.tasks.move(task);
    this.#settle(lane);
    for (const entry of this.waitEntries) entry.rise();
  }

  *tasks(): Generator<Task> {
    for (const lane of this.#byKey.values()) yield* lane.tasks.tasks();
  }

  #settle(lane: Lane<Task>): void {
    const order = lane.tasks.first?.rank ?? 0;
    if (order === lane.order) return;
    lane.order = order;
    if (this.#byKey.size > 1) this.#lanes.move(lane);
  }

  /** Wait entries have to know when the first goes before the one that was first. That it goes behind it they find out. */
  #raiseEntries(before: number): void {
    if ((this.head?.rank ?? before) < before) for (const entry of this.waitEntries) entry.rise();
  }

  #laneOf({ profile }: Task): Lane<Task> {
    const key = profile.weight === 1 ? plainLane : profile.key;
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      lane = new Lane(key, profile.weight);
      this.#byKey.set(key, lane);
    }
    return lane;
  }
}
