/** Those who offer tasks, as the parts of a pool know them. */
import type { PartialOutput, Progress } from "@tutti/contracts/agent/v1";
import type { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Agent } from "./agent.ts";
import type { PoolCore } from "./core.ts";
import type { Task } from "./task.ts";

/** A sender in a pool: what it has outstanding there. */
export interface Seat {
  readonly stream: SenderStream;
  readonly pool: PoolCore;
  /** Number of the pool on the stream. */
  readonly number: number;
  /** Tasks that have not ended, and results that are not durable. */
  readonly outstanding: number;
  readonly kept: number;
  /** The window as it was told last; 0 before. */
  toldWindow: number;
  add(task: Task): void;
  remove(task: Task): void;
  /** One of its tasks has a result now. */
  ended(): void;
  tasks(): Iterable<Task>;
}

/** The stream of a sender, as its tasks need it. */
export interface SenderStream {
  /** A result goes to the sender, and is kept. */
  deliver(task: Task, agentId: string): void;
  begun(task: Task, agent: Agent, nowMs: number): void;
  progressed(task: Task, progress: Progress): void;
  partialOutput(task: Task, output: PartialOutput): void;
  returned(
    pool: PoolCore,
    token: Uint8Array,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
  ): void;
  /** Tasks that wait at the sender for a pool, and for how long the one that waits longest. */
  waitingFor(pool: PoolCore): { readonly count: number; readonly longestMs: number };
  /** The window of a pool may have changed. */
  retell(pool: PoolCore): void;
  flush(): void;
}
