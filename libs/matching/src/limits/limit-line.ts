/**
 * The tasks that wait for a limit with one demand. Parties take turns by their weights, and within a party
 * the first by rank goes.
 *
 * A task that was let continue has used a turn of its party. If it comes back because others took the room,
 * the party gets the turn back.
 */

import { Heap, type Ranked } from "@tutti/kernel";
import { partyOf, partyWeightOf } from "../queue/share.ts";
import type { Task } from "../task/task.ts";

/** A party in the line. Its rank counts its turns by weight. Its order is that of its first task. */
class Lane implements Ranked {
  readonly party: string;
  /** The last reported weight. */
  weight = 1;
  readonly tasks = new Heap<Task>();
  rank: number;
  order = 0;
  place = -1;

  constructor(party: string, rank: number) {
    this.party = party;
    this.rank = rank;
  }
}

export class LimitLine {
  readonly #lanes = new Heap<Lane>();
  readonly #byParty = new Map<string, Lane>();
  /** The rank of the lane that was served last: new lanes start there. */
  #passed = 0;
  /** Tasks that were let continue and have not been assigned. */
  woken = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  add(task: Task, isReturned: boolean): void {
    const party = partyOf(task);
    const weight = partyWeightOf(task);
    let lane = this.#byParty.get(party);
    if (lane === undefined) {
      lane = new Lane(party, this.#passed);
      this.#byParty.set(party, lane);
    } else if (isReturned) lane.rank = Math.max(lane.rank - 1 / weight, this.#passed - 1 / weight);
    lane.weight = weight;
    lane.tasks.add(task);
    this.#size++;
    this.#reorder(lane);
  }

  remove(task: Task): void {
    const lane = this.#byParty.get(partyOf(task));
    if (lane === undefined) return;
    lane.tasks.remove(task);
    this.#size--;
    this.#reorder(lane);
  }

  /** Sorts a task again after its rank has changed. */
  move(task: Task): void {
    const lane = this.#byParty.get(partyOf(task));
    if (lane === undefined) return;
    lane.tasks.move(task);
    this.#reorder(lane);
  }

  /** Removes and returns the next task. */
  shift(): Task | undefined {
    const lane = this.#lanes.first;
    const task = lane?.tasks.first;
    if (lane === undefined || task === undefined) return undefined;
    lane.tasks.remove(task);
    this.#size--;
    this.#passed = Math.max(this.#passed, lane.rank);
    lane.rank += 1 / lane.weight;
    this.#reorder(lane);
    return task;
  }

  /** Sorts a lane by its first task. Removes an empty lane. */
  #reorder(lane: Lane): void {
    const { first } = lane.tasks;
    if (first === undefined) {
      if (lane.place >= 0) this.#lanes.remove(lane);
      this.#byParty.delete(lane.party);
      return;
    }
    lane.order = first.rank;
    if (lane.place >= 0) this.#lanes.move(lane);
    else this.#lanes.add(lane);
  }
}
