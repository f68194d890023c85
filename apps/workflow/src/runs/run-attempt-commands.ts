/** The commands of runs that report attempts. */
import type { TaskAnswered } from "@tutti/contracts/workflow/v1";
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "@tutti/machine-run";
import type { AttemptCommands } from "@tutti/offers";
import type { RunEnds } from "./run-ends.ts";

/** @param ends receives runs that end with an attempt: most do */
export function runAttemptCommands(ends: RunEnds): AttemptCommands {
  return {
    completed: (fields, { agent, runMs, used }) => ({
      command: completeTask,
      body: { ...fields, agent, runMs, used },
    }),
    failed: (error, { agent, runMs, used }) => ({ command: failTask, body: { error, agent, runMs, used } }),
    lost: (loss) => ({ command: returnTask, body: { ...loss, retryAfterMs: 0, lost: true } }),
    started: (agent, startMs) => ({ command: noteAttempt, body: { agent, startMs } }),
    progress: (saved, fraction, message) => ({ command: noteProgress, body: { saved, fraction, message } }),
    calledModels: (agent, calls) => ({ command: noteModelCalls, body: { agent, calls } }),
    answered(namespace, reply) {
      const { ending } = reply as TaskAnswered;
      if (ending !== undefined && namespace !== undefined) ends.report(namespace, ending);
    },
  };
}
