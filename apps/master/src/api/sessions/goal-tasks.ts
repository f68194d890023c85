/** Reads the result of breaking down a goal as tasks of an HTTP request, with the same checks. */

import type { FieldViolation } from "@tutti/contracts/rpc";
import { SessionSpec, sessionService } from "@tutti/contracts/session/v1";
import type { TaskList } from "@tutti/contracts/types/v1";
import { withNeedConditions } from "@tutti/definitions";
import { Mapping, schema } from "@tutti/rest/json";
import type { ReadTasks } from "@tutti/sessions";
import { checkDemands } from "../../resources/demands.ts";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { checkTasks } from "./capabilities.ts";
import type { SessionDependencies } from "./dependencies.ts";

const mapping = new Mapping(schema);

export function tasksReader(
  dependencies: Pick<
    SessionDependencies,
    "registry" | "agents" | "resources" | "recentOfferings" | "foundation"
  >,
): ReadTasks {
  return async (namespace, spec, output) => {
    const list = listIn(output);
    const caller = { namespace, options: {} };
    await checkTasks(dependencies, list.tasks, spec.pool, caller);
    await checkDemands(dependencies, list.tasks, spec, caller);
    return list;
  };
}

/** Returns a list of tasks, or one with its output. */
function listIn(output: unknown): TaskList {
  const json = Array.isArray(output) ? { tasks: output } : output;
  const value = mapping.read("tutti.types.v1.TaskList", json) as unknown as TaskList;
  const found: FieldViolation[] = [];
  const spec = { ...SessionSpec.create(), work: { $case: "tasks" as const, value } };
  const request = { namespace: "", sessionId: "", spec, parent: undefined, idempotencyKey: "" };
  sessionService.methods.executeSession.check(request, found);
  if (value.input !== undefined)
    found.push({ field: "input", message: "expected none, because tasks see that of the goal" });
  const [first] = found;
  if (first === undefined) return { ...value, tasks: withNeedConditions(value.tasks) };
  const problem = `${first.field.replace("spec.tasks.", "")}: ${first.message}`;
  throw sessionServiceErrors.tasksUnreadable({ problem });
}
