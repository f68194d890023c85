import { AnswerCache, RunDone } from "@tutti/contracts/workflow/v1";
import { dataOfPayload, StepBudget } from "@tutti/machine-work";
import { placeOf } from "../kinds/kind.ts";
import { advance } from "../life/advance.ts";
import { complete } from "../node/outcome.ts";
import { findNode } from "../node/places.ts";
import type { RunCommand } from "../state.ts";
import { doItself, isAsking, visitNumberOf } from "./cached.ts";

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
