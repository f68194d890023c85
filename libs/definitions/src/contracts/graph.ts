/** The tasks of a plan as a graph: needs, durations, and possible parallelism. */
import type { Graph as GraphMessage } from "@tutti/contracts/workflow/v1";
import { levelsOf, timingOf, widthOf } from "@tutti/planner";
import type { Plan, PlanTask } from "../plan/plan.ts";
import { graphNodes } from "./messages.ts";

/**
 * Replaces an unknown duration, so that a path of many tasks counts more than a path of few. Never displayed.
 */
const usualMs = 1_000;

export function graphOf(plan: Plan): GraphMessage {
  const nodes = graphNodes(plan);
  if (plan.kind === "states")
    return { nodes, criticalPath: [], criticalPathMs: 0, workMs: 0, width: 1, depth: 1 };
  // Tasks of loops and of lists of actions come after those of the run: they are inside the owner of their scope.
  const [own] = plan.scopes;
  const count = own?.count ?? 0;
  const graph = {
    offsets: plan.edges.offsets.slice(0, count + 1),
    targets: plan.edges.targets.slice(0, plan.edges.offsets[count]),
  };
  const expected = plan.tasks.slice(0, count).map((task) => expectedMs(plan, task));
  const durations = expected.map((ms) => ms ?? usualMs);
  const { criticalPath, lengthMs, workMs, slackMs } = timingOf(graph, durations);
  const isKnown = !expected.includes(undefined);
  const isPathKnown = criticalPath.every((number) => expected[number] !== undefined);
  const places = new Map(plan.tasks.slice(0, count).map(({ id }, number) => [id, number]));
  for (const node of nodes) {
    const number = places.get(node.taskId);
    if (number === undefined) continue;
    node.expectedMs = expected[number] ?? 0;
    if (isKnown) node.slackMs = slackMs[number] ?? 0;
  }
  return {
    nodes,
    criticalPath: criticalPath.map((number) => plan.tasks[number]?.id ?? ""),
    criticalPathMs: isPathKnown ? lengthMs : 0,
    workMs: isKnown ? workMs : 0,
    width: widthOf(graph),
    depth: 1 + levelsOf(graph).reduce((deepest, level) => Math.max(deepest, level), 0),
  };
}

/** Returns the expected duration. Undefined if the definition does not state one. */
function expectedMs(plan: Plan, { policy, work }: PlanTask): number | undefined {
  const hint = plan.policies[policy]?.estimate.durationMs ?? 0;
  if (hint > 0) return hint;
  const planWork = plan.works[work];
  switch (planWork?.kind) {
    case "set":
    case "gate":
      return 0;
    case "waitFor":
      return planWork.ms > 0 ? planWork.ms : undefined;
    default:
      return undefined;
  }
}
