/** What is answered about tasks of runs, and about what waits for people. */
import type { taskService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { add, bringIn, withdraw } from "./additions.ts";
import { decide, listApprovals, watchApprovals } from "./approvals.ts";
import type { TaskDependencies } from "./dependencies.ts";
import { watchOutput } from "./output.ts";
import { listTasks, taskNamed } from "./reading.ts";
import { repair } from "./repairing.ts";
import { timeline } from "./timeline.ts";

export function taskHandlers(dependencies: TaskDependencies): Handlers<typeof taskService> {
  return {
    listTasks: (request, context) => listTasks(dependencies, request, context),
    async getTask(request, context) {
      return { task: await taskNamed(dependencies, request, context) };
    },
    watchOutput: (request, context) => watchOutput(dependencies, request, context),
    getTimeline: (request, context) => timeline(dependencies, request, context),
    repairTask: (request, context) => repair(dependencies, request, context),
    addTasks: (request, context) => add(dependencies, request, context),
    withdrawTasks: (request, context) => withdraw(dependencies, request, context),
    bringInOutcomes: (request, context) => bringIn(dependencies, request, context),
    listApprovals: (request, context) => listApprovals(dependencies, request, context),
    watchApprovals: (request, context) => watchApprovals(dependencies, request, context),
    decideApproval: (request, context) => decide(dependencies, request, context),
  };
}
