/**
 * The tasks of one party with the same demand, in their order. A party takes turns with others: a namespace,
 * or a session of one.
 *
 * 1. A task's place is the time when it was ready, less one minute per point of priority (a setting of the
 *    pool). Time does not change that order, so waiting tasks age without being touched.
 * 2. Profiles with a weight of their own have lanes of their own. These take turns by weight, as parties do.
 *    All others share one lane, where priority holds between them.
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
  /** Number of its turns, by its weight. */
  rank = 0;
  /** Order of its first task. */
  order = 0;
  place = -1;

  constructor(key: string, weight: number) {
    this.key = key;
    this.weight = weight;
  }
}

const plainLane = "";

/** A task, as its share sees it. */
interface Queued<Task extends Listed> extends Listed {
  lane: Lane<Task> | undefined;
  readonly profile: { readonly key: string; readonly weight: number };
}

/** The fields that name the party of a task. */
interface PartyMember {
  readonly profile: { readonly namespace: string };
  readonly extras: { readonly share: OfferShare | undefined } | undefined;
}

/** A share at a wait group, as the share sees it. */
interface SharePlace {
  readonly match: CohortMatch;
  /** Called when the share has its first waiting task. */
  enter(): void;
  /** Called when the share has no waiting task any more. */
  leave(): void;
  /** Called when another task of the share is first, with a lower rank. */
  updateFirst(): void;
}

/** Returns the party of a task: the key of its share, or its namespace. */
export function partyOf({ profile, extras }: PartyMember): string {
  const key = extras?.share?.key ?? "";
  return key === "" ? profile.namespace : `${profile.namespace}\n${key}`;
}

export function namespaceOf(party: string): string {
  const end = party.indexOf("\n");
  return end < 0 ? party : party.slice(0, end);
}

/** Returns the weight of the party among the parties of its namespace. */
export function partyWeightOf({ extras }: Pick<PartyMember, "extras">): number {
  return extras?.share?.weight || 1;
}

/** The tasks of one party with the same demand, in their order. */
export class Share<Task extends Queued<Task>> {
  /** The party: a namespace, or a session of one. See `partyOf`. */
  readonly party: string;
  /** Weight among the parties of its namespace. */
  weight = 1;
  /** Where the share waits: one entry per matching cohort. */
  readonly waitEntries: SharePlace[] = [];
  readonly #lanes = new Heap<Lane<Task>>();
  readonly #byKey = new Map<string, Lane<Task>>();
  /** Rank of the lane that was served last: new lanes start there. */
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
    } else this.#reorder(lane);
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
    if (lane.tasks.size > 0) this.#reorder(lane);
    else {
      this.#lanes.remove(lane);
      if (lane.rank <= this.#passed) this.#byKey.delete(lane.key);
    }
    if (this.#size > 0) {
      // With one lane the next task has a higher rank than the one that has left.
      if (this.#byKey.size > 1) this.#raiseEntries(before);
      return;
    }
    this.#byKey.clear();
    this.#passed = 0;
    for (const entry of this.waitEntries) entry.leave();
  }

  /** Removes a task that goes to its agent, and counts the turn of its lane. */
  grant(task: Task): void {
    const { lane } = task;
    if (lane !== undefined && this.#byKey.size > 1) {
      this.#passed = lane.rank;
      lane.rank += 1 / lane.weight;
      this.#lanes.move(lane);
    }
    this.remove(task);
  }

  /** Sorts a task again after its rank has changed. */
  move(task: Task): void {
    const { lane } = task;
    if (lane === undefined) return;
    lane.tasks.move(task);
    this.#reorder(lane);
    for (const entry of this.waitEntries) entry.updateFirst();
  }

  *tasks(): Generator<Task> {
    for (const lane of this.#byKey.values()) yield* lane.tasks.tasks();
  }

  #reorder(lane: Lane<Task>): void {
    const order = lane.tasks.first?.rank ?? 0;
    if (order === lane.order) return;
    lane.order = order;
    if (this.#byKey.size > 1) this.#lanes.move(lane);
  }

  /** Tells the wait entries if the first rank is now lower. They notice a higher rank by themselves. */
  #raiseEntries(before: number): void {
    if ((this.head?.rank ?? before) < before) for (const entry of this.waitEntries) entry.updateFirst();
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
