import {
  AnswerCache,
  CheckComputing,
  ReportComputing,
  RunDone,
  RunPhase,
} from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";
import { bounded, dataOfPayload, StepBudget } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { placeOf } from "../../core/node/task-kind.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { findNode } from "../../core/state/places.ts";
import type { RunCommand } from "../../core/state/state.ts";
import { executeDirectly, isAwaitingCache, isComputing, visitNumberOf } from "../../kinds/cache/cache.ts";
import { cacheAwaited } from "../../kinds/cache/events.ts";
import { advance } from "../advance/advance.ts";

/** A message of the cache. It has no effect for a visit that has ended or no longer waits. */
export const answerCache: RunCommand<AnswerCache, RunDone> = {
  type: "answer_cache",
  codec: AnswerCache,
  reply: RunDone,
  decide(run, { taskId, visit, found, output, waitMs, error, miss }, step) {
    const number = findNode(run, taskId);
    const node = number === undefined ? undefined : run.nodes[number];
    if (node === undefined || visitNumberOf(run, node.number) !== visit || !isAwaitingCache(node)) return {};
    const place = placeOf(run, node.number, step, new StepBudget());
    if (waitMs > 0 && step.behaviour >= behaviours.awaitsCache) {
      step.emit(cacheAwaited, { node: node.number, dueMs: step.nowMs + waitMs });
      return {};
    }
    if (found) complete(place, dataOfPayload(output), { fromCache: true });
    else if (error !== undefined) failForGood(place, bounded(error));
    else executeDirectly(place, miss);
    advance(run, step);
    return {};
  },
};

const reportMessage: Message<ReportComputing> = { type: "report_computing", codec: ReportComputing };

/** A message. It always gets a reply: a run that does not exist computes nothing. */
export const checkComputing: RunCommand<CheckComputing, RunDone> = {
  type: "check_computing",
  codec: CheckComputing,
  reply: RunDone,
  decide(run, { taskId, visit, key }, step) {
    const number = findNode(run, taskId);
    const isGoing = run.phase === RunPhase.RUN_PHASE_GOING;
    const computing = number !== undefined && isGoing && isComputing(run, number, visit, key);
    const entry = { service: "workflow", namespace: step.key.namespace, kind: "cache", id: key };
    step.send(entry, reportMessage, { runId: step.key.id, taskId, visit, computing });
    return {};
  },
};
