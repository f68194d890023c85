/** Checks tasks before they are added: ids, needs, expressions, bounds. */
import { Assignment, type MissionSpec } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { bytesOf, circleProblem, dataOfPayload, gangProblem, taskProblem } from "@tutti/machine-work";
import { storedBytesMax, tasksDefault } from "../../core/state/limits.ts";
import { type MissionView, specOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";

export function checkAdded(mission: MissionView, specs: readonly TaskSpec[]): Refusal | undefined {
  const max = specOf(mission).maxTasks || tasksDefault;
  const found = mission.tasks.length + specs.length;
  if (found > max) return missionErrors.tooManyTasks.refusal({ found, max });
  return checkTasks(specs, specOf(mission), mission);
}

const nothingThere = { byId: new Map<string, number>(), gangs: new Map<string, number[]>(), storedBytes: 0 };

/** @param there the current board */
export function checkTasks(
  specs: readonly TaskSpec[],
  spec: ReadOnly<MissionSpec>,
  there: Pick<MissionView, "byId" | "gangs" | "storedBytes"> = nothingThere,
): Refusal | undefined {
  const { byId, gangs, storedBytes } = there;
  const isThere = (id: string) => byId.has(id);
  const ids = new Set<string>();
  let bytes = storedBytes;
  for (const { id, input } of specs) {
    if (isThere(id) || ids.has(id)) return missionErrors.taskExists.refusal({ task: id });
    ids.add(id);
    bytes += bytesOf(dataOfPayload(input)).length;
  }
  if (bytes > storedBytesMax)
    return missionErrors.tooLarge.refusal({ items: "stored bytes", found: bytes, max: storedBytesMax });
  for (const spec of specs) {
    const problem = taskProblem(spec, (id) => ids.has(id) || isThere(id));
    if (problem !== undefined) return missionErrors.taskInvalid.refusal({ task: spec.id, problem });
  }
  const problem =
    circleProblem(specs, ids) ?? gangProblem(specs, (gang) => gangs.has(gang)) ?? gangMisfit(specs, spec);
  return problem === undefined ? undefined : missionErrors.taskInvalid.refusal(problem);
}

/** A pool starts the members of a gang together. Agents that claim tasks one by one cannot. */
function gangMisfit(
  specs: readonly TaskSpec[],
  { assignment, budget }: ReadOnly<MissionSpec>,
): { readonly task: string; readonly problem: string } | undefined {
  const maxAgents = budget?.maxAgents ?? 0;
  const sizes = new Map<string, number>();
  for (const { id: task, gang } of specs) {
    if (gang === "") continue;
    if (assignment === Assignment.ASSIGNMENT_CLAIMED)
      return {
        task,
        problem: `gang \`${gang}\`: expected tasks that are offered, got a mission whose tasks are claimed`,
      };
    const size = (sizes.get(gang) ?? 0) + 1;
    sizes.set(gang, size);
    if (maxAgents > 0 && size > maxAgents)
      return {
        task,
        problem: `gang \`${gang}\`: expected at most ${maxAgents} members (\`maxAgents\`), got more`,
      };
  }
  return undefined;
}
