import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Mission, MissionOutstanding } from "../state.ts";
import { isChild } from "../state.ts";
import { takeBack } from "../task/flow.ts";

/** Nothing new starts: tasks that wait for an agent are taken back, and are ready again. */
export function takeBackQueued(mission: Mission, outstanding: MissionOutstanding): void {
  for (const task of mission.tasks)
    if (task.status === TaskStatus.TASK_STATUS_QUEUED && !isChild(task)) takeBack(mission, task, outstanding);
}
