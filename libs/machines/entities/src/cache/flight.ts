/**
 * Single flight: of several tasks that need an output at the same time, one computes it and the others wait.
 *
 * 1. At most one task computes. It is the first that asked, and it gets the reply of any task that finds no output.
 * 2. A waiter is answered once: with the output, or by becoming the task that computes.
 * 3. The death of the task that computes only delays its waiters: a task that fails reports it, and one that is asked
 *    and does not reply within `checkWaitMs` is replaced.
 * 4. A step answers at most `portionMax` waiters and about `portionBytes`, so that ten thousand waiters do not block
 *    the partition.
 */
import { ErrorDetail, type Payload } from "@tutti/contracts/types/v1";
import {
  type AnswerCache as Answer,
  AnswerCache,
  type CacheAsker,
  CacheDone,
  type CacheFacts,
  CacheMiss,
  CacheMissReason,
  CheckComputing,
  ComputingCheckedV1,
  ComputingEndedV1,
  ComputingStartedV1,
  ReportComputing,
  WaiterAddedV1,
  WaitersAnsweredV1,
} from "@tutti/contracts/workflow/v1";
import type { Message, ReadOnly } from "@tutti/kernel";
import {
  type CacheCommand,
  type CacheEntry,
  type CacheEvent,
  type CacheStep,
  isSame,
  knownBy,
  timers,
} from "./entry.ts";
import { missOf, shadowMiss } from "./miss.ts";
import { isDoubted } from "./proof.ts";

/** Beyond this number, tasks compute the output themselves. */
const waitersMax = 20_000;
/** Maximum wait without a reply. Then a waiter computes the output itself. */
const waitMs = 3_600_000;
/** Interval of checks of the task that computes, with and without waiters. */
const checkMs = { waited: 30_000, alone: 300_000 };
/** Time to wait for its reply. */
const checkWaitMs = 30_000;
const portionMax = 256;
const portionBytes = 1_048_576;

const answerMessage: Message<AnswerCache> = { type: "answer_cache", codec: AnswerCache };
const checkMessage: Message<CheckComputing> = { type: "check_computing", codec: CheckComputing };

export const computingStarted: CacheEvent<ComputingStartedV1> = {
  type: "computing_started",
  version: 1,
  codec: ComputingStartedV1,
  described: true,
  evolve(entry, { asker, checkMs: due, facts }, outstanding) {
    Object.assign(entry, { used: true, computing: asker, confirmed: true, checkMs: due });
    if (facts !== undefined && !entry.present) entry.facts = facts;
    outstanding.timer(timers.check, due);
  },
};

export const computingChecked: CacheEvent<ComputingCheckedV1> = {
  type: "computing_checked",
  version: 1,
  codec: ComputingCheckedV1,
  evolve(entry, { confirmed, checkMs: due }, outstanding) {
    Object.assign(entry, { confirmed, checkMs: due });
    outstanding.timer(timers.check, due);
  },
};

export const computingEnded: CacheEvent<ComputingEndedV1> = {
  type: "computing_ended",
  version: 1,
  codec: ComputingEndedV1,
  described: true,
  evolve(entry, _, outstanding) {
    Object.assign(entry, { computing: undefined, confirmed: false, checkMs: 0 });
    outstanding.cleared(timers.check);
  },
};

export const waiterAdded: CacheEvent<WaiterAddedV1> = {
  type: "waiter_added",
  version: 1,
  codec: WaiterAddedV1,
  evolve(entry, { asker }) {
    if (asker !== undefined) entry.waiters.push(asker);
  },
};

export const waitersAnswered: CacheEvent<WaitersAnsweredV1> = {
  type: "waiters_answered",
  version: 1,
  codec: WaitersAnsweredV1,
  evolve(entry, { count, nextMs }, outstanding) {
    entry.waiters.splice(0, count);
    entry.nextMs = nextMs;
    if (nextMs > 0) outstanding.timer(timers.next, nextMs);
    else outstanding.cleared(timers.next);
  },
};

/** A message. A report of another task is ignored. */
export const reportComputing: CacheCommand<ReportComputing> = {
  type: "report_computing",
  codec: ReportComputing,
  reply: CacheDone,
  decide(entry, { computing, ...asker }, step) {
    if (!isSame(entry.computing, asker)) return {};
    if (computing) step.emit(computingChecked, { confirmed: true, checkMs: step.nowMs + intervalMs(entry) });
    else replace(entry, step);
    return {};
  },
};

