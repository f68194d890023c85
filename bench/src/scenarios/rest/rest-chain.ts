import { fileURLToPath } from "node:url";
import { closedLoop } from "../../measure/closed-loop.ts";
import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import { startConversation } from "../../processes/conversation.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";
import { stepsPerChain } from "../chains/chain.ts";
import type { ChainFigures } from "../chains/chain-client.ts";
import type { WorkerQuestion } from "../chains/worker-process.ts";
import { definitions } from "../task/definitions.ts";
import { Caller } from "./caller.ts";

const input = { text: "x".repeat(89) };
const waitMs = 60_000;

/** The same chains on the same platform with the same worker: each started and awaited over REST, and by the batched stream. */
export const restChain: Scenario = {
  name: "rest-chain",
  about: `steps from REST to a worker and back, runs of ${stepsPerChain} tasks, beside the same runs by the batched stream`,
  async *run(budget) {
    await using platform = await startPlatform();
    using setUp = new Caller(platform.http, 1);
    for (const text of definitions) await setUp.must("POST", "/v1/workflows", { text });
    await using worker = await startConversation<WorkerQuestion, ChainFigures, object>([
      fileURLToPath(new URL("../chains/worker-process.ts", import.meta.url)),
      ...[platform.grpc, "generated"],
    ]);
    for (const concurrency of [1, 64]) {
      using caller = new Caller(platform.http, concurrency);
      const figures = await alternate(
        [
          { name: "chain", measure: (seconds) => byStream(worker, concurrency, seconds) },
          { name: "rest", measure: (seconds) => byRest(caller, concurrency, seconds) },
        ],
        budget,
      );
      const [rest, chain] = [figures.get("rest"), figures.get("chain")];
      if (rest === undefined || chain === undefined) continue;
      yield {
        ...{ variant: "start, await", concurrency, stepsPerSec: rounded(rest.stepsPerSec) },
        ...{ p50Ms: rounded(rest.p50Ms), p99Ms: rounded(rest.p99Ms) },
        ...{ chainStepsPerSec: rounded(chain.stepsPerSec), chainP50Ms: rounded(chain.p50Ms) },
        ratio: rounded(rest.stepsPerSec / chain.stepsPerSec),
      };
    }
  },
};

interface Figures {
  readonly [figure: string]: number;
  readonly stepsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function byStream(
  worker: { ask(question: WorkerQuestion): Promise<ChainFigures> },
  concurrency: number,
  seconds: number,
): Promise<Figures> {
  const { stepsPerSec, p50Ms, p99Ms } = await worker.ask({ concurrency, seconds });
  return { stepsPerSec, p50Ms, p99Ms };
}

async function byRest(caller: Caller, concurrency: number, seconds: number): Promise<Figures> {
  const once = async () => {
    const started = await caller.must("POST", "/v1/runs", { definition: "chain", input });
    const { run } = JSON.parse(started.body);
    const ended = await caller.must("GET", `/v1/runs/${run.runId}/result?waitMs=${waitMs}`);
    const { status } = JSON.parse(ended.body);
    if (status !== "completed")
      throw new Error(`expected the run ${run.runId} to be completed, found ${status}`);
    return stepsPerChain;
  };
  const { itemsPerSec, p50Ms, p99Ms } = await closedLoop({ once, concurrency }, seconds);
  return { stepsPerSec: itemsPerSec, p50Ms, p99Ms };
}
