/** What is answered about tasks of runs, and about what waits for people. */
import type { taskService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { add, bringIn, withdraw } from "./additions.ts";
import { decide, listApprovals, watchApprovals } from "./approvals.ts";
import type { TaskDesk } from "./desk.ts";
import { watchOutput } from "./output.ts";
import { listTasks, taskNamed } from "./reading.ts";
import { repair } from "./repairing.ts";
import { timeline } from "./timeline.ts";

export function taskHandlers(desk: TaskDesk): Handlers<typeof taskService> {
  return {
    listTasks: (request, context) => listTasks(desk, request, context),
    async getTask(request, context) {
      return { task: await taskNamed(desk, request, context) };
    },
    watchOutput: (request, context) => watchOutput(desk, request, context),
    getTimeline: (request, context) => timeline(desk, request, context),
    repairTask: (request, context) => repair(desk, request, context),
    addTasks: (request, context) => add(desk, request, context),
    withdrawTasks: (request, context) => withdraw(desk, request, context),
    bringInOutcomes: (request, context) => bringIn(desk, request, context),
    listApprovals: (request, context) => listApprovals(desk, request, context),
    watchApprovals: (request, context) => watchApprovals(desk, request, context),
    decideApproval: (request, context) => decide(desk, request, context),
  };
}
