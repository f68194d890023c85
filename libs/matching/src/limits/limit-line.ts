/**
 * Who waits for a limit with one demand: namespaces take turns, and in each the first by rank goes.
 *
 * Who was let go on has had its turn; when it comes back because others took the room, it is given back.
 */

import { Heap, type Ranked } from "@tutti/kernel";
import type { Task } from "../parts.ts";

/** A namespace in the line. Its rank is how many turns it has had, its order where its first task stands. */
class Lane implements Ranked {
  readonly namespace: string;
  readonly tasks = new Heap<Task>();
  rank: number;
  order = 0;
  place = -1;

  constructor(namespace: string, rank: number) {
    this.namespace = namespace;
    this.rank = rank;
  }
}

export class LimitLine {
  readonly #lanes = new Heap<Lane>();
  readonly #byNamespace = new Map<string, Lane>();
  /** Where the lane stood that went last: there others begin. */
  #passed = 0;
  /** How many were let go on and have not been assigned. */
  woken = 0;

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  add(task: Task, isBack: boolean): void {
    const { namespace } = task.profile;
    let lane = this.#byNamespace.get(namespace);
    if (lane === undefined) {
      lane = new Lane(namespace, this.#passed);
      this.#byNamespace.set(namespace, lane);
    } else if (isBack) lane.rank = Math.max(lane.rank - 1, this.#passed - 1);
    lane.tasks.add(task);
    this.#settle(lane);
  }

  remove(task: Task): void {
    const lane = this.#byNamespace.get(task.profile.namespace);
    if (lane === undefined) return;
    lane.tasks.remove(task);
    this.#settle(lane);
  }

  /** The rank of one of them has changed. */
  move(task: Task): void {
    const lane = this.#byNamespace.get(task.profile.namespace);
    if (lane === undefined) return;
    lane.tasks.move(task);
    this.#settle(lane);
  }

  /** Takes out who goes next. */
  take(): Task | undefined {
    const lane = this.#lanes.first;
    const task = lane?.tasks.first;
    if (lane === undefined || task === undefined) return undefined;
    lane.tasks.remove(task);
    this.#passed = Math.max(this.#passed, lane.rank);
    lane.rank++;
    this.#settle(lane);
    return task;
  }

  /** Puts a lane where it belongs; one without tasks nowhere. */
  #settle(lane: Lane): void {
    const { first } = lane.tasks;
    if (first === undefined) {
      if (lane.place >= 0) this.#lanes.remove(lane);
      this.#byNamespace.delete(lane.namespace);
      return;
    }
    lane.order = first.rank;
    if (lane.place >= 0) this.#lanes.move(lane);
    else this.#lanes.add(lane);
  }
}
