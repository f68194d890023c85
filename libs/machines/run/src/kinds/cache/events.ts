import { TaskStatus } from "@tutti/contracts/types/v1";
import { CacheAskedV1, CacheAwaitedV1 } from "@tutti/contracts/workflow/v1";
import { setInput } from "../../core/node/kept.ts";
import { nodeOf, setStatus, startVisit } from "../../core/node/nodes.ts";
import { nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, type RunEvent } from "../../core/state/state.ts";

/** Whether there is an output already is asked first. */
export const cacheAsked: RunEvent<CacheAskedV1> = {
  type: "cache_asked",
  version: 1,
  codec: CacheAskedV1,
  evolve(run, { node: number, key, dueMs, input, details }, outstanding) {
    const node = startVisit(run, number, dueMs - answerMs, outstanding);
    setInput(run, node, input, undefined);
    const detail = detailOf(node);
    detail.details = details;
    detail.cacheKey = key;
    detail.dueMs = dueMs;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    outstanding.timer(timerNumber(number, nodeTimers.cache), dueMs);
  },
};

/** Another task computes the output. */
export const cacheAwaited: RunEvent<CacheAwaitedV1> = {
  type: "cache_awaited",
  version: 1,
  codec: CacheAwaitedV1,
  evolve(run, { node: number, dueMs }, outstanding) {
    detailOf(nodeOf(run, number)).dueMs = dueMs;
    outstanding.timer(timerNumber(number, nodeTimers.cache), dueMs);
  },
};

/** How long an answer of the cache is awaited. Without one the task is done as if there were none. */
export const answerMs = 5_000;
