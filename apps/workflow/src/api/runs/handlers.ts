/** The rpcs of runs. */
import type { runService } from "@tutti/contracts/workflow/v1";
import { pauseRun, terminateRun } from "@tutti/machine-run";
import type { Handlers } from "@tutti/mesh";
import { awaitRun, watchRun } from "./awaiting.ts";
import { type RunDependencies, runNamed } from "./dependencies.ts";
import { type ExplainDependencies, explainRun } from "./explaining.ts";
import { countRuns, listRuns, watchRuns } from "./listing.ts";
import { move } from "./moving.ts";
import { type ReadingDependencies, readHistory } from "./reading.ts";
import { reset } from "./resetting.ts";
import { signalRuns } from "./signalling.ts";
import { startRun, startRuns } from "./starting.ts";
import { cancel, label, query, remove, resume, retry, signal, steer, update } from "./steering.ts";

export function runHandlers(
  dependencies: RunDependencies & ExplainDependencies & ReadingDependencies,
): Handlers<typeof runService> {
  return {
    startRun: (request, context) => startRun(dependencies, request, context),
    startRuns: (requests, context) => startRuns(dependencies, requests, context),
    async getRun({ runId, atEvent }, context) {
      return { run: await runNamed(dependencies, runId, { atEvent }, context) };
    },
    listRuns: (request, context) => listRuns(dependencies, request, context),
    countRuns: (request, context) => countRuns(dependencies, request, context),
    watchRuns: (request, context) => watchRuns(dependencies, request, context),
    watchRun: (request, context) => watchRun(dependencies, request, context),
    awaitRun: (request, context) => awaitRun(dependencies, request, context),
    signalRun: (request, context) => signal(dependencies, request, context),
    signalRuns: (requests, context) => signalRuns(dependencies, requests, context),
    queryRun: (request, context) => query(dependencies, request, context),
    updateRun: (request, context) => update(dependencies, request, context),
    labelRun: (request, context) => label(dependencies, request, context),
    pauseRun: (request, context) => steer(dependencies, pauseRun, request, context),
    resumeRun: (request, context) => resume(dependencies, request, context),
    cancelRun: (request, context) => cancel(dependencies, request, context),
    terminateRun: (request, context) => steer(dependencies, terminateRun, request, context),
    retryRun: (request, context) => retry(dependencies, request, context),
    resetRun: (request, context) => reset(dependencies, request, context),
    moveRun: (request, context) => move(dependencies, request, context),
    deleteRun: (request, context) => remove(dependencies, request, context),
    readHistory: (request, context) => readHistory(dependencies, request, context),
    async explainRun(request, context) {
      return { explanation: await explainRun(dependencies, request, context) };
    },
  };
}
