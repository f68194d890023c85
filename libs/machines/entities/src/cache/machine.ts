/**
 * An entry of the cache, a machine: an output that tasks with the same key may use instead of their own. It ends when
 * its time is over, and restarts with the next output. While a task computes the output, others wait for it: flight.ts.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AskCache,
  CacheDone,
  CacheSnapshotV1,
  ForgetOutput,
  OutputForgottenV1,
  OutputStoredV1,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import { entity } from "../kit/entity.ts";
import {
  type CacheCommand,
  type CacheEvent,
  entryOf,
  newEntry,
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
  joinFlight,
  replace,
  reportComputing,
  waiterAdded,
  waitersAnswered,
} from "./flight.ts";

/** Maximum time to keep an output: a year. A longer request is shortened. */
const ttlMaxMs = 366 * 86_400_000;
const done: CacheDone = {};

const outputStored: CacheEvent<OutputStoredV1> = {
  type: "output_stored",
  version: 1,
  codec: OutputStoredV1,
  blobs: ({ output }) => (output?.body?.$case === "blob" ? [output.body.value.sha256] : []),
  described: true,
  evolve(entry, { output, storeMs, dueMs }, outstanding) {
    Object.assign(entry, { used: true, present: true, output, storeMs, dueMs });
    outstanding.timer(timers.output, dueMs);
  },
};

/** The entry has ended. Another output starts it again. */
const outputForgotten: CacheEvent<OutputForgottenV1> = {
  type: "output_forgotten",
  version: 1,
  codec: OutputForgottenV1,
  described: true,
  evolve(entry, _, outstanding) {
    Object.assign(entry, { present: false, output: undefined, storeMs: 0, dueMs: 0 });
    outstanding.cleared(timers.output);
  },
};

/** A letter. It is answered always: an entry that was never told anything has nothing. */
export const askCache: CacheCommand<AskCache> = {
  type: "ask_cache",
  codec: AskCache,
  reply: CacheDone,
  decide(entry, { waits, ...asker }, step) {
    if (entry.present && step.nowMs < entry.dueMs)
      answer(
        asker,
        { found: true, output: entry.output === undefined ? undefined : { ...entry.output } },
        step,
      );
    else if (waits && step.behaviour >= singleFlight) joinFlight(entry, asker, step);
    else answer(asker, {}, step);
    return done;
  },
};

/** A letter. The latest output counts. */
export const storeOutput: CacheCommand<StoreOutput> = {
  type: "store_output",
  codec: StoreOutput,
  reply: CacheDone,
  decide(entry, { output, ttlMs }, step) {
    if (!(ttlMs > 0)) {
      if (entry.computing !== undefined) replace(entry, step);
      return done;
    }
    const dueMs = step.nowMs + Math.min(ttlMs, ttlMaxMs);
    step.emit(outputStored, { output, storeMs: step.nowMs, dueMs });
    if (entry.computing !== undefined) step.emit(computingEnded, {});
    answerWaiters(entry, step);
    return done;
  },
};

export const forgetOutput: CacheCommand<ForgetOutput> = {
  type: "forget_output",
  codec: ForgetOutput,
  reply: CacheDone,
  decide(entry, _, step) {
    if (entry.present) step.emit(outputForgotten, { forgetMs: step.nowMs });
    return done;
  },
};

const ended = WorkStatus.WORK_STATUS_COMPLETED;

export const cache = entity({
  kind: "cache",
  behaviour: singleFlight,
  create: newEntry,
  commands: [askCache, storeOutput, forgetOutput, reportComputing],
  events: [
    outputStored,
    outputForgotten,
    computingStarted,
    computingChecked,
    computingEnded,
    waiterAdded,
    waitersAnswered,
  ],
  expire(entry, timer, step) {
    if (timer === timers.output) step.emit(outputForgotten, { forgetMs: step.nowMs });
    else if (timer === timers.check) checkAgain(entry, step);
    else if (entry.present) answerWaiters(entry, step);
    // The output was forgotten before all had it.
    else replace(entry, step);
  },
  recover({ present, dueMs, computing, checkMs, nextMs }, outstanding) {
    if (present) outstanding.timer(timers.output, dueMs);
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
  idChosen: false,
});
