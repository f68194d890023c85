/** What is said of work of which the installation does nothing until it is released. */
import { type Explanation, type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { Runtime } from "@tutti/runtime";
import { withRemedies } from "./placement.ts";

/** An explanation that begins with the pause, where there is one. */
export function withPause(
  { runtime }: { readonly runtime: Pick<Runtime, "pauseOf"> },
  key: InstanceKey,
  explanation: Explanation,
): Explanation {
  const pause = runtime.pauseOf(key);
  // What has ended waits for nothing.
  if (pause === undefined || !explanation.waits.some(({ present }) => present)) return explanation;
  const { name, sinceMs } = pause;
  const wait: Wait = {
    cause: WaitCause.WAIT_CAUSE_PAUSED,
    message: `the installation is paused (${name})`,
    startTime: toTimestamp(sinceMs),
    endTime: undefined,
    waitedMs: 0,
    present: true,
    subject: name,
    holders: [],
  };
  const said = withRemedies(explanation, [{ text: "Release it.", command: "tutti release --all" }]);
  return {
    ...said,
    summary: `The installation is paused (${name}), and nothing of it is begun. ${said.summary}`,
    waits: [wait, ...said.waits],
  };
}
