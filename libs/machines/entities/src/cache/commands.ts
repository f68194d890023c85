/** An entry is asked, told and made to forget. */
import { AnswerCache, AskCache, CacheDone, ForgetOutput, StoreOutput } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";
import { outputForgotten, outputStored } from "./events.ts";
import { ttlMaxMs } from "./limits.ts";
import type { CacheCommand } from "./state.ts";

const done: CacheDone = {};
const answerMessage: Message<AnswerCache> = { type: "answer_cache", codec: AnswerCache };

/** A letter. It is answered always: an entry that was never told anything has nothing. */
export const askCache: CacheCommand<AskCache, CacheDone> = {
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
export const storeOutput: CacheCommand<StoreOutput, CacheDone> = {
  type: "store_output",
  codec: StoreOutput,
  reply: CacheDone,
  decide(_, { output, ttlMs }, step) {
    if (!(ttlMs > 0)) return done;
    step.emit(outputStored, {
      output,
      storeMs: step.nowMs,
      dueMs: step.nowMs + Math.min(ttlMs, ttlMaxMs),
    });
    return done;
  },
};

export const forgetOutput: CacheCommand<ForgetOutput, CacheDone> = {
  type: "forget_output",
  codec: ForgetOutput,
  reply: CacheDone,
  decide(entry, _, step) {
    if (entry.present) step.emit(outputForgotten, { forgetMs: step.nowMs });
    return done;
  },
};
