/** What is answered about tasks of runs, and about what waits for people. */
import { taskService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { decide, listApprovals, watchApprovals } from "./approvals.ts";
import type { TaskDesk } from "./desk.ts";
import { watchOutput } from "./output.ts";
import { listTasks, taskNamed } from "./reading.ts";
import { repair } from "./repairing.ts";
import { timeline } from "./timeline.ts";

const { addTasks, withdrawTasks, bringInOutcomes, ...methods } = taskService.methods;
/** Whoever calls the rest is told that it is not served. */
export const servedTasks = { ...taskService, methods };

export function taskHandlers(desk: TaskDesk): Handlers<typeof servedTasks> {
  return {
    listTasks: (request, context) => listTasks(desk, request, context),
    async getTask(request, context) {
      return { task: await taskNamed(desk, request, context) };
    },
    watchOutput: (request, context) => watchOutput(desk, request, context),
    getTimeline: (request, context) => timeline(desk, request, context),
    repairTask: (request, context) => repair(desk, request, context),
    listApprovals: (request, context) => listApprovals(desk, request, context),
    watchApprovals: (request, context) => watchApprovals(desk, request, context),
    decideApproval: (request, context) => decide(desk, request, context),
  };
}
