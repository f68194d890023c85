import type { BoardTask } from "@tutti/contracts/swarm/v1";
import type { TaskStatus } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { hasRunningAttempt, type Mission, type TaskView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { boardTask } from "./board-task.ts";

export interface ShowBoardTasksOptions {
  /** Number of the first task. */
  readonly from: number;
  readonly size: number;
  /** Empty means any. */
  readonly statuses: readonly TaskStatus[];
  readonly claimedBy: string;
  readonly parentTaskId: string;
  readonly text: string;
}

export interface BoardTasksPage {
  readonly tasks: readonly BoardTask[];
  /** Number of the task of the next page; -1 at the end. */
  readonly next: number;
}

/** Tasks that one reply reads. */
const scannedMax = 20_000;

export const showBoardTasks: Query<Mission, ShowBoardTasksOptions, BoardTasksPage> = {
  type: "board_tasks",
  answer(mission, filter) {
    const { from, size } = filter;
    const tasks: BoardTask[] = [];
    const parent = filter.parentTaskId === "" ? undefined : (mission.byId.get(filter.parentTaskId) ?? -2);
    const until = Math.min(mission.tasks.length, from + scannedMax);
    for (let number = Math.max(0, from); number < until; number++) {
      const task = mission.tasks[number];
      if (task === undefined || (parent !== undefined && task.parent !== parent) || !matches(task, filter))
        continue;
      if (tasks.length >= size) return { tasks, next: number };
      tasks.push(boardTask(mission, task));
    }
    return { tasks, next: until < mission.tasks.length ? until : -1 };
  },
};

function matches(task: TaskView, { statuses, claimedBy, text }: ShowBoardTasksOptions): boolean {
  if (statuses.length > 0 && !statuses.includes(task.status)) return false;
  if (claimedBy !== "" && !(hasRunningAttempt(task) && task.agent === claimedBy)) return false;
  if (text === "") return true;
  const needle = text.toLowerCase();
  return [task.spec.id, task.spec.title, task.error?.message ?? ""].some((each) =>
    each.toLowerCase().includes(needle),
  );
}

export const showBoardTask: Query<Mission, { readonly taskId: string }, BoardTask> = {
  type: "board_task",
  answer(mission, { taskId }, { key }) {
    const task = mission.tasks[mission.byId.get(taskId) ?? -1];
    return task === undefined
      ? missionErrors.taskMissing.refusal({ id: key.id, task: taskId })
      : boardTask(mission, task);
  },
};

/** Returns the number of claimable tasks: waiting agents repeat their request when it changes. */
export const countClaimable: Query<Mission, undefined, number> = {
  type: "claimable",
  answer: ({ claimable }) => claimable.size,
};
