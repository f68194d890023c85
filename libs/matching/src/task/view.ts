import type { TaskView } from "../strategies/strategy.ts";
import type { Task } from "./task.ts";

/** Returns a task as strategies see it. */
export function viewOf({ profile, offer, attempt, demand, extras }: Task): TaskView {
  return {
    capability: demand.requirements.capability,
    definition: profile.definition,
    definitionTask: profile.definitionTask,
    workId: offer.workId,
    attempt,
    key: extras?.stickyKey || extras?.contextKey || "",
  };
}
