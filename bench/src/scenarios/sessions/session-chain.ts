import { fileURLToPath } from "node:url";
import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import { startConversation } from "../../processes/conversation.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Budget, Goal, Result } from "../../scenario.ts";
import { openCeiling } from "../ceiling/ceiling.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { ChainFigures } from "../chains/chain-client.ts";
import { echoCapability } from "../chains/echo-agent.ts";
import type { WorkerQuestion } from "../chains/worker-process.ts";
import { Caller } from "../rest/caller.ts";
import { type ChainOverRest, throughRest, throughStream } from "../rest/through-rest.ts";
import { definitions } from "../task/definitions.ts";

const modes = ["workflow", "swarm", "intelligence"] as const;

/** Returns the chain as a session, in which each task gets the output of the previous one. */
function overRest(mode: (typeof modes)[number]): ChainOverRest {
  const tasks = Array.from({ length: stepsPerChain }, (_, at) => ({
    id: `step${at + 1}`,
    capability: echoCapability,
    ...(at === 0
      ? { input: { text: "x".repeat(89) } }
      : { input: `\${{ tasks.step${at}.output }}`, needs: [{ task: `step${at}` }] }),
  }));
  return {
    path: "/v1/sessions",
    body: { mode, tasks: { tasks } },
    idIn: (started) => (started as { readonly session: { readonly sessionId: string } }).session.sessionId,
  };
}

export const sessionGoals: readonly Goal[] = [
  { mode: "workflow", worst: 20 },
  { mode: "intelligence", worst: 12 },
].map(({ mode, worst }) => ({
  line: { mode, concurrency: 1 },
  figure: "latencyRatio",
  atMost: 2,
  beside: ["p50Ms", "chainP50Ms"],
  known: { issue: 28, worst },
}));

/**
 * Measures sessions from REST to an agent and back in each mode. The same chains as runs by the batched stream, and the
 * ceiling, run next to them.
 */
export async function* sessionChains(budget: Budget): AsyncIterable<Result> {
  await using platform = await startPlatform();
  using setUp = new Caller(platform.http, 1);
  for (const text of definitions) await setUp.must("POST", "/v1/workflows", { text });
  await using worker = await startConversation<WorkerQuestion, ChainFigures, object>([
    fileURLToPath(new URL("../chains/worker-process.ts", import.meta.url)),
    ...[platform.grpc, "generated"],
  ]);
  await using ceiling = await openCeiling();
  for (const concurrency of budget.isBrief ? [1] : [1, 64]) {
    using caller = new Caller(platform.http, concurrency);
    const figures = await alternate(
      [
        {
          name: "ceiling",
          measure: async (seconds: number) => {
            const { stepsPerSec, p50Ms, p99Ms } = await ceiling.measure(concurrency, seconds);
            return { stepsPerSec, p50Ms, p99Ms };
          },
        },
        { name: "chain", measure: (seconds: number) => throughStream(worker, concurrency, seconds) },
        ...modes.map((mode) => ({
          name: mode,
          measure: (seconds: number) => throughRest(caller, overRest(mode), concurrency, seconds),
        })),
      ],
      budget,
    );
    const [chain, most] = [figures.get("chain"), figures.get("ceiling")];
    for (const mode of modes) {
      const found = figures.get(mode);
      if (found === undefined || chain === undefined || most === undefined) continue;
      yield {
        variant: "start, await",
        mode,
        concurrency,
        stepsPerSec: rounded(found.stepsPerSec),
        p50Ms: rounded(found.p50Ms),
        p99Ms: rounded(found.p99Ms),
        chainStepsPerSec: rounded(chain.stepsPerSec),
        chainP50Ms: rounded(chain.p50Ms),
        ceilingStepsPerSec: rounded(most.stepsPerSec),
        ceilingP50Ms: rounded(most.p50Ms),
        latencyRatio: rounded(found.p50Ms / chain.p50Ms),
        ratio: rounded(found.stepsPerSec / chain.stepsPerSec),
      };
    }
  }
}
