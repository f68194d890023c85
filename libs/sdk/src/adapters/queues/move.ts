/**
 * Moves the backlog of a queue of another system to Tutti. Each message starts one run.
 *
 * 1. A message leaves its queue and is held by the same system in one atomic step. So workers of the queue may run
 *    meanwhile: a message has either a worker or a run.
 * 2. The id of a run is derived from the id of its message. If a crash occurs between the start and its record, the
 *    message starts the same run again, which already exists.
 * 3. A message is settled after the platform has its run durably. Held messages of an earlier move come first.
 * 4. A message that cannot start a run stays held, with the reason. The next move retries it.
 * 5. A message without a counterpart in Tutti stays in its queue, and is counted with the reason.
 */
import { isTuttiError } from "@tutti/kernel";
import { Busy } from "../../task/failure.ts";
import {
  type Caller,
  idOf,
  type RunStarter,
  runSource,
  type SourceRunOptions,
  startedBy,
} from "../source.ts";

interface QueuedMessage {
  readonly id: string;
  /** Name of a job or of a task. Empty for rows of a table. */
  readonly name: string;
  readonly input: unknown;
  /** Start time of a delayed message. */
  readonly startTime?: Date;
  /** -100 to 100. */
  readonly priority?: number;
}

/** A read message, or the reason why it stays in the queue. */
export type Reading = QueuedMessage | string;

/** A message that its system holds. */
export interface Held {
  readonly key: string;
  readonly reading: Reading;
}

/** Result of a held message. Without a reason, its run has started. */
export interface Settled {
  readonly key: string;
  readonly failure?: string;
}

export interface Choice {
  /** Returns whether a message is moved. If not, counts it. */
  accepts(reading: Reading): boolean;
  /** Counts unread messages that stay. */
  countSkipped(reason: string, count: number): void;
  /** Resets the counts, because the queue is read again. */
  restart(): void;
}

/** A queue of another system. */
export interface MovedQueue {
  /** Yields batches of held messages: first messages of an earlier move, then newly taken messages. */
  take(caller: Caller, choice: Choice): AsyncIterable<readonly Held[]>;
  settle(caller: Caller, settled: readonly Settled[]): Promise<void>;
  /** Counts the messages that `take` would take, without a change. */
  preview(caller: Caller, choice: Choice): Promise<void>;
  close(): void;
}

export interface MoveQueueOptions extends Omit<SourceRunOptions, "tutti"> {
  readonly queue: MovedQueue;
  readonly tutti: RunStarter;
  /** The first part of the ids of runs. */
  readonly prefix: string;
  /** Workflows by name of message. `*` is for all other names. */
  readonly workflows: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Only counts, without a change. */
  readonly dryRun?: boolean;
  readonly onProgress?: (moved: number) => void;
}

export interface MovedMessages {
  /** Number of messages whose runs have started. With `dryRun`, the messages that would start. */
  readonly moved: number;
  readonly byWorkflow: Readonly<Record<string, number>>;
  /** Held messages that could not start a run. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  /** Messages that stay in the queue. */
  readonly left: readonly { readonly reason: string; readonly count: number }[];
}

const failedMax = 1_000;

/**
 * Moves messages until no movable message is left. Continues after interruptions, and waits for a system that is not
 * reachable. Rejects if the system refuses the caller before the first batch: a wrong password does not get right.
 */
export async function moveQueue(options: MoveQueueOptions): Promise<MovedMessages> {
  const { queue, prefix, signal, secret, logger } = options;
  const done = new AbortController();
  const signals = signal === undefined ? [done.signal] : [done.signal, signal];
  const move = new Move(options);
  let first: { readonly error: unknown } | undefined;
  const session = async (caller: Caller, well: () => void) => {
    try {
      await move.session(caller, well);
    } catch (error) {
      if (move.hasBatch || isOutage(error)) throw error;
      first = { error };
    }
    done.abort();
  };
  const runOptions = {
    signal: AbortSignal.any(signals),
    ...(secret !== undefined && { secret }),
    ...(logger !== undefined && { logger }),
  };
  try {
    await runSource(prefix, runOptions, session);
  } finally {
    queue.close();
  }
  signal?.throwIfAborted();
  if (first !== undefined) throw first.error;
  return move.result();
}

