/** A planning request in the form for planners. */
import type { PlanAgent, PlanRequest, PlanTask } from "@tutti/contracts/intelligence/v1";
import { Agent } from "@tutti/contracts/swarm/v1";
import { TaskSpec } from "@tutti/contracts/types/v1";
import type { IntendedTask, PresentAgent } from "@tutti/planner";
import { intendedOf, presentIn } from "@tutti/sessions";
import { planningErrors } from "./errors.ts";

/** Tasks, and their definition. Empty without a definition. */
export interface Named {
  readonly tasks: readonly TaskSpec[];
  readonly definition: string;
}

/** Rejects fields of the contract that plans do not use. */
export function checkSupportedFields(request: PlanRequest): void {
  const field = [...unsupportedFields(request)].find(([, isSet]) => isSet)?.[0];
  if (field !== undefined) throw planningErrors.notLookedAt({ field });
}

function* unsupportedFields(request: PlanRequest): Generator<readonly [field: string, isGiven: boolean]> {
  const { tasks, agents, previous, moveThreshold, optimization } = request;
  for (const [at, task] of tasks.entries()) {
    yield [`tasks[${at}].spread_ms`, task.spreadMs > 0];
    yield [`tasks[${at}].started_ago_ms`, task.startedAgoMs !== undefined];
    yield [`tasks[${at}].priority`, task.priority !== 0];
    yield [`tasks[${at}].due_ms`, task.dueMs > 0];
    yield [`tasks[${at}].move_ms`, task.moveMs > 0];
  }
  for (const [at, { speeds }] of agents.entries())
    yield [`agents[${at}].speeds`, Object.keys(speeds).length > 0];
  yield ["previous", previous.length > 0];
  yield ["move_threshold", moveThreshold > 0];
  const { cost = 0, quality = 0 } = optimization ?? {};
  yield ["optimization", cost + quality > 0];
}

export function specsOf(tasks: readonly PlanTask[]): readonly TaskSpec[] {
  return tasks.map(({ taskId: id, needs, capability, versionRange, expectedMs, resources, agents }) =>
    TaskSpec.fromPartial({
      id,
      needs: needs.map((task) => ({ task })),
      versionRange,
      resources,
      work: { $case: "capability", value: capability },
      estimate: { durationMs: expectedMs },
      ...(agents !== undefined && { placement: { require: agents } }),
    }),
  );
}

export function intendedTasks(
  tasks: readonly PlanTask[],
  specs: readonly TaskSpec[],
): readonly IntendedTask[] {
  return specs.map((spec, at) => {
    const { agentId = "" } = tasks[at] ?? {};
    return { ...intendedOf({ order: undefined }, spec), ...(agentId !== "" && { agentId }) };
  });
}

/** Returns agents of the request. They count as members of its pool. */
export function requestedAgents(
  planAgents: readonly PlanAgent[],
  tasks: readonly TaskSpec[],
  pool: string,
): readonly PresentAgent[] {
  const agents = planAgents.map(({ agentId, slots, capabilities, resources, labels }) =>
    Agent.fromPartial({ agentId, pool, offering: { slots, capabilities, resources, labels } }),
  );
  return presentIn(agents, tasks, pool).map((agent, at) => {
    const { speed = 0, freeInMs = 0, moneyPerMs = 0 } = planAgents[at] ?? {};
    return {
      ...agent,
      moneyPerMs,
      ...(speed > 0 && { slowness: 1 / speed }),
      ...(freeInMs > 0 && { busyMs: Array.from({ length: agent.slots }, () => freeInMs) }),
    };
  });
}
