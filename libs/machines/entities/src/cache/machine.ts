/**
 * The machine of a cache entry: an output that tasks with the same key may use instead of their own. It ends when the
 * output expires, and restarts with the next output. While a task computes the output, others wait for it: flight.ts.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AskCache,
  type CacheAsker,
  CacheDone,
  CacheSnapshotV1,
  ForgetOutput,
  OutputForgottenV1,
  OutputStoredV1,
  OutputUsedV1,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import {
  type CacheCommand,
  type CacheEntry,
  type CacheEvent,
  type CacheStep,
  comparesOutputs,
  entryOf,
  isSame,
  knownBy,
  newEntry,
  removalMs,
  singleFlight,
  snapshotOf,
  timers,
} from "./entry.ts";
import {
  answer,
  answerWaiters,
  checkAgain,
  computingChecked,
  computingEnded,
  computingStarted,
  foundIn,
  joinFlight,
  replace,
  reportComputing,
  waiterAdded,
  waitersAnswered,
} from "./flight.ts";
import { missAfter, missOf, shadowMiss } from "./miss.ts";
import { compareOutput, isChecked, isProven, outputCompared } from "./proof.ts";
import { cacheLabels, showEntry } from "./reading.ts";

/** Maximum time to keep an output: a year. A longer request is shortened. */
const ttlMaxMs = 366 * 86_400_000;
/** A use is recorded at most once in this time. */
const usesMs = 60_000;
const done: CacheDone = {};

const outputStored: CacheEvent<OutputStoredV1> = {
  type: "output_stored",
  version: 1,
  codec: OutputStoredV1,
  blobs: ({ output }) => (output?.body?.$case === "blob" ? [output.body.value.sha256] : []),
  described: true,
  evolve(entry, stored, outstanding) {
    const { output, storeMs, dueMs, keepMs, error, runId, taskId, agent, computeMs } = stored;
    Object.assign(entry, { used: true, present: true, output, storeMs, dueMs, keepMs, error });
    entry.forgotten = undefined;
    Object.assign(entry, { runId, taskId, agent, computeMs, uses: 0, useMs: 0 });
    entry.facts = stored.facts ?? entry.facts;
    outstanding.timer(timers.output, removalMs(entry));
  },
};

/** The entry has ended. The next output starts it again. */
const outputForgotten: CacheEvent<OutputForgottenV1> = {
  type: "output_forgotten",
  version: 1,
  codec: OutputForgottenV1,
  described: true,
  evolve(entry, forgotten, outstanding) {
    const { forgetMs, invalidated } = forgotten;
    entry.forgotten = missAfter(forgotten, entry);
    Object.assign(entry, { present: false, output: undefined, storeMs: 0, dueMs: 0, keepMs: 0 });
    Object.assign(entry, { error: undefined, runId: "", taskId: "", agent: "", uses: 0 });
    if (invalidated) entry.invalidMs = forgetMs;
    outstanding.cleared(timers.output);
  },
};

const outputUsed: CacheEvent<OutputUsedV1> = {
  type: "output_used",
  version: 1,
  codec: OutputUsedV1,
  described: true,
  evolve(entry, { useMs }) {
    entry.uses += 1;
    entry.useMs = useMs;
  },
};

/** A fresh output that a run may use without asking. A failure is asked for: a retried run ignores it. */
export function freshOutput(entry: ReadOnly<CacheEntry>, nowMs: number) {
  if (!entry.present || nowMs >= entry.dueMs || entry.error !== undefined) return undefined;
  const { output } = foundIn(entry);
  return { output, isUseDue: isUseDue(entry, nowMs) };
}

function isUseDue({ storeMs, useMs }: ReadOnly<CacheEntry>, nowMs: number): boolean {
  return nowMs - Math.max(storeMs, useMs) >= usesMs;
}

/** A message. It always gets a reply: an entry that never had an output has nothing. */
export const askCache: CacheCommand<AskCache> = {
  type: "ask_cache",
  codec: AskCache,
  reply: CacheDone,
  decide(entry, { waits, facts, ignoresFailure, auto, ...asker }, step) {
    const isShadow = auto && (step.behaviour < comparesOutputs || !isProven(entry) || isChecked(asker));
    if (isShadow) answer(asker, { miss: shadowMiss(entry) }, step);
    else if (isUsable(entry, asker, step) && !(ignoresFailure && entry.error !== undefined)) {
      answer(asker, foundIn(entry), step);
      if (step.behaviour >= knownBy && isUseDue(entry, step.nowMs))
        step.emit(outputUsed, { useMs: step.nowMs });
    } else if (waits && step.behaviour >= singleFlight) joinFlight(entry, asker, step, facts);
    else answer(asker, { miss: missOf(entry, step.nowMs) }, step);
    return done;
  },
};

