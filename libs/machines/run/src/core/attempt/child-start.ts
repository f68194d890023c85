import { ParentClosePolicy } from "@tutti/contracts/workflow/v1";
import { withContent } from "@tutti/machine-work";
import type { StartChild } from "../state/effects.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { taskIdOf } from "../state/places.ts";
import type { Node, Run } from "../state/state.ts";

const closes = {
  cancel: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
  terminate: ParentClosePolicy.PARENT_CLOSE_POLICY_TERMINATE,
  abandon: ParentClosePolicy.PARENT_CLOSE_POLICY_ABANDON,
} as const;

/** The effect that starts the child of a node. */
export function startOf(run: Run, node: Node): StartChild {
  const { range, task: place, input, more, facts } = node;
  const work = range.plan.work(range.plan.task(place));
  const state = stateOfKind(node, "child");
  const isChild = work.kind === "workflow" || work.kind === "mission";
  return {
    kind: "start_child",
    childKind: work.kind === "mission" ? "mission" : "run",
    childId: state?.childId ?? "",
    definition: isChild ? work.definition : "",
    label: isChild ? work.label : "",
    hash: isChild ? work.hash : "",
    input: withContent(input),
    parameters: state?.parameters,
    taskId: taskIdOf(run, node.number),
    root: run.order?.root,
    parentClose: isChild ? closes[work.parentClose] : ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    facts: facts ?? run.facts,
    details: more?.details,
    traceparent: run.order?.traceparent || undefined,
    share: run.order?.share,
    budget: state?.startsAlone === true ? state.aloneBudget : more?.reserved,
  };
}
