import { fileURLToPath } from "node:url";
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
import { type ChainOverRest, throughRest, throughStream } from "./through-rest.ts";

const overRest: ChainOverRest = {
  path: "/v1/runs",
  body: { definition: "chain", input: { text: "x".repeat(89) } },
  idIn: (started) => (started as { readonly run: { readonly runId: string } }).run.runId,
};

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
          { name: "chain", measure: (seconds) => throughStream(worker, concurrency, seconds) },
          { name: "rest", measure: (seconds) => throughRest(caller, overRest, concurrency, seconds) },
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
