import type { WorkReference } from "@tutti/contracts/types/v1";
import type { Task, TaskName } from "../task/task.ts";

/** Returns the work that a task belongs to, and the task in it. */
export function workOf(task: Task): WorkReference {
  const { workId, taskId } = task.decodeOffer();
  return { namespace: task.profile.namespace, kind: kindOf(task), id: workId, task: taskId };
}

/** Returns a predicate that finds a task by its reference. */
export function finderOf({ namespace, kind, id, task }: WorkReference): (task: Task) => boolean {
  const utf8 = new TextEncoder();
  const name: TaskName = { id, task, idBytes: utf8.encode(id), taskBytes: utf8.encode(task) };
  return (candidate) =>
    candidate.profile.namespace === namespace && kindOf(candidate) === kind && candidate.isOf(name);
}

export function kindOf({ profile }: Pick<Task, "profile">): string {
  return profile.workKind === "" ? "run" : profile.workKind;
}