/** Returns whether the output is fresh, or another task computes a new one. */
function isUsable(entry: ReadOnly<CacheEntry>, asker: CacheAsker, { nowMs }: CacheStep): boolean {
  const { present, dueMs, computing } = entry;
  if (!present || nowMs >= removalMs(entry)) return false;
  if (nowMs < dueMs) return true;
  return computing !== undefined && !isSame(computing, asker);
}

/** A message. The latest output counts. */
export const storeOutput: CacheCommand<StoreOutput> = {
  type: "store_output",
  codec: StoreOutput,
  reply: CacheDone,
  decide(entry, stored, step) {
    const { output, ttlMs, staleMs, error, runId, taskId, agent, startMs, auto } = stored;
    if (auto && step.behaviour < comparesOutputs) return done;
    if (startMs > 0 && startMs < entry.invalidMs) {
      // Usually another task computes by now. Otherwise the clock of this task is behind.
      if (entry.computing?.runId === runId && entry.computing.taskId === taskId) replace(entry, step);
      return done;
    }
    const knows = step.behaviour >= knownBy;
    if (!(ttlMs > 0) || (error !== undefined && !knows)) {
      if (entry.computing !== undefined) replace(entry, step);
      return done;
    }
    const { nowMs } = step;
    const isEqual = auto && error === undefined && compareOutput(entry, output, step);
    if (isEqual && entry.present && entry.error === undefined && nowMs < entry.dueMs) return done;
    const dueMs = nowMs + Math.min(ttlMs, ttlMaxMs);
    const keepMs = knows ? Math.min(dueMs + Math.max(0, staleMs), nowMs + ttlMaxMs) : 0;
    // A process of an earlier release does not report it.
    const sinceOfferMs = startMs > 0 ? Math.max(0, nowMs - startMs) : 0;
    const computeMs = stored.computeMs > 0 ? stored.computeMs : sinceOfferMs;
    const facts = knows ? stored.facts : undefined;
    const by = knows
      ? { runId, taskId, agent, computeMs }
      : { runId: "", taskId: "", agent: "", computeMs: 0 };
    step.emit(outputStored, { output, storeMs: nowMs, dueMs, keepMs, error, facts, ...by });
    if (entry.computing !== undefined) step.emit(computingEnded, {});
    answerWaiters(entry, step);
    return done;
  },
};

export const forgetOutput: CacheCommand<ForgetOutput> = {
  type: "forget_output",
  codec: ForgetOutput,
  reply: CacheDone,
  decide(entry, { evictStoreMs, unreadable }, step) {
    if (evictStoreMs > 0) {
      // Another output was stored meanwhile, or the waiters do not have this one yet.
      if (!entry.present || entry.storeMs !== evictStoreMs || entry.nextMs > 0) return done;
      step.emit(outputForgotten, {
        forgetMs: step.nowMs,
        invalidated: false,
        evicted: true,
        unreadable: false,
      });
      return done;
    }
    const isComputed = entry.computing !== undefined && step.behaviour >= knownBy;
    if (entry.present || isComputed)
      step.emit(outputForgotten, {
        forgetMs: step.nowMs,
        invalidated: step.behaviour >= knownBy,
        evicted: false,
        unreadable,
      });
    // Its output would be outdated.
    if (isComputed) replace(entry, step);
    return done;
  },
};

const ended = WorkStatus.WORK_STATUS_COMPLETED;

export const cache = entity({
  kind: "cache",
  behaviour: comparesOutputs,
  create: newEntry,
  commands: [askCache, storeOutput, forgetOutput, reportComputing],
  events: [
    outputStored,
    outputForgotten,
    outputUsed,
    outputCompared,
    computingStarted,
    computingChecked,
    computingEnded,
    waiterAdded,
    waitersAnswered,
  ],
  expire(entry, timer, step) {
    if (timer === timers.output)
      step.emit(outputForgotten, {
        forgetMs: step.nowMs,
        invalidated: false,
        evicted: false,
        unreadable: false,
      });
    else if (timer === timers.check) checkAgain(entry, step);
    else if (entry.present) answerWaiters(entry, step);
    // The output was removed before all waiters had it.
    else replace(entry, step);
  },
  queries: [showEntry],
  recover(entry, outstanding) {
    const { present, computing, checkMs, nextMs } = entry;
    if (present) outstanding.timer(timers.output, removalMs(entry));
    if (computing !== undefined) outstanding.timer(timers.check, checkMs);
    if (nextMs > 0) outstanding.timer(timers.next, nextMs);
  },
  snapshot: { codec: CacheSnapshotV1, of: snapshotOf, from: entryOf },
  status: ({ used, present, computing, waiters }) =>
    present || computing !== undefined || waiters.length > 0
      ? WorkStatus.WORK_STATUS_RUNNING
      : used
        ? ended
        : WorkStatus.WORK_STATUS_UNSPECIFIED,
  labels: cacheLabels,
  idChosen: false,
});
