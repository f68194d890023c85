/** A sender in a pool and its stream, as their tasks need them. */
import type { PartialOutput, Progress } from "@tutti/contracts/agent/v1";
import type { GangState, ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";

/** A sender in a pool: what it has outstanding there. */
export interface SenderSlot<Task> {
  readonly stream: SenderStream<Task>;
  readonly pool: SendersPool;
  /** Tasks that have not ended, and results that are not durable. */
  readonly outstanding: number;
  readonly kept: number;
  add(task: Task): void;
  remove(task: Task): void;
  /** One of its tasks has a result now. */
  ended(): void;
}

/** A pool as the streams of senders know it, which have something to send in its turn. */
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
  /** A result goes to the sender, and is kept. One that went there before gets another number. */
  deliver(task: Task, agentId: string, isSentAgain?: boolean): void;
  begun(task: Task, agent: Agent, nowMs: number): void;
  progressed(task: Task, progress: Progress): void;
  partialOutput(task: Task, output: PartialOutput): void;
  /** Its sender may know that they are not wanted any more. */
  unclaimed(pool: SendersPool, attempts: Iterable<UnclaimedAttempt>): void;
  returned(
    pool: SendersPool,
    token: Uint8Array,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
  ): void;
  /** The members of a gang in a pool have changed. */
  gang(pool: SendersPool, state: GangState): void;
  /** Tasks that wait at the sender for a pool, and for how long the one that waits longest. */
  waitingFor(
    pool: SendersPool,
    isWanted?: (capability: string) => boolean,
  ): { readonly count: number; readonly longestMs: number };
  /** The window of a pool may have changed. */
  retell(pool: SendersPool): void;
}
