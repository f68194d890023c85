/** Tasks of a DAG, their order, and their counterparts in a workflow. */

import type { Json } from "@tutti/expressions";
import { plain } from "./cel.ts";
import { entryOf } from "./foreign-document.ts";
import { NotImported } from "./imported.ts";

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
}

/** Tasks of an expression. */
export interface Group {
  readonly tasks: readonly Task[];
  readonly isList?: boolean;
  /** A label on an edge, without tasks. */
  readonly isLabel?: boolean;
}

/** Trigger rules with a counterpart. */
export const rules: Readonly<Record<string, string>> = {
  all_success: "success",
  all_failed: "failure",
  all_done: "always",
  none_failed: "done",
  none_failed_min_one_success: "done",
  none_failed_or_skipped: "done",
};

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

export function inOrder(tasks: readonly Task[]): readonly Task[] {
  const sorted = new Set<Task>();
  const visit = (task: Task, above: readonly Task[]) => {
    if (above.includes(task))
      throw new NotImported(`line ${task.line}: the task \`${task.title}\` leads to itself`);
    if (sorted.has(task)) return;
    for (const each of task.before) visit(each, [...above, task]);
    sorted.add(task);
  };
  for (const task of tasks) visit(task, []);
  return [...sorted];
}

export function writtenTask({ tree, before, rule, title, id }: Task, canSkip: boolean): Json {
  const on = entryOf(rules, rule) ?? "done";
  const needs = [...before].map(
    (each): Json => (on === "done" || (on === "success" && !canSkip) ? each.id : { task: each.id, on }),
  );
  const choices = [...before].flatMap(({ id: chooser, chooses }) => {
    const output = `tasks[${JSON.stringify(chooser)}].output`;
    if (chooses === "all") return [`${output} == true`];
    const own = JSON.stringify(title);
    return chooses === "ids" ? [`(type(${output}) == list ? ${own} in ${output} : ${output} == ${own})`] : [];
  });
  return {
    ...(title !== id && { title: plain(title.slice(0, 200)) }),
    ...tree,
    ...(needs.length > 0 && { needs }),
    ...(choices.length > 0 && { when: choices.join(" && ") }),
  };
}
