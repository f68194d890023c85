/** Tasks of a DAG, their order, and their counterparts in a workflow. */

import type { Json } from "@tutti/expressions";
import { plain, template } from "../cel.ts";
import { entryOf } from "../foreign-document.ts";
import { inOrder, NotImported } from "../imported.ts";

export interface Task {
  readonly id: string;
  readonly line: number;
  readonly title: string;
  tree: Record<string, Json>;
  /** Preceding tasks. */
  readonly before: Set<Task>;
  rule: string;
  /** Selects the following tasks: by their ids, or all or none. */
  readonly chooses?: "ids" | "all";
  /** Whether only an order names it. Then no choice of a branch is known to select it, and it always runs. */
  readonly isMissing?: boolean;
}

/** Tasks of an expression. */
export interface Group {
  readonly tasks: readonly Task[];
  readonly isList?: boolean;
  /** A label on an edge, without tasks. */
  readonly isLabel?: boolean;
}

interface Rule {
  /** Ends of those before it that count. */
  readonly on: "success" | "failure" | "always";
  /** Which of them must have failed. A task behind a failed one counts as failed. */
  readonly failed?: "none" | "some";
  /** Whether one of them must have succeeded. */
  readonly hasOneSuccess?: true;
}

/** Trigger rules with a counterpart. */
export const rules: Readonly<Record<string, Rule>> = {
  all_success: { on: "success" },
  all_failed: { on: "failure" },
  all_done: { on: "always" },
  one_failed: { on: "always", failed: "some" },
  one_success: { on: "always", hasOneSuccess: true },
  none_failed: { on: "always", failed: "none" },
  none_failed_min_one_success: { on: "always", failed: "none", hasOneSuccess: true },
  none_failed_or_skipped: { on: "always", failed: "none", hasOneSuccess: true },
};

/** The tasks whose failure makes those before a task fail. One with another rule than these runs nevertheless. */
function failing(task: Task): readonly Task[] {
  const found = new Set(task.before);
  for (const each of found)
    if (
      ["all_success", "none_failed", "none_failed_min_one_success", "none_failed_or_skipped"].includes(
        each.rule,
      )
    )
      for (const above of each.before) found.add(above);
  return [...found];
}

function allBefore(task: Task): readonly Task[] {
  const found = new Set(task.before);
  for (const each of found) for (const above of each.before) found.add(above);
  return [...found];
}

function withStatus(tasks: Iterable<Task>, status: string): string {
  return `(${[...tasks].map(({ id }) => `tasks[${JSON.stringify(id)}].status == "${status}"`).join(" || ")})`;
}

/** Links tasks with their predecessors. Two lists in a chain are linked pairwise. */
export function link(before: Group, behind: Group, isChain = false): void {
  if (isChain && before.isList && behind.isList && before.tasks.length === behind.tasks.length) {
    for (const [index, task] of behind.tasks.entries()) task.before.add(before.tasks[index] as Task);
    return;
  }
  const [ends, starts] = [lastOf(before), firstOf(behind)];
  for (const task of starts) for (const each of ends) task.before.add(each);
}

function firstOf({ tasks, isList }: Group): readonly Task[] {
  return isList ? tasks : tasks.filter((task) => !tasks.some((each) => task.before.has(each)));
}

function lastOf({ tasks, isList }: Group): readonly Task[] {
  return isList ? tasks : tasks.filter((task) => !tasks.some((each) => each.before.has(task)));
}

/** Returns tasks after those before them. */
export function tasksInOrder(tasks: Iterable<Task>): readonly Task[] {
  return inOrder(
    tasks,
    ({ before }) => before,
    ({ line, title }) => new NotImported(`line ${line}: the task \`${title}\` leads to itself`),
  );
}

export function writtenTask(task: Task, canSkip: boolean): Json {
  const { tree, before, rule, title, id, isMissing } = task;
  const { on, failed, hasOneSuccess } = entryOf(rules, rule) ?? { on: "success" };
  const needs = [...before].map(
    (each): Json => (on === "success" && !canSkip ? each.id : { task: each.id, on }),
  );
  const when = [...before].flatMap(({ id: chooser, chooses }) => {
    const output = `tasks[${JSON.stringify(chooser)}].output`;
    if (chooses === "all") return [`${output} == true`];
    const own = JSON.stringify(title);
    return chooses === "ids" && isMissing !== true
      ? [`(type(${output}) == list ? ${own} in ${output} : ${output} == ${own})`]
      : [];
  });
  // A short circuit skips everything behind it, with any rule. One right before the task is above.
  if (on !== "success")
    for (const { id: chooser, chooses } of allBefore(task))
      if (chooses === "all" && ![...before].some((each) => each.id === chooser)) {
        const name = `tasks[${JSON.stringify(chooser)}]`;
        when.push(`(${name}.status != "completed" || ${name}.output == true)`);
      }
  if (before.size > 0 && failed !== undefined)
    when.push(`${failed === "none" ? "!" : ""}${withStatus(failing(task), "failed")}`);
  if (before.size > 0 && hasOneSuccess) when.push(withStatus(before, "completed"));
  return {
    ...(title !== id && { title: plain(title.slice(0, 200)) }),
    ...tree,
    ...(needs.length > 0 && { needs }),
    ...(when.length > 0 && { when: when.join(" && ") }),
  };
}

/** Returns the work of a task that is not translated. */
export function failingWork(id: string): Record<string, Json> {
  return { set: template(`dyn({})[${JSON.stringify(`The task ${id} is not translated.`)}]`) };
}
