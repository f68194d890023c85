import type { SessionTask } from "@tutti/contracts/session/v1";
import type { TaskStatus } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { sessionErrors } from "../errors.ts";
import { partOfId } from "../numbers.ts";
import type { Session } from "../state.ts";
import { taskMessage } from "./messages.ts";

export interface ShowTasksOptions {
  /** Number of the first task. */
  readonly from: number;
  readonly size: number;
  /** Empty means any. */
  readonly statuses: readonly TaskStatus[];
  /** Empty means any. */
  readonly partId: string;
  readonly withPayloads: boolean;
}

export interface TasksPage {
  readonly tasks: readonly SessionTask[];
  /** Number of the task of the next page; -1 at the end. */
  readonly next: number;
}

export const showTasks: Query<Session, ShowTasksOptions, TasksPage> = {
  type: "session_tasks",
  answer(session, { from, size, statuses, partId, withPayloads }, { key }) {
    if (session.order === undefined) return sessionErrors.missing.refusal({ id: key.id });
    const part = partId === "" ? undefined : partOfId(partId);
    if (part !== undefined && session.parts[part] === undefined)
      return sessionErrors.partMissing.refusal({ id: key.id, part: partId });
    const tasks: SessionTask[] = [];
    for (let number = Math.max(0, from); number < session.tasks.length; number++) {
      const task = session.tasks[number];
      if (task === undefined || (part !== undefined && task.part !== part)) continue;
      if (statuses.length > 0 && !statuses.includes(task.status)) continue;
      if (tasks.length >= size) return { tasks, next: number };
      tasks.push(taskMessage(session, task, withPayloads));
    }
    return { tasks, next: -1 };
  },
};
