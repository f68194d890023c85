/** Whether tasks can come onto the board: ids, needs, expressions, bounds. */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";
import { bytesOf, circleProblem, dataOfPayload, taskProblem } from "@tutti/machine-work";
import { keptBytesMax, tasksDefault } from "../../core/state/limits.ts";
import { type MissionView, specOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";

export function checkAdded(mission: MissionView, specs: readonly TaskSpec[]): Refusal | undefined {
  const max = specOf(mission).maxTasks || tasksDefault;
  const found = mission.tasks.length + specs.length;
  if (found > max) return missionErrors.tooManyTasks.refusal({ found, max });
  return checkTasks(specs, (id) => mission.byId.has(id), mission.keptBytes);
}

/** @param isThere whether a task with an id is on the board already */
export function checkTasks(
  specs: readonly TaskSpec[],
  isThere: (id: string) => boolean,
  keptBytes: number,
): Refusal | undefined {
  const ids = new Set<string>();
  let bytes = keptBytes;
  for (const { id, input } of specs) {
    if (isThere(id) || ids.has(id)) return missionErrors.taskExists.refusal({ task: id });
    ids.add(id);
    bytes += bytesOf(dataOfPayload(input)).length;
  }
  if (bytes > keptBytesMax)
    return missionErrors.tooLarge.refusal({ what: "bytes kept", found: bytes, max: keptBytesMax });
  for (const spec of specs) {
    const problem = taskProblem(spec, (id) => ids.has(id) || isThere(id));
    if (problem !== undefined) return missionErrors.taskInvalid.refusal({ task: spec.id, problem });
  }
  const circle = circleProblem(specs, ids);
  return circle === undefined ? undefined : missionErrors.taskInvalid.refusal(circle);
}
