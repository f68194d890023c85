import type { WorkReference } from "@tutti/contracts/types/v1";
import type { Task } from "../parts.ts";

/** The work that a task belongs to, and the task in it. */
export function workOf({ offer, profile }: Task): WorkReference {
  const { namespace, workKind } = profile;
  return { namespace, kind: workKind === "" ? "run" : workKind, id: offer.workId, task: offer.taskId };
}
