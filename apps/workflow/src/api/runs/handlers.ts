/** What is answered about runs. */
import type { Explanation } from "@tutti/contracts/types/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import { cancelRun, explain, pauseRun, terminateRun } from "@tutti/machine-run";
import type { Handlers } from "@tutti/mesh";
import { awaitRun, watchRun } from "./awaiting.ts";
import { askRun, type RunDesk, runNamed } from "./desk.ts";
import { countRuns, listRuns, watchRuns } from "./listing.ts";
import { startRun, startRuns } from "./starting.ts";
import { label, reset, resume, retry, signal, signalRuns, steer } from "./steering.ts";

const { queryRun, updateRun, deleteRun, ...methods } = runService.methods;
/** Whoever calls the rest is told that it is not served. */
export const servedRuns = { ...runService, methods };

export function runHandlers(desk: RunDesk): Handlers<typeof servedRuns> {
  return {
    startRun: (request, context) => startRun(desk, request, context),
    startRuns: (requests, context) => startRuns(desk, requests, context),
    async getRun({ runId, atEvent }, context) {
      return { run: await runNamed(desk, runId, { atEvent }, context) };
    },
    listRuns: (request, context) => listRuns(desk, request, context),
    countRuns: (request, context) => countRuns(desk, request, context),
    watchRuns: (request, context) => watchRuns(desk, request, context),
    watchRun: (request, context) => watchRun(desk, request, context),
    awaitRun: (request, context) => awaitRun(desk, request, context),
    signalRun: (request, context) => signal(desk, request, context),
    signalRuns: (requests, context) => signalRuns(desk, requests, context),
    labelRun: (request, context) => label(desk, request, context),
    pauseRun: (request, context) => steer(desk, pauseRun, request, context),
    resumeRun: (request, context) => resume(desk, request, context),
    cancelRun: (request, context) => steer(desk, cancelRun, request, context),
    terminateRun: (request, context) => steer(desk, terminateRun, request, context),
    retryRun: (request, context) => retry(desk, request, context),
    resetRun: (request, context) => reset(desk, request, context),
    async explainRun({ runId, taskId }, context) {
      const asked = { query: explain, body: { taskId } };
      return { explanation: (await askRun(desk, runId, asked, context)) as Explanation };
    },
  };
}
