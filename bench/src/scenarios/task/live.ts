import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect } from "@tutti/sdk/client";
import { rounded } from "../../measure/statistics.ts";
import { startConversation } from "../../processes/conversation.ts";
import { memoryOf } from "../../processes/figures.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";
import { waiting } from "./definitions.ts";
import type { LiveFigures, LiveQuestion } from "./live-process.ts";

const runs = 100_000;
/** Runs leave memory within 10 s. A process that has been idle for 30 s returns the memory of the burst. The archive works for a minute. */
const settleMs = 150_000;

/** Memory while the runs wait, and right after they were started. */
export const live: Scenario = {
  name: "live",
  about: `${runs} waiting runs: their memory, and how fast all of them continue after a signal`,
  goals: [
    {
      line: { runs },
      figure: "waitingMiB",
      atMost: 400,
      unit: "MiB",
      compared: ["waitingMiB", "emptyMiB"],
      known: { issue: 28, worst: 700 },
    },
  ],
  async *run() {
    await using platform = await startPlatform("--durable.retention.keepMs=0");
    const tutti = await connect({ address: platform.grpc });
    await tutti.workflows.register(waiting).finally(() => tutti.close());
    await using client = await startConversation<LiveQuestion & { what: string }, LiveFigures, object>([
      ...[fileURLToPath(new URL("live-process.ts", import.meta.url)), platform.grpc],
    ]);
    const { pssMiB: emptyMiB } = memoryOf(platform.pid);
    const { startsPerSec } = await client.request({ what: "start", runs });
    const { pssMiB: startedMiB } = memoryOf(platform.pid);
    await pause(settleMs);
    const { pssMiB: waitingMiB } = memoryOf(platform.pid);
    const { signalsPerSec } = await client.request({ what: "signal", runs });
    yield {
      variant: "waiting for a signal",
      runs,
      waitingMiB: rounded(waitingMiB),
      startedMiB: rounded(startedMiB),
      emptyMiB: rounded(emptyMiB),
      startsPerSec: rounded(startsPerSec),
      signalsPerSec: rounded(signalsPerSec),
    };
  },
};
