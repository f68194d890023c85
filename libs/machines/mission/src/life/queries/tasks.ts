import type { BoardTask } from "@tutti/contracts/swarm/v1";
import type { TaskStatus } from "@tutti/contracts/types/v1";
import type { Query } from "@tutti/kernel";
import { isAtWork, type Mission, type TaskView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { boardTask } from "./board-task.ts";

export interface BoardTasksWanted {
  /** Number of the first task. */
  readonly from: number;
  readonly size: number;
  /** Empty means any. */
  readonly statuses: readonly TaskStatus[];
  readonly claimedBy: string;
  readonly parentTaskId: string;
  readonly text: string;
}

export interface BoardTasksShown {
  readonly tasks: readonly BoardTask[];
  /** Number of the task of the next page; -1 at the end. */
  readonly next: number;
}

/** Tasks that one reply reads. */
const lookedAtMax = 20_000;

export const showBoardTasks: Query<Mission, BoardTasksWanted, BoardTasksShown> = {
  type: "board_tasks",
  answer(mission, wanted) {
    const { from, size } = wanted;
    const tasks: BoardTask[] = [];
    const parent = wanted.parentTaskId === "" ? undefined : (mission.byId.get(wanted.parentTaskId) ?? -2);
    const until = Math.min(mission.tasks.length, from + lookedAtMax);
    for (let number = Math.max(0, from); number < until; number++) {
      const task = mission.tasks[number];
      if (task === undefined || (parent !== undefined && task.parent !== parent) || !isWanted(task, wanted))
        continue;
      if (tasks.length >= size) return { tasks, next: number };
      tasks.push(boardTask(mission, task));
    }
    return { tasks, next: until < mission.tasks.length ? until : -1 };
  },
};

function isWanted(task: TaskView, { statuses, claimedBy, text }: BoardTasksWanted): boolean {
  if (statuses.length > 0 && !statuses.includes(task.status)) return false;
  if (claimedBy !== "" && !(isAtWork(task) && task.agent === claimedBy)) return false;
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