/** Without an output: the task computes it, or waits for the task that does. */
export function joinFlight(
  entry: ReadOnly<CacheEntry>,
  asker: CacheAsker,
  step: CacheStep,
  facts: CacheFacts | undefined,
): void {
  const { computing, waiters } = entry;
  const isSameTask = computing?.runId === asker.runId && computing.taskId === asker.taskId;
  if (computing === undefined || isSameTask) {
    const known = step.behaviour >= knownBy ? facts : undefined;
    const miss = missOf(entry, step.nowMs);
    step.emit(computingStarted, { asker, checkMs: step.nowMs + checkMs.alone, facts: known });
    answer(asker, { miss }, step);
    return;
  }
  if (waiters.length >= waitersMax) {
    const crowded = CacheMissReason.CACHE_MISS_REASON_CROWDED;
    answer(asker, { miss: missBehind(computing, crowded) }, step);
    return;
  }
  step.emit(waiterAdded, { asker });
  answer(asker, { waitMs }, step);
  // The first waiter must not wait for a task that died long ago.
  if (waiters.length === 1) check(entry, step);
}

/** Sends the output or the failure to all waiters, portion by portion. */
export function answerWaiters(entry: ReadOnly<CacheEntry>, step: CacheStep): void {
  const { waiters, output } = entry;
  if (waiters.length === 0) return;
  const bytes = output?.body?.$case === "inline" ? output.body.value.length : 0;
  const count = Math.min(waiters.length, portionMax, Math.max(1, Math.floor(portionBytes / (bytes + 1))));
  // If outputs differ, each task computes its own.
  const found = isDoubted(entry) ? { miss: shadowMiss(entry) } : foundIn(entry);
  for (const waiter of waiters.slice(0, count)) answer(waiter, found, step);
  step.emit(waitersAnswered, { count, nextMs: count < waiters.length ? step.nowMs + 1 : 0 });
}

/** Replaces the task that computes: the next waiter computes, or none. */
export function replace(entry: ReadOnly<CacheEntry>, step: CacheStep): void {
  const { waiters, computing } = entry;
  const [first] = waiters;
  if (first === undefined) {
    step.emit(computingEnded, {});
    return;
  }
  const asker = { ...first };
  const miss =
    computing === undefined
      ? missOf(entry, step.nowMs)
      : missBehind(computing, CacheMissReason.CACHE_MISS_REASON_PRODUCER_ENDED);
  step.emit(waitersAnswered, { count: 1, nextMs: 0 });
  step.emit(computingStarted, { asker, checkMs: step.nowMs + checkMs.waited, facts: undefined });
  answer(asker, { miss }, step);
}

/** Returns the reason of a task that does not get the output of the task that computes. */
function missBehind({ runId, taskId }: ReadOnly<CacheAsker>, reason: CacheMissReason): CacheMiss {
  return CacheMiss.fromPartial({ reason, runId, taskId });
}

/** Checks the task that computes. A task that did not reply to the last check is replaced. */
export function checkAgain(entry: ReadOnly<CacheEntry>, step: CacheStep): void {
  if (entry.confirmed) check(entry, step);
  else replace(entry, step);
}

function check({ computing }: ReadOnly<CacheEntry>, step: CacheStep): void {
  if (computing === undefined) return;
  const { runId, taskId, visit } = computing;
  step.emit(computingChecked, { confirmed: false, checkMs: step.nowMs + checkWaitMs });
  step.send(runOf(runId, step), checkMessage, { taskId, visit, key: step.key.id });
}

function intervalMs({ waiters }: ReadOnly<CacheEntry>): number {
  return waiters.length > 0 ? checkMs.waited : checkMs.alone;
}

type Reply = Partial<Pick<Answer, "found" | "output" | "waitMs" | "error" | "miss">>;

/** Returns the content of the entry. A release without failures treats a failure as absent, and computes. */
export function foundIn({ output, error }: ReadOnly<CacheEntry>): Reply {
  // Copies: the state is read-only, also in a message. The casts are safe: neither is changed.
  if (error !== undefined) return { error: ErrorDetail.fromPartial(error as ErrorDetail) };
  return { found: true, output: output === undefined ? undefined : ({ ...output } as Payload) };
}

export function answer(
  { runId, taskId, visit }: ReadOnly<CacheAsker>,
  { found = false, output = undefined, waitMs: forMs = 0, error = undefined, miss = undefined }: Reply,
  step: CacheStep,
): void {
  step.send(runOf(runId, step), answerMessage, { taskId, visit, found, output, waitMs: forMs, error, miss });
}

function runOf(id: string, { key }: CacheStep) {
  return { service: "workflow", namespace: key.namespace, kind: "run", id };
}
