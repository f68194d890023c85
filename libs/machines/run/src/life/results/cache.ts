import { AnswerCache, RunDone } from "@tutti/contracts/workflow/v1";
import { dataOfPayload, StepBudget } from "@tutti/machine-work";
import { complete } from "../../core/attempt/outcome.ts";
import { placeOf } from "../../core/node/task-kind.ts";
import { findNode } from "../../core/state/places.ts";
import type { RunCommand } from "../../core/state/state.ts";
import { doItself, isAsking, visitNumberOf } from "../../kinds/cache/cache.ts";
import { advance } from "../advance/advance.ts";

/** A letter of the cache. One to a visit that is over, or that waits no longer, says nothing. */
export const answerCache: RunCommand<AnswerCache, RunDone> = {
  type: "answer_cache",
  codec: AnswerCache,
  reply: RunDone,
  decide(run, { taskId, visit, found, output }, step) {
    const number = findNode(run, taskId);
    const node = number === undefined ? undefined : run.nodes[number];
    if (node === undefined || visitNumberOf(run, node.number) !== visit || !isAsking(node)) return {};
    const place = placeOf(run, node.number, step, new StepBudget());
    if (found) complete(place, dataOfPayload(output), { fromCache: true });
    else doItself(place);
    advance(run, step);
    return {};
  },
};
