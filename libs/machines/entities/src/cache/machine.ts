/**
 * An entry of the cache, a machine: an output that tasks with the same key may use instead of their own. It ends when
 * its time is over, and restarts with the next output.
 */
import { type Payload, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AnswerCache,
  AskCache,
  CacheDone,
  CacheSnapshotV1,
  ForgetOutput,
  OutputForgottenV1,
  OutputStoredV1,
  StoreOutput,
} from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, Message } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";

/** An output that may be used again, under one key. */
export interface CacheEntry {
  /** Whether there ever was an output. */
  used: boolean;
  /** Whether there is one now. */
  present: boolean;
  /** Absent for null. */
  output: Payload | undefined;
  storeMs: number;
  dueMs: number;
}

type CacheEvent<Body> = MachineEvent<CacheEntry, never, Body>;
type CacheCommand<Body> = Command<CacheEntry, Body, CacheDone, never>;

/** The one timer: the time of the output is over. */
const timer = 1;
/** How long an output is kept at most, whatever is asked for: a year. */
const ttlMaxMs = 366 * 86_400_000;
const done: CacheDone = {};
const answerMessage: Message<AnswerCache> = { type: "answer_cache", codec: AnswerCache };

const outputStored: CacheEvent<OutputStoredV1> = {
  type: "output_stored",
  version: 1,
  codec: OutputStoredV1,
  blobs: ({ output }) => (output?.body?.$case === "blob" ? [output.body.value.sha256] : []),
  described: true,
  evolve(entry, { output, storeMs, dueMs }, outstanding) {
    Object.assign(entry, { used: true, present: true, output, storeMs, dueMs });
    outstanding.timer(timer, dueMs);
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
    outstanding.cleared(timer);
  },
};

/** A letter. It is answered always: an entry that was never told anything has nothing. */
export const askCache: CacheCommand<AskCache> = {
  type: "ask_cache",
  codec: AskCache,
  reply: CacheDone,
  decide(entry, { runId, taskId, visit }, step) {
    const found = entry.present && step.nowMs < entry.dueMs;
    const to = { service: "workflow", namespace: step.key.namespace, kind: "run", id: runId };
    const output = found && entry.output !== undefined ? { ...entry.output } : undefined;
    step.send(to, answerMessage, { taskId, visit, found, output });
    return done;
  },
};

/** A letter. The latest output counts. */
export const storeOutput: CacheCommand<StoreOutput> = {
  type: "store_output",
  codec: StoreOutput,
  reply: CacheDone,
  decide(_, { output, ttlMs }, step) {
    if (!(ttlMs > 0)) return done;
    const dueMs = step.nowMs + Math.min(ttlMs, ttlMaxMs);
    step.emit(outputStored, { output, storeMs: step.nowMs, dueMs });
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
  create: newEntry,
  commands: [askCache, storeOutput, forgetOutput],
  events: [outputStored, outputForgotten],
  expire: (_, __, step) => step.emit(outputForgotten, { forgetMs: step.nowMs }),
  recover({ present, dueMs }, outstanding) {
    if (present) outstanding.timer(timer, dueMs);
  },
  snapshot: {
    codec: CacheSnapshotV1,
    of: (entry: CacheEntry) => entry,
    from: (entry) => ({ ...newEntry(), ...entry }),
  },
  status: ({ used, present }) =>
    present ? WorkStatus.WORK_STATUS_RUNNING : used ? ended : WorkStatus.WORK_STATUS_UNSPECIFIED,
  idChosen: false,
});

function newEntry(): CacheEntry {
  return { used: false, present: false, output: undefined, storeMs: 0, dueMs: 0 };
}
