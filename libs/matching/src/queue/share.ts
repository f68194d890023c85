/**
 * The tasks of one party that ask for the same agents, in their order. A party is who takes turns: a namespace, or a
 * session of one.
 *
 * 1. A task's place is the moment it was ready, less a minute (the pool sets how much) per point of priority.
 *    Time does not change that order, so waiting tasks age without being touched.
 * 2. Profiles with a weight of their own have lanes of their own, which take turns by what they have had, as
 *    parties do. All others share one lane, where priority holds between them.
 */

import { Heap } from "@tutti/kernel";
import type { Demand, Lane, Share, Task, WaitEntry } from "../parts.ts";
import { Line } from "./line.ts";

/** One line within a share. */
class ShareLane implements Lane {
  readonly key: string;
  readonly weight: number;
  readonly tasks = new Line();
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

/** Who takes turns with others: a share of its namespace, or what has none. */
export function partyOf({ profile, extras }: Pick<Task, "profile" | "extras">): string {
  const key = extras?.share?.key ?? "";
  return key === "" ? profile.namespace : `${profile.namespace}\n${key}`;
}

export function namespaceOf(party: string): string {
  const end = party.indexOf("\n");
  return end < 0 ? party : party.slice(0, end);
}

/** Returns how many turns it has to one of the other parties of its namespace. */
export function partyWeightOf({ extras }: Pick<Task, "extras">): number {
  return extras?.share?.weight || 1;
}

export class PartyShare implements Share {
  readonly party: string;
  weight = 1;
  readonly demand: Demand;
  /** Where it stands, one per cohort that will do. */
  readonly waitEntries: WaitEntry[] = [];
  readonly #lanes = new Heap<Lane>();
  readonly #byKey = new Map<string, Lane>();
  /** What the lane had that went last: where others start. */
  #passed = 0;
  #size = 0;

  constructor(party: string, demand: Demand) {
    this.party = party;
    this.demand = demand;
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
    if (before === undefined) for (const stop of this.waitEntries) stop.enter();
    else this.#tell(before.rank);
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
      if (this.#byKey.size > 1) this.#tell(before);
      return;
    }
    this.#byKey.clear();
    this.#passed = 0;
    for (const stop of this.waitEntries) stop.leave();
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
    for (const stop of this.waitEntries) stop.rise();
  }

  *tasks(): Generator<Task> {
    for (const lane of this.#byKey.values()) yield* lane.tasks.tasks();
  }

  #settle(lane: Lane): void {
    const order = lane.tasks.first?.rank ?? 0;
    if (order === lane.order) return;
    lane.order = order;
    if (this.#byKey.size > 1) this.#lanes.move(lane);
  }

  /** Stops have to know when the first goes before the one that was first. That it goes behind it they find out. */
  #tell(before: number): void {
    if ((this.head?.rank ?? before) < before) for (const stop of this.waitEntries) stop.rise();
  }

  #laneOf({ profile }: Task): Lane {
    const key = profile.weight === 1 ? plainLane : profile.key;
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      lane = new ShareLane(key, profile.weight);
      this.#byKey.set(key, lane);
    }
    return lane;
  }
}
