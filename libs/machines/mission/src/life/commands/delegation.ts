/**
 * Delegation: an agent delegates a part of its claimed task to another agent, with no more rights than its
 * own.
 */
import { type Authority, DelegateTaskReply, DelegateTaskRequest } from "@tutti/contracts/swarm/v1";
import { fromTimestamp, isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import { amountsText, causeOf, cleaned, kinds, noAmounts, rounded } from "@tutti/machine-work";
import { availableOf, limitOf } from "../../core/budget/accounting.ts";
import { hasOwnBudget } from "../../core/state/own-budget.ts";
import type { MissionCommand, MissionView, TaskView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { checkAdded } from "../../kinds/task/check.ts";
import { tasksAdded } from "../../kinds/task/events.ts";
import { checkRepeated } from "../../kinds/trouble/find.ts";
import { boardTask } from "../queries/board-task.ts";
import { boardCommand, notTakingPart } from "../step.ts";
import { claimedTask } from "./claims.ts";

export const delegateTask: MissionCommand<DelegateTaskRequest, DelegateTaskReply> = boardCommand({
  type: "delegate_task",
  codec: DelegateTaskRequest,
  reply: DelegateTaskReply,
  decide(mission, { agentId, claimId, task: spec, toAgentId, authority }, step) {
    const task = claimedTask(mission, claimId, agentId, step.nowMs);
    if (task === undefined || spec === undefined) return missionErrors.claimLost.refusal({ claim: claimId });
    if (toAgentId !== "") {
      const stranger = notTakingPart(mission, toAgentId, step);
      if (stranger !== undefined) return stranger;
    }
    const problem = checkAdded(mission, [spec]);
    if (problem !== undefined) return problem;
    if (spec.needs.some(({ task: needed }) => isAbove(mission, task, needed)))
      return missionErrors.taskInvalid.refusal({
        task: spec.id,
        problem: "expected a part that does not need its own task",
      });
    const granted = narrowed(
      mission,
      task,
      spec.work?.$case === "capability" ? spec.work.value : "",
      authority,
    );
    if (isRefusal(granted)) return granted;
    const event = {
      tasks: [spec],
      parent: task.number,
      authority: granted,
      toAgent: toAgentId,
      fromAgent: agentId,
    };
    step.emit(tasksAdded, { ...event, cause: causeOf(step), addMs: step.nowMs });
    checkRepeated(mission, step, [spec]);
    const part = mission.tasks.at(-1) as TaskView;
    return { task: boardTask(mission, part) };
  },
});

function isAbove({ tasks }: MissionView, task: TaskView, id: string): boolean {
  for (let above: TaskView | undefined = task; above !== undefined; above = tasks[above.parent])
    if (above.spec.id === id) return true;
  return false;
}

/** Returns the rights of the part, limited to the rights of the delegating task. */
function narrowed(
  mission: MissionView,
  { authority: own, reserved }: TaskView,
  capability: string,
  requested: ReadOnly<Authority> | undefined,
): Authority | Refusal {
  const granted = {
    actions: [...(requested?.actions ?? [])],
    capabilities: [...(requested?.capabilities ?? [])],
    budget: requested?.budget === undefined ? undefined : cleaned(requested.budget),
    expireTime: requested?.expireTime ?? own?.expireTime,
    mayDelegate: requested?.mayDelegate ?? false,
  };
  const refuse = (problem: string) => missionErrors.authorityTooWide.refusal({ problem });
  if (own !== undefined) {
    if (!own.mayDelegate)
      return refuse("expected a task that may be delegated further, got one that may not");
    if (!own.capabilities.includes(capability))
      return refuse(
        `expected a part for one of ${own.capabilities.join(", ") || "no capabilities"}, got ${capability || "a child"}`,
      );
    const action = granted.actions.find((each) => !own.actions.includes(each));
    if (action !== undefined) return refuse(`expected actions that the delegator may do, got ${action}`);
    const further = granted.capabilities.find((each) => !own.capabilities.includes(each));
    if (further !== undefined)
      return refuse(`expected capabilities that the delegator may use, got ${further}`);
    const isLonger =
      own.expireTime !== undefined &&
      granted.expireTime !== undefined &&
      fromTimestamp(granted.expireTime) > fromTimestamp(own.expireTime);
    if (isLonger)
      return refuse("expected an authority that ends with the one of the delegator, got a longer one");
  }
  const { budget } = granted;
  if (budget === undefined) return granted;
  // A task with its own budget delegates from that alone. All others delegate from the mission's budget too.
  const isOwn = hasOwnBudget({ authority: own });
  const limit = limitOf(mission);
  const remaining = isOwn ? noAmounts() : availableOf(mission);
  for (const kind of kinds) remaining[kind] = rounded(remaining[kind] + (reserved?.[kind] ?? 0));
  const isShort = kinds.some(
    (kind) => (limit[kind] > 0 || (own?.budget?.[kind] ?? 0) > 0) && budget[kind] > remaining[kind],
  );
  if (isShort)
    return refuse(`expected a budget of at most ${amountsText(remaining)}, got ${amountsText(budget)}`);
  return granted;
}
