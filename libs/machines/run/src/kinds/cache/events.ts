import { TaskStatus } from "@tutti/contracts/types/v1";
import { CacheAskedV1, CacheAwaitedV1 } from "@tutti/contracts/workflow/v1";
import { setInput } from "../../core/node/data.ts";
import { nodeOf, setStatus, startVisit } from "../../core/node/nodes.ts";
import { nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, type RunEvent } from "../../core/state/state.ts";

/** The cache is asked for an output first. */
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
    detail.cacheMiss = undefined;
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

/** Maximum wait for a reply of the cache. Then the task is executed as if there were no output. */
export const answerMs = 5_000;
