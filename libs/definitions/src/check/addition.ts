import type { Json } from "@tutti/expressions";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import type { Plan } from "../plan/plan.ts";
import { type CheckedDefinition, type CheckOptions, checkWithin } from "./checker.ts";
import { isList, isMembers } from "./shape-checker.ts";

export interface AdditionOptions extends CheckOptions {
  /** Plan of the run, whose input, variables and parameters the added tasks see too. Absent for a run without one. */
  readonly plan?: Plan;
  /** Returns whether the run has a task with this id. */
  readonly exists: (id: string) => boolean;
}

/**
 * Checks tasks that are added to a run. They may need tasks of the run, which are at the end of the plan's tasks as
 * `outside`. An id that the run has already is a problem.
 */
export function checkAddition(
  tasks: Readonly<Record<string, TaskDocument>>,
  options: AdditionOptions,
): CheckedDefinition {
  const { plan, exists } = options;
  const own = new Set(Object.keys(tasks));
  const usedIds = [...own].filter(exists);
  const document: WorkflowDocument = {
    workflow: plan?.name ?? "tasks",
    ...(isSchema(plan?.inputSchema) ? { input: { schema: plan.inputSchema } } : {}),
    ...(plan === undefined || Object.keys(plan.vars).length === 0 ? {} : { vars: plan.vars }),
    tasks,
  };
  const retry = plan?.run.retry && { namespace: plan.run.retry, pools: {} };
  return checkWithin(document as unknown as Json, retry === undefined ? options : { ...options, retry }, {
    exists: (id) => !own.has(id) && exists(id),
    usedIds,
  });
}

function isSchema(schema: Json | undefined): schema is { readonly [key: string]: Json } {
  return isMembers(schema);
}

/** Returns the tasks of the list of a `spawn`, by their ids, or the problem of the list itself. */
export function tasksOfList(
  list: Json,
): { readonly tasks: Readonly<Record<string, TaskDocument>> } | { readonly problem: string } {
  if (!isList(list)) return { problem: "expected a list of tasks, got something else" };
  const tasks: Record<string, TaskDocument> = Object.create(null) as Record<string, TaskDocument>;
  for (const [index, entry] of list.entries()) {
    if (!isMembers(entry) || typeof entry["id"] !== "string")
      return { problem: `expected a task with an \`id\` at place ${index}, got none` };
    const { id, ...task } = entry;
    if (id in tasks)
      return { problem: `expected each id once, got \`${id}\` a second time at place ${index}` };
    tasks[id] = task as TaskDocument;
  }
  return { tasks };
}