function isOutage(error: unknown): boolean {
  return error instanceof Busy || (isTuttiError(error) && error.status === "UNAVAILABLE");
}

class Move implements Choice {
  readonly #options: MoveQueueOptions;
  readonly #moved = new Map<string, number>();
  readonly #failed = new Map<string, string>();
  readonly #remaining = new Map<string, number>();
  hasBatch = false;

  constructor(options: MoveQueueOptions) {
    this.#options = options;
  }

  async session(caller: Caller, well: () => void): Promise<void> {
    const { queue, dryRun = false, onProgress } = this.#options;
    this.#remaining.clear();
    this.#failed.clear();
    if (dryRun) return queue.preview(caller, this);
    for await (const messages of queue.take(caller, this)) {
      this.hasBatch = true;
      await this.#start(messages, caller);
      onProgress?.(this.result().moved);
      well();
    }
  }

  result(): MovedMessages {
    const byWorkflow = Object.fromEntries(this.#moved);
    return {
      moved: Object.values(byWorkflow).reduce((sum, count) => sum + count, 0),
      byWorkflow,
      failed: [...this.#failed].slice(0, failedMax).map(([id, reason]) => ({ id, reason })),
      left: [...this.#remaining].map(([reason, count]) => ({ reason, count })),
    };
  }

  accepts(reading: Reading): boolean {
    const reason = this.#reasonOf(reading);
    if (reason !== undefined) this.countSkipped(reason, 1);
    else if (this.#options.dryRun === true && typeof reading !== "string") this.#count(reading);
    return reason === undefined;
  }

  countSkipped(reason: string, count: number): void {
    if (count > 0) this.#remaining.set(reason, (this.#remaining.get(reason) ?? 0) + count);
  }

  restart(): void {
    this.#remaining.clear();
  }

  #reasonOf(reading: Reading): string | undefined {
    if (typeof reading === "string") return reading;
    return this.#workflowOf(reading) === undefined ? `no workflow for \`${reading.name}\`` : undefined;
  }

  #workflowOf({ name }: QueuedMessage): string | undefined {
    const { workflows } = this.#options;
    return Object.hasOwn(workflows, name) ? workflows[name] : workflows["*"];
  }

  #count(message: QueuedMessage): void {
    const workflow = this.#workflowOf(message) ?? "";
    this.#moved.set(workflow, (this.#moved.get(workflow) ?? 0) + 1);
  }

  async #start(messages: readonly Held[], caller: Caller): Promise<void> {
    const settled: Settled[] = [];
    const started: QueuedMessage[] = [];
    let interruption: unknown;
    await Promise.all(
      messages.map(async ({ key, reading }) => {
        try {
          const failure = await this.#failureOf(reading);
          settled.push({ key, ...(failure !== undefined && { failure }) });
          if (failure !== undefined)
            this.#failed.set(typeof reading === "string" ? key : reading.id, failure);
          else if (typeof reading !== "string") started.push(reading);
        } catch (error) {
          interruption = error;
        }
      }),
    );
    if (settled.length > 0) await this.#options.queue.settle(caller, settled);
    for (const message of started) this.#count(message);
    if (interruption !== undefined) throw interruption;
  }

  /** Starts the run of a message, or returns why it cannot start. */
  async #failureOf(reading: Reading): Promise<string | undefined> {
    const workflow = typeof reading === "string" ? undefined : this.#workflowOf(reading);
    if (typeof reading === "string" || workflow === undefined) return this.#reasonOf(reading);
    const { tutti, prefix, labels } = this.#options;
    const { id, input, startTime, priority } = reading;
    return startedBy(tutti, `${prefix}-${idOf(id)}`, () => ({
      workflow,
      input,
      ...(labels !== undefined && { labels }),
      ...(startTime !== undefined && { startTime }),
      ...(priority !== undefined && { priority }),
    }));
  }
}
