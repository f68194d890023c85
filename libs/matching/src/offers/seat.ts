/** A sender in a pool: what it has outstanding there. */
import type { PoolCore, Seat, SenderStream, Task } from "../parts.ts";
export class SenderSeat implements Seat {
  readonly stream: SenderStream;
  readonly pool: PoolCore;
  /** Number of the pool on the stream. */
  readonly number: number;
  /** Tasks that have not ended, and results that are not durable. */
  outstanding = 0;
  kept = 0;
  /** The window as it was told last; 0 before. */
  toldWindow = 0;
  #first: Task | undefined = undefined;

  constructor(stream: SenderStream, pool: PoolCore, number: number) {
    this.stream = stream;
    this.pool = pool;
    this.number = number;
  }

  add(task: Task): void {
    task.seat = this;
    task.seatBefore = undefined;
    task.seatAfter = this.#first;
    if (this.#first !== undefined) this.#first.seatBefore = task;
    this.#first = task;
    if (task.stage === "ended") this.kept++;
    else this.outstanding++;
  }

  remove(task: Task): void {
    const { seatBefore, seatAfter } = task;
    if (seatBefore === undefined) this.#first = seatAfter;
    else seatBefore.seatAfter = seatAfter;
    if (seatAfter !== undefined) seatAfter.seatBefore = seatBefore;
    task.seat = undefined;
    task.seatBefore = undefined;
    task.seatAfter = undefined;
    if (task.stage === "ended") this.kept--;
    else this.outstanding--;
  }

  /** One of its tasks has a result now. */
  ended(): void {
    this.outstanding--;
    this.kept++;
  }

  *tasks(): Generator<Task> {
    let task = this.#first;
    while (task !== undefined) {
      const { seatAfter } = task;
      yield task;
      task = seatAfter;
    }
  }
}
