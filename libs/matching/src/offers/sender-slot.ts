/** A sender in a pool and its stream, as their tasks see them. */
import type { PartialOutput, Progress } from "@tutti/contracts/agent/v1";
import type { GangState, ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";

/** A sender in a pool, with its outstanding tasks. */
export interface SenderSlot<Task> {
  readonly stream: SenderStream<Task>;
  readonly pool: SendersPool;
  /** Tasks that have not ended, and results that are not durable. */
  readonly outstanding: number;
  readonly retained: number;
  add(task: Task): void;
  remove(task: Task): void;
  /** Records that one of its tasks has a result. */
  recordResult(): void;
}

/** A pool as the streams of senders see it. Streams are listed in its outbox for the turn. */
export interface SendersPool {
  readonly outbox: { addStream(stream: { flush(): void }): void };
}

/** An attempt that no sender offers at present. */
export interface UnclaimedAttempt {
  readonly token: Uint8Array;
  /** The agent that has it. Empty if no agent has it. */
  readonly agentId: string;
}

/** The stream of a sender, as its tasks need it. */
export interface SenderStream<Task> {
  /** Sends a result to the sender and keeps it. A result that is sent again gets another number. */
  deliver(task: Task, agentId: string, isResent?: boolean): void;
  started(task: Task, agent: Agent, nowMs: number): void;
  progressed(task: Task, progress: Progress): void;
  partialOutput(task: Task, output: PartialOutput): void;
  /** Asks the sender about attempts: it may know that they are not wanted any more. */
  unclaimed(pool: SendersPool, attempts: Iterable<UnclaimedAttempt>): void;
  returned(
    pool: SendersPool,
    token: Uint8Array,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
  ): void;
  /** Reports the members of a gang in a pool. */
  gang(pool: SendersPool, state: GangState): void;
  /** Returns how many tasks wait at the sender for a pool, and the longest of these waits. */
  waitingFor(
    pool: SendersPool,
    isMatch?: (capability: string) => boolean,
  ): { readonly count: number; readonly longestMs: number };
  /** Reports the window of a pool again, because it may have changed. */
  reportWindow(pool: SendersPool): void;
}
