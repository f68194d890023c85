import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rounded } from "../../measure/statistics.ts";
import { startConversation } from "../../processes/conversation.ts";
import type { Scenario } from "../../scenario.ts";
import type { EngineGreeting, EngineUsage } from "../chains/engine-process.ts";
import type { LiveFigures, LiveQuestion } from "./live-process.ts";

const runs = 100_000;
const programOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const live: Scenario = {
  name: "live",
  about: `${runs} waiting runs: their memory, and how fast all of them continue after a signal`,
  goals: [
    {
      line: { runs },
      figure: "rssMiB",
      atMost: 400,
      unit: "MiB",
      compared: ["rssMiB", "emptyRssMiB"],
      known: { issue: 28, worst: 1_000 },
    },
  ],
  async *run() {
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    try {
      await using engine = await startConversation<object, EngineUsage, EngineGreeting>([
        ...[programOf("engine-process.ts"), directory, "by hand", "0"],
      ]);
      await using client = await startConversation<LiveQuestion & { what: string }, LiveFigures, object>([
        ...[programOf("live-process.ts"), engine.greeting.address],
      ]);
      const { rssMiB: emptyRssMiB } = await engine.request({});
      const { startsPerSec } = await client.request({ what: "start", runs });
      const { rssMiB } = await engine.request({});
      const { signalsPerSec } = await client.request({ what: "signal", runs });
      yield {
        variant: "waiting for a signal",
        runs,
        rssMiB: rounded(rssMiB),
        emptyRssMiB: rounded(emptyRssMiB),
        startsPerSec: rounded(startsPerSec),
        signalsPerSec: rounded(signalsPerSec),
      };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};
