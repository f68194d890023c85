/** Rejects features of tasks that missions do not support, instead of silently ignoring them. */
import { Assignment } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { missionErrors } from "@tutti/machine-mission";

/** @param assignment how tasks of the mission are assigned. Called only if it matters */
export async function requireFitting(
  tasks: readonly TaskSpec[],
  assignment: () => Assignment | Promise<Assignment>,
): Promise<void> {
  for (const { id, compensate, limits } of tasks) {
    if (compensate !== undefined) {
      const problem =
        "expected no `compensate`, because a mission has no compensation. Start a workflow with compensation from the task";
      throw missionErrors.taskInvalid({ task: id, problem });
    }
    if (limits.length > 0 && (await assignment()) === Assignment.ASSIGNMENT_CLAIMED) {
      const problem =
        "expected no limits by key for tasks that are only claimed, because pools enforce limits and a claim bypasses the pool. Offer the tasks instead";
      throw missionErrors.taskInvalid({ task: id, problem });
    }
  }
}
