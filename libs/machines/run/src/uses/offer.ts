/** What is offered to a pool, made of the state alone. */
import type { Placement } from "@tutti/definitions";
import type { OfferTask } from "../effects.ts";
import { nodeSeen } from "../evaluate/scene.ts";
import { priorityMax } from "../limits.ts";
import { taskIdIn } from "../node/places.ts";
import type { Node, Run } from "../state.ts";

export function offerOf(run: Run, node: Node, isUndo = false): OfferTask {
  const { range, more } = node;
  const { plan } = range;
  const profile = plan.profile(node.task, run.order?.pool ?? "", isUndo);
  const { policy } = profile;
  const { totalMs } = profile.timeouts;
  const readyMs = isUndo ? (more?.undoMs ?? 0) : run.createMs + node.readyAt;
  const { placement } = policy;
  const hasAgents = placement !== null && placement.sameAgentAs.length + placement.notAgentOf.length > 0;
  return {
    kind: "offer_task",
    profile,
    taskId:
      range.owner < 0 && range.round === 1 ? plan.task(node.task).id : taskIdIn(run, range, node.number),
    input: isUndo ? more?.undoInput : node.input,
    attempt: node.tries,
    priority: bound(run.priority + policy.priority),
    readyMs,
    totalDueMs: totalMs > 0 ? readyMs + totalMs : 0,
    dueMs: more?.details?.dueMs || run.dueMs,
    details: more?.details,
    saved: isUndo ? undefined : more?.saved,
    labels: run.labels,
    onlyAgents: hasAgents ? agentsOf(run, node, placement, "sameAgentAs") : nobody,
    notAgents: hasAgents ? agentsOf(run, node, placement, "notAgentOf") : nobody,
  };
}

const nobody: readonly string[] = [];

function bound(priority: number): number {
  return Math.max(-priorityMax, Math.min(priorityMax, priority));
}

/** Who did the tasks that a placement names; those that nobody did say nothing. */
function agentsOf(
  run: Run,
  node: Node,
  placement: Placement,
  which: "sameAgentAs" | "notAgentOf",
): readonly string[] {
  const scene = { run, range: node.range, node: node.number };
  const agents = placement[which].map((task) => run.nodes[nodeSeen(scene, task)]?.agent ?? "");
  return [...new Set(agents.filter((agent) => agent !== ""))];
}
