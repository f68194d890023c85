/** Checks whether tasks can belong to a session: ids, needs, expressions, bounds. */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";
import { bytesOf, circleProblem, dataOfPayload, gangProblem, taskProblem } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { storedBytesMax, tasksMax } from "../limits.ts";
import type { SessionView } from "../state.ts";

export function checkTasks(session: SessionView, specs: readonly TaskSpec[]): Refusal | undefined {
  const found = session.tasks.length + specs.length;
  if (found > tasksMax) return sessionErrors.tooMany.refusal({ items: "tasks", found, max: tasksMax });
  const ids = new Set<string>();
  let bytes = session.storedBytes;
  for (const { id, input } of specs) {
    if (ids.has(id)) return invalid(id, "expected every task once, got this id more than once");
    if (session.byId.has(id))
      return invalid(
        id,
        "expected a new task, got a task of the session. Its needs cannot change. Add a task under another id with these needs",
      );
    ids.add(id);
    bytes += bytesOf(dataOfPayload(input)).length;
  }
  if (bytes > storedBytesMax)
    return sessionErrors.tooMany.refusal({
      items: "bytes of inputs and outputs",
      found: bytes,
      max: storedBytesMax,
    });
  for (const spec of specs) {
    const problem = taskProblem(spec, (id) => ids.has(id) || session.byId.has(id));
    if (problem !== undefined) return invalid(spec.id, problem);
  }
  const problem = circleProblem(specs, ids) ?? gangProblem(specs, (gang) => session.gangs.has(gang));
  return problem === undefined ? undefined : invalid(problem.task, problem.problem);
}

function invalid(task: string, problem: string): Refusal {
  return sessionErrors.taskInvalid.refusal({ task, problem });
}
