/** The explanation of work that a pause of the installation blocks until its release. */
import { type Explanation, type Wait, WaitCause } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { Runtime } from "@tutti/runtime";
import { isWaiting, prefaced, waitSince } from "./preface.ts";

/** Whether a task was offered before the pause. It waits for the release, and not for a worker. */
export function isOffered({ cause, subject }: Wait): boolean {
  return cause === WaitCause.WAIT_CAUSE_BUSY && subject === "";
}

/** Returns an explanation that starts with the pause, if there is one. */
export function withPause(
  { runtime }: { readonly runtime: Pick<Runtime, "pauseOf"> },
  key: InstanceKey,
  explanation: Explanation,
): Explanation {
  const pause = runtime.pauseOf(key);
  if (pause === undefined || !isWaiting(explanation)) return explanation;
  const { name, sinceMs } = pause;
  const message = `the installation is paused (${name})`;
  const waits = explanation.waits.filter((wait) => !isOffered(wait));
  return prefaced(
    { ...explanation, waits },
    {
      summary: `The installation is paused (${name}), and starts none of its tasks.`,
      waits: [waitSince(sinceMs, { cause: WaitCause.WAIT_CAUSE_PAUSED, message, subject: name })],
      remedies: [{ text: "Release it.", command: "tutti release --all" }],
    },
  );
}
