/** A sender in a pool: what it has outstanding there. */

import type { SenderSlot, SenderStream, Task } from "../parts.ts";
import type { PoolSenders } from "./pool-senders.ts";

export class PoolSenderSlot implements SenderSlot {
  readonly stream: SenderStream;
  readonly pool: PoolSenders;
  /** Number of the pool on the stream. */
  readonly number: number;
  /** Tasks that have not ended, and results that are not durable. */
  outstanding = 0;
  kept = 0;
  /** The last reported window. 0 before. */
  toldWindow = 0;

  constructor(stream: SenderStream, pool: PoolSenders, number: number) {
    this.stream = stream;
    this.pool = pool;
    this.number = number;
  }

  add(task: Task): void {
    task.senderSlot = this;
    if (task.stage === "ended") this.kept++;
    else this.outstanding++;
  }

  remove(task: Task): void {
    task.senderSlot = undefined;
    if (task.stage === "ended") this.kept--;
    else this.outstanding--;
  }

  /** One of its tasks has a result now. */
  ended(): void {
    this.outstanding--;
    this.kept++;
  }

  /** Looks at all that is in the pool: that a sender goes is rare, and a list of its own would cost each of its tasks. */
  tasks(): Task[] {
    if (this.outstanding + this.kept === 0) return [];
    const tasks: Task[] = [];
    for (const task of this.pool.tasks.values()) if (task.senderSlot === this) tasks.push(task);
    return tasks;
  }
}
