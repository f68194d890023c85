/**
 * Attempts of agents, as the pool saw them by its own clock: the input of a replay of the past.
 *
 * 1. One row per assignment, written when the slot of the agent is free again. Rows have consecutive numbers,
 *    so a reader sees what it missed.
 * 2. Rows are kept for readers that ask every minute. A row that was read is removed after half an hour, and
 *    the oldest row is removed when there are too many.
 */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Offer } from "@tutti/contracts/swarm/v1";
import type { Agent } from "../agents/agent.ts";
import { attemptsReadMs, attemptsRetainedMax } from "../bounds.ts";
import type { Profile, Task } from "../task/task.ts";

/** How an agent lost a task, if its result does not state it. */
export type AttemptEnd = "busy" | "lost" | "yielded" | "cancelled";

export interface PlacedAttempt {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly profile: Profile;
  readonly workId: string;
  readonly taskId: string;
  /** Fields that only some offers have. Undefined if the offer has none of them. */
  readonly choices: AttemptChoices | undefined;
  readonly attempt: number;
  readonly priority: number;
  readonly agentId: string;
  /** Slots of the agent at the time of the assignment. */
  readonly slots: number;
  readonly isCopy: boolean;
  /** First queueing of the task: a retry keeps its place in the queue. */
  readonly readyMs: number;
  /** Time of the offer. */
  readonly offeredMs: number;
  /** When the outcome was due. Infinite for never. */
  readonly dueMs: number;
  readonly assignedMs: number;
  /** 0 if the agent did not report it. */
  readonly startedMs: number;
  /** When the slot was free again. */
  readonly endedMs: number;
  readonly end: AttemptEnd | "completed" | "failed";
  readonly errorCode: string;
  readonly result: Pick<Result, "used" | "runMs"> | undefined;
  /** The strategy of the pool that chose the agent. */
  readonly strategy: string;
  readonly inputBytes: number;
}

/** Without the input of the task: a row has no large part. */
type AttemptChoices = Pick<
  Offer,
  "limits" | "onlyAgents" | "notAgents" | "stickyKey" | "contextKey" | "share"
>;

export interface PlacedAttempts {
  readonly attempts: readonly PlacedAttempt[];
  /** The number of the latest one, read or not. */
  readonly last: number;
}

/** Strategies that were replaced longer ago are forgotten. */
const strategiesRetainedMax = 256;

export class AttemptLog {
  #rows: PlacedAttempt[] = [];
  /** Index of the first row that is kept. */
  #first = 0;
  #last = 0;
  #read = 0;
  /** Start times of the strategies, the latest last. */
  #strategies: { readonly name: string; readonly fromMs: number }[] = [];

  /** Records the strategy before agents are chosen by it. */
  choosesBy(name: string, nowMs: number): void {
    if (this.#strategies.at(-1)?.name === name) return;
    if (this.#strategies.length === strategiesRetainedMax) this.#strategies.shift();
    this.#strategies.push({ name, fromMs: nowMs });
  }

  record(task: Task, agent: Agent, end: Result | AttemptEnd | undefined, nowMs: number): void {
    const result = typeof end === "object" ? end : undefined;
    const outcome = (result ?? task.result)?.outcome;
    const isFailure = outcome?.$case === "failed";
    const hasOutput = outcome?.$case === "inlineOutput" || outcome?.$case === "outputPayload";
    const byResult = isFailure ? "failed" : result !== undefined && hasOutput ? "completed" : "cancelled";
    const { offer } = task;
    this.#rows.push({
      sequence: ++this.#last,
      profile: task.profile,
      workId: offer.workId,
      taskId: offer.taskId,
      choices: choicesOf(offer),
      attempt: task.attempt,
      priority: task.priority,
      agentId: agent.agentId,
      slots: agent.slots,
      isCopy: task.twin?.original !== undefined,
      readyMs: task.readyMs,
      offeredMs: task.readyMs + offer.waitedMs,
      dueMs: task.outcomeDueMs,
      assignedMs: task.assignedMs,
      startedMs: task.startedMs,
      endedMs: nowMs,
      end: typeof end === "string" ? end : byResult,
      errorCode: isFailure ? outcome.value.code : "",
      result: result && { used: result.used, runMs: result.runMs },
      strategy: this.#strategies.findLast(({ fromMs }) => fromMs <= task.assignedMs)?.name ?? "",
      inputBytes: sizeOf(offer.input),
    });
    if (this.#rows.length - this.#first > attemptsRetainedMax) this.#drop(1);
  }

  /** Returns at most `most` rows after a number. The reader has the rows before it. */
  after(sequence: number, most: number, nowMs: number): PlacedAttempts {
    this.#read = Math.max(this.#read, sequence);
    let firstRetained = this.#first;
    for (let row = this.#rows[firstRetained]; row !== undefined; row = this.#rows[++firstRetained])
      if (row.sequence > this.#read || row.endedMs > nowMs - attemptsReadMs) break;
    this.#drop(firstRetained - this.#first);
    const firstSequence = this.#rows[this.#first]?.sequence ?? 0;
    const from = this.#first + Math.max(0, sequence + 1 - firstSequence);
    return { attempts: this.#rows.slice(from, from + most), last: this.#last };
  }

  #drop(count: number): void {
    this.#first += count;
    if (this.#first < 1_024 || this.#first * 2 < this.#rows.length) return;
    this.#rows = this.#rows.slice(this.#first);
    this.#first = 0;
  }
}

function sizeOf(input: Offer["input"]): number {
  if (input?.$case === "inlineInput") return input.value.length;
  const body = input?.value.body;
  return body?.$case === "blob" ? body.value.size : (body?.value.length ?? 0);
}

function choicesOf(offer: Offer): AttemptChoices | undefined {
  const { limits, onlyAgents, notAgents, stickyKey, contextKey, share } = offer;
  if (limits.length + onlyAgents.length + notAgents.length + stickyKey.length + contextKey.length > 0)
    return { limits, onlyAgents, notAgents, stickyKey, contextKey, share };
  return share && { limits, onlyAgents, notAgents, stickyKey, contextKey, share };
}
