import { fileURLToPath } from "node:url";
import { agentLinkService } from "@tutti/contracts/agent/v1";
import {
  Configuration,
  type Foundation,
  memorySources,
  silentLogger,
  silentMetrics,
  systemFoundation,
} from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { logSection, metricsSection, openTelemetry, tracingSection } from "@tutti/telemetry";
import { closedLoop, type Loop, type Measured } from "../../measure/closed-loop.ts";
import { alternate, type Contestant } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { bareClient } from "./bare.ts";
import {
  frame,
  linkHandlers,
  questionContract,
  questionHandlers,
  reply,
  request,
  resultsPerFrame,
} from "./echo.ts";

const concurrencies = [1, 64];
const turnsPerRound = 5;

/** Unary calls carry one item, frames of a stream a hundred. Each waits for its answer. */
export const mesh: Scenario = {
  name: "mesh",
  about: "calls and frames per second in-process and over gRPC, beside bare calls and bare grpc-js",
  goals: [
    {
      ...{ line: { transport: "grpc", variant: "unary mesh", concurrency: 64 }, figure: "ratio" },
      ...{ atLeast: 0.5, beside: ["callsPerSec", "ceilingPerSec"] },
    },
    {
      ...{ line: { transport: "grpc", variant: "stream mesh" }, figure: "ratio" },
      ...{ atLeast: 0.8, beside: ["itemsPerSec", "ceilingPerSec"] },
    },
  ],
  async *run(budget) {
    if (!budget.isBrief) yield* inProcess(budget);
    yield* overGrpc(budget);
  },
};

async function* inProcess(budget: Budget): AsyncIterable<Result> {
  const quiet = meshHere(new Mesh({ settings: { transport: "in-process" }, foundation: silence() }));
  const telemetry = await someTelemetry();
  const seen = meshHere(new Mesh({ settings: { transport: "in-process" }, foundation: telemetry }));
  const bare = { unary: async () => (reply.instance === undefined ? 0 : 1) };
  // What telemetry costs is a hundredth: it shows only between short turns that follow each other at once.
  const turns = { rounds: budget.rounds * turnsPerRound, seconds: budget.seconds / turnsPerRound };
  for (const concurrency of concurrencies) {
    const figures = await alternate(
      [
        contestant("ceiling", { once: bare.unary, concurrency }),
        contestant("silent", { once: quiet.unary, concurrency }),
        contestant("telemetry", { once: seen.unary, concurrency }),
      ],
      turns,
    );
    const silent = figures.get("silent");
    const withTelemetry = figures.get("telemetry");
    const share = silent && withTelemetry ? withTelemetry.cpuPerCallUs / silent.cpuPerCallUs - 1 : 0;
    for (const [name, measured] of figures) {
      const extra = name === "telemetry" ? { telemetryPercent: rounded(100 * share) } : {};
      yield lineOf("in-process", `unary ${name}`, concurrency, measured, extra);
    }
  }
  const links = [seen.openLink(), quiet.openLink()] as const;
  const figures = await alternate(
    [
      contestant("silent", { once: links[1], concurrency: 1 }),
      contestant("telemetry", { once: links[0], concurrency: 1 }),
    ],
    budget,
  );
  for (const [name, measured] of figures) yield lineOf("in-process", `stream ${name}`, 1, measured);
}

async function* overGrpc(budget: Budget): AsyncIterable<Result> {
  await using server = await startChild([fileURLToPath(new URL("echo-process.ts", import.meta.url))], {
    until: (line) => JSON.parse(line) as { readonly mesh: string; readonly bare: string },
  });
  const addresses = { registry: [server.said.mesh], agent: [server.said.mesh] };
  const client = new Mesh({
    settings: { transport: "grpc", peers: addresses },
    foundation: { logger: silentLogger },
  });
  const ours = calling(client);
  const bare = bareClient(server.said.bare);
  for (const concurrency of concurrencies) {
    const unary = await alternate(
      [
        contestant("ceiling", { once: bare.unary, concurrency }),
        contestant("mesh", { once: ours.unary, concurrency }),
      ],
      budget,
    );
    yield* beside("unary", concurrency, unary);
  }
  const once = { ours: ours.openLink(), bare: bare.openLink() };
  const streams = await alternate(
    [
      contestant("ceiling", { once: once.bare, concurrency: 1 }),
      contestant("mesh", { once: once.ours, concurrency: 1 }),
    ],
    budget,
  );
  yield* beside("stream", 1, streams);
  bare.close();
  await client.stop();
}

function* beside(
  kind: string,
  concurrency: number,
  figures: ReadonlyMap<string, Measured>,
): Iterable<Result> {
  const ceiling = figures.get("ceiling")?.itemsPerSec ?? 0;
  for (const [name, measured] of figures) {
    const extra =
      name === "mesh"
        ? { ceilingPerSec: rounded(ceiling), ratio: rounded(measured.itemsPerSec / ceiling) }
        : {};
    yield lineOf("grpc", `${kind} ${name}`, concurrency, measured, extra);
  }
}

function contestant(name: string, loop: Loop): Contestant<Measured & Record<string, number>> {
  return { name, measure: async (seconds) => ({ ...(await closedLoop(loop, seconds)) }) };
}

function lineOf(
  transport: string,
  variant: string,
  concurrency: number,
  { callsPerSec, itemsPerSec, p50Ms, p99Ms, cpuPerCallUs }: Measured,
  extra: Readonly<Record<string, number>> = {},
): Result {
  return {
    variant,
    transport,
    concurrency,
    callsPerSec: rounded(callsPerSec),
    itemsPerSec: rounded(itemsPerSec),
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    cpuPerCallUs: rounded(cpuPerCallUs),
    ...extra,
  };
}

function meshHere(here: Mesh) {
  here.serve(questionContract, questionHandlers);
  here.serve(agentLinkService, linkHandlers);
  return calling(here);
}

function calling(caller: Mesh) {
  const registry = caller.client(questionContract);
  const agents = caller.client(agentLinkService);
  return {
    unary: async () => {
      await registry.getInstance(request);
      return 1;
    },
    openLink: () => {
      const outbox = new Outbox<typeof frame>();
      const replies = agents.link(outbox);
      return async () => {
        outbox.put(frame);
        await replies.next();
        return resultsPerFrame;
      };
    },
  };
}

/** One message at a time, for a caller that waits for each answer. */
class Outbox<T> implements AsyncIterable<T> {
  #message: T | undefined;
  #wake: () => void = () => {};

  put(message: T): void {
    this.#message = message;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      const message = this.#message;
      this.#message = undefined;
      yield message;
    }
  }
}

/** Everything that telemetry would do left out, the making of ids too. */
function silence(): Foundation {
  const context = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false };
  const span = { context, set: () => {}, end: () => {} };
  const tracer = { start: () => span, isRecording: false, record: () => {} };
  return systemFoundation({ logger: silentLogger, metrics: silentMetrics, tracer });
}

/** Telemetry as every process has it, without a collector. */
async function someTelemetry() {
  const ports = systemFoundation();
  const sections = [logSection, metricsSection, tracingSection];
  const configuration = Configuration.load({
    sections,
    sources: memorySources({ arguments: ["--log.level=warn"] }),
  });
  const { logger, metrics, tracer } = await openTelemetry({
    ...ports,
    configuration,
    service: "bench",
    instance: "bench",
  });
  return { ...ports, logger, metrics, tracer };
}
