/**
 * The cost of an AI agent in addition to its model calls. `call`: sequential model calls, in which each answer is
 * recorded and nothing runs in between. `turn`: with a tool call by a worker between them, which is recorded too.
 */
import { silentLogger } from "@tutti/kernel";
import { agents as agentFunctions } from "@tutti/sdk/agents";
import { connect } from "@tutti/sdk/client";
import { serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel } from "@tutti/sdk/testing";
import { Worker } from "@tutti/sdk/worker";
import { Latencies, rounded } from "../measure/statistics.ts";
import { startPlatform } from "../processes/platform.ts";
import type { Result, Scenario } from "../scenario.ts";

const turns = 40;
const warmRuns = 10;
const runsPerRound = 5;

const definition = `workflow: loop
tasks:
  answer:
    agent: {model: "scripted:small", instructions: Count., prompt: "start", tools: [bench.add], max: ${turns + 5}}
`;

/** The tool that the model calls. An agent answers a call of an unknown tool itself. */
const tools = { turn: "bench_add", call: "bench_unknown" } as const;
type Variant = keyof typeof tools;

export const agents: Scenario = {
  name: "agents",
  about:
    "model calls of an AI agent, also with a tool call by a worker in between, compared with the model call alone",
  goals: [
    {
      line: { variant: "call" },
      figure: "overheadP50Ms",
      atMost: 3,
      unit: "ms",
      compared: ["turnP50Ms", "modelCallP50Ms"],
      known: { issue: 24, worst: 30 },
    },
  ],
  async *run({ rounds }) {
    await using stack = new AsyncDisposableStack();
    /** When each request of the run arrived. */
    let arrivals: number[] = [];
    let variant: Variant = "call";
    const model = new ScriptedModel(() => {
      arrivals.push(performance.now());
      if (arrivals.length > turns) return { text: "done" };
      return { text: "next", calls: [{ name: tools[variant], input: { n: arrivals.length } }] };
    });
    const served = await serveModel(model);
    stack.defer(() => served.close());
    const platform = stack.use(await startPlatform());
    // The default connection of workers.
    const address = `${platform.http.replace("http", "ws")}/v1/link`;
    const worker = new Worker({ address }, { logger: silentLogger });
    const inputSchema = { type: "object", properties: { n: { type: "integer" } } };
    worker.handle("bench.add", async ({ n }: { readonly n: number }) => n + 1, { inputSchema });
    const providers = { scripted: { speaks: "messages", url: served.url } } as const;
    worker.durable(agentFunctions({ server: platform.http, providers }));
    await worker.start();
    stack.defer(() => worker.stop());
    const tutti = await connect({ address: platform.grpc });
    stack.defer(() => tutti.close());
    await tutti.workflows.register(definition);

    const looped = async () => {
      arrivals = [];
      model.requests.length = 0;
      const run = await tutti.run("loop");
      await run.result();
      return arrivals.slice(1).map((atMs, at) => atMs - (arrivals[at] ?? 0));
    };
    for (variant of ["call", "turn"] as const) {
      for (let run = 0; run < warmRuns; run++) await looped();
      const latencies = new Latencies();
      const alone = new Latencies();
      for (let run = 0; run < rounds * runsPerRound; run++) {
        for (const ms of await looped()) latencies.add(ms);
        for (const ms of await calledAlone(served.url, model.requests[turns / 2]?.body)) alone.add(ms);
      }
      yield figuresOf(variant, latencies, alone);
    }
  },
};

/** Measures the same request without an agent, from the middle of its conversation. */
async function calledAlone(url: string, body: unknown): Promise<readonly number[]> {
  const latencies: number[] = [];
  for (let call = 0; call < turns; call++) {
    const startMs = performance.now();
    const response = await fetch(`${url}/v1/messages`, { method: "POST", body: JSON.stringify(body) });
    await response.text();
    latencies.push(performance.now() - startMs);
  }
  return latencies;
}

function figuresOf(variant: Variant, latencies: Latencies, alone: Latencies): Result {
  const turn = latencies.quantiles();
  const modelCallP50Ms = alone.quantiles().p50Ms;
  return {
    variant,
    turnP50Ms: rounded(turn.p50Ms),
    turnP99Ms: rounded(turn.p99Ms),
    modelCallP50Ms: rounded(modelCallP50Ms),
    overheadP50Ms: rounded(turn.p50Ms - modelCallP50Ms),
  };
}
