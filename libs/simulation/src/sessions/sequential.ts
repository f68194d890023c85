/**
 * The results of tasks in sequential execution without failures other than those of the work. Nothing here
 * depends on parts, modes, agents or moves, so the result of a session must not depend on these either.
 */
import { NeedCondition, type TaskSpec } from "@tutti/contracts/types/v1";
import { expectedValue, type TaskInput } from "./sessions-plan.ts";

export type SequentialEnd =
  | { readonly outcome: "completed"; readonly value: number }
  | { readonly outcome: "failed" }
  | { readonly outcome: "skipped" };

/** By their ids. */
export function doneInOrder(tasks: readonly TaskSpec[]): ReadonlyMap<string, SequentialEnd> {
  const ends = new Map<string, SequentialEnd>();
  const specs = new Map(tasks.map((task) => [task.id, task]));
  const endOf = (id: string): SequentialEnd => {
    const known = ends.get(id);
    if (known !== undefined) return known;
    const task = specs.get(id);
    if (task === undefined) throw new Error(`there is no task ${id}`);
    for (const need of task.needs) endOf(need.task);
    const end = done(task, (other) => ends.get(other) ?? { outcome: "skipped" });
    ends.set(id, end);
    return end;
  };
  for (const { id } of tasks) endOf(id);
  return ends;
}

/** Returns whether a session with these tasks fails: one of them does, and no task was waiting for that. */
export function failsWith(tasks: readonly TaskSpec[]): boolean {
  const ends = doneInOrder(tasks);
  const awaited = new Set(
    tasks.flatMap(({ needs }) =>
      needs.flatMap(({ task, condition }) =>
        condition === NeedCondition.NEED_CONDITION_FAILURE ||
        condition === NeedCondition.NEED_CONDITION_ALWAYS
          ? [task]
          : [],
      ),
    ),
  );
  return tasks.some(({ id }) => ends.get(id)?.outcome === "failed" && !awaited.has(id));
}

function done(task: TaskSpec, endOf: (id: string) => SequentialEnd): SequentialEnd {
  for (const { task: id, condition } of task.needs) {
    const { outcome } = endOf(id);
    if (condition === NeedCondition.NEED_CONDITION_ALWAYS) continue;
    const expected = condition === NeedCondition.NEED_CONDITION_FAILURE ? "failed" : "completed";
    if (outcome !== expected) return { outcome: "skipped" };
  }
  const valueFrom = (id: string): number => {
    const end = endOf(id);
    if (end.outcome !== "completed") throw new Error(`${task.id} reads ${id}, which has no output`);
    return end.value;
  };
  const threshold = /^tasks\.(\w+)\.output\.value > (\d+)$/.exec(task.when);
  if (threshold !== null && valueFrom(threshold[1] ?? "") <= Number(threshold[2]))
    return { outcome: "skipped" };
  const { seed, fails, of } = taskInputOf(task);
  if (fails < 0) return { outcome: "failed" };
  const values = of.map((text) => valueFrom(/tasks\.(\w+)\./.exec(text)?.[1] ?? ""));
  return { outcome: "completed", value: expectedValue({ seed, fails, of: values }) };
}

/** Returns the work as written, with its expressions. */
function taskInputOf({ input }: TaskSpec): Omit<TaskInput, "of"> & { readonly of: readonly string[] } {
  const bytes = input?.body?.$case === "inline" ? input.body.value : new Uint8Array();
  return JSON.parse(Buffer.from(bytes).toString());
}
