/** What is answered about runs. */
import type { runService } from "@tutti/contracts/workflow/v1";
import { cancelRun, pauseRun, terminateRun } from "@tutti/machine-run";
import type { Handlers } from "@tutti/mesh";
import { awaitRun, watchRun } from "./awaiting.ts";
import { type RunDesk, runNamed } from "./desk.ts";
import { type ExplainDesk, explainRun } from "./explaining.ts";
import { countRuns, listRuns, watchRuns } from "./listing.ts";
import { type ReadingDesk, readHistory } from "./reading.ts";
import { reset } from "./resetting.ts";
import { signalRuns } from "./signalling.ts";
import { startRun, startRuns } from "./starting.ts";
import { label, query, remove, resume, retry, signal, steer, update } from "./steering.ts";

export function runHandlers(desk: RunDesk & ExplainDesk & ReadingDesk): Handlers<typeof runService> {
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
    queryRun: (request, context) => query(desk, request, context),
    updateRun: (request, context) => update(desk, request, context),
    labelRun: (request, context) => label(desk, request, context),
    pauseRun: (request, context) => steer(desk, pauseRun, request, context),
    resumeRun: (request, context) => resume(desk, request, context),
    cancelRun: (request, context) => steer(desk, cancelRun, request, context),
    terminateRun: (request, context) => steer(desk, terminateRun, request, context),
    retryRun: (request, context) => retry(desk, request, context),
    resetRun: (request, context) => reset(desk, request, context),
    deleteRun: (request, context) => remove(desk, request, context),
    readHistory: (request, context) => readHistory(desk, request, context),
    async explainRun(request, context) {
      return { explanation: await explainRun(desk, request, context) };
    },
  };
}
