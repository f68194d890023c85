import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { type OtlpReceiver, otlpReceiver } from "@tutti/telemetry/testing";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { addressesOf, Cluster, usualShape } from "../src/index.ts";

export const natsServer = await natsServerProgram();
export const shape = {
  ...usualShape,
  processes: { registry: 2, governance: 1, workflow: 2, swarm: 2, master: 1, insight: 1, gateway: 2 },
};

export const definition = `workflow: order
tasks:
  reserve: {uses: stock.reserve, with: {article: violin}}
  boxes: {needs: [reserve], forEach: "\${{ [1, 2, 3] }}", uses: stock.reserve, with: {box: "\${{ item }}"}}
output: "\${{ tasks.boxes.output }}"
`;

export interface Timeline {
  readonly traceId: string;
  readonly spans: readonly { readonly spanId: string; readonly task?: string; readonly kind: string }[];
}

const output = [{ box: 1 }, { box: 2 }, { box: 3 }];

/** Returns the processes of a cluster with three NATS servers and a worker, for the tests of a suite. */
export function runningCluster() {
  const stopping = new AbortController();
  let directory: string;
  let collector: OtlpReceiver;
  let cluster: Cluster;
  let front: string;
  let worker: Worker;
  /** Traces that agents received, by session. */
  const tracesAtWork = new Map<string, string | undefined>();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-cluster-"));
    endWithProcess(directory);
    collector = await otlpReceiver();
    cluster = await Cluster.create({
      ...{ directory, shape, natsServer: natsServer.path },
      // Untraced work is not recorded.
      environment: {
        ...process.env,
        TUTTI_TRACING_OTLP_ENDPOINT: collector.endpoint,
        TUTTI_TRACING_SAMPLE_RATIO: "0",
      },
      moduleOf: serviceProgram,
    });
    await cluster.up(stopping.signal);
    const { http } = addressesOf(cluster.member("gateway-1").planned);
    front = http;
    const address = `${http.replace("http:", "ws:")}/v1/link`;
    worker = new Worker({ slots: 32, address });
    worker.handle("stock.reserve", async (input: unknown) => input);
    worker.handle("stock.count", async (_input, { workKind, workId, trace }) => {
      tracesAtWork.set(workId.split("..")[0] ?? "", trace?.traceId);
      // An attempt that ends faster has no recorded start.
      await until(
        "its start is recorded",
        () => get<Timeline>(`/v1/${workKind}s/${workId}/timeline`),
        ({ spans }) => spans.some(({ kind }) => kind === "attempt"),
      );
    });
    await worker.start();
    await post("/v1/workflows", { format: "yaml", text: definition });
  });

  after(async () => {
    stopping.abort();
    await worker?.stop();
    await cluster?.down();
    await collector?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  function sent(method: string, path: string, body: unknown, more: Record<string, string> = {}) {
    const headers = { "content-type": "application/json", ...more };
    return fetch(`${front}${path}`, { method, headers, body: JSON.stringify(body) });
  }

  async function post(path: string, body: unknown, more: Record<string, string> = {}): Promise<void> {
    const reply = await sent("POST", path, body, more);
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.text()}`);
  }

  async function put(path: string, body: unknown): Promise<void> {
    const reply = await sent("PUT", path, body);
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.text()}`);
  }

  async function get<Body>(path: string): Promise<Body> {
    const reply = await fetch(`${front}${path}`);
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.clone().text()}`);
    return (await reply.json()) as Body;
  }

  /** Starts runs. Every request must succeed, during any fault. */
  async function started(
    ids: readonly string[],
    during: () => Promise<void> = async () => {},
  ): Promise<void> {
    const starting = (async () => {
      for (const runId of ids) await post("/v1/runs", { runId, definition: { name: "order" } });
    })();
    await Promise.all([starting, during()]);
  }

  async function allEnd(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const run = await get<{ status: string; outcome: { completed: unknown } }>(
        `/v1/runs/${id}/result?waitMs=30000`,
      );
      assert.deepEqual([run.status, run.outcome.completed], ["completed", output], id);
    }
  }

  const idsOf = (name: string, count: number) =>
    Array.from({ length: count }, (_, number) => `${name}-${number}`);

  return {
    ...{ stopping, tracesAtWork, sent, post, put, get, started, allEnd, idsOf },
    get directory() {
      return directory;
    },
    get collector() {
      return collector;
    },
    get cluster() {
      return cluster;
    },
    get worker() {
      return worker;
    },
  };
}
