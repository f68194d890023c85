/** What becomes of attempts at tasks of missions, in the words that runs have for it too. */
import {
  completeTask,
  failTask,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  returnTask,
} from "@tutti/machine-mission";
import type { AttemptCommands } from "@tutti/offers";

export const missionAttemptCommands: AttemptCommands = {
  completed: (given, { agent, runMs, used }) => ({
    command: completeTask,
    body: { ...given, agent, runMs, used },
  }),
  failed: (error, { agent, runMs, used }) => ({ command: failTask, body: { error, agent, runMs, used } }),
  lost: (loss) => ({ command: returnTask, body: { ...loss, retryAfterMs: 0, lost: true } }),
  begun: (agent, startMs) => ({ command: noteAttempt, body: { agent, startMs } }),
  progress: (saved, fraction, message) => ({ command: noteProgress, body: { saved, fraction, message } }),
  asked: (agent, calls) => ({ command: noteModelCalls, body: { agent, calls } }),
  // Who waits for the end of a mission looks for it.
  answered() {},
};
