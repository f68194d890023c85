/** Data for the workers of a session: its tasks by number, their parts and their statuses. */
import type { TaskOutcome } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { sessionErrors } from "../errors.ts";
import type { Session, SessionView } from "../state.ts";
import { endOf, workMessage } from "./messages.ts";

export const showWork: Query<Session, undefined, SessionView> = {
  type: "session_work",
  answer: (session, _, { key }) =>
    session.order === undefined ? sessionErrors.missing.refusal({ id: key.id }) : session,
};

/** Returns the outcomes of ended tasks, for parts that refer to them. */
export const taskOutcomes: Query<Session, { readonly taskIds: readonly string[] }, readonly TaskOutcome[]> = {
  type: "task_outcomes",
  answer: (session, { taskIds }) =>
    taskIds.flatMap((taskId) => {
      const task = session.tasks[session.byId.get(taskId) ?? -1];
      const outcome = task === undefined ? undefined : endOf(task);
      if (task === undefined || outcome === undefined) return [];
      const part = session.parts[task.part];
      const work = part === undefined ? undefined : workMessage(session, part, taskId);
      // The usage is recorded in the part that executed the task.
      return [{ taskId, outcome, used: undefined, work }];
    }),
};
