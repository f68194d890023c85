/** Only insight is killed, in a cluster that works. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { addressesOf, Cluster, usualShape } from "../src/index.ts";
import { definition } from "./running-cluster.ts";

const program = await natsServerProgram();
const shape = {
  ...usualShape,
  processes: { registry: 1, governance: 1, workflow: 2, swarm: 1, master: 1, insight: 1, gateway: 1 },
};

interface AlertList {
  readonly alerts: readonly { readonly alertId: string; readonly ruleId: string; readonly status: string }[];
}

interface MetricAnswer {
  readonly source: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly { readonly timeMs: number }[];
  }[];
}

/** The service with arguments of its own, because other services do not know its settings. */
const insightWithReceiver = `process.argv.push(
  "--insight.privateReceivers=true",
  '--insight.receivers={"ops": {"kind": "webhook", "url": "env:OPS_URL"}}',
);
await import(${JSON.stringify(pathToFileURL(serviceProgram("insight")))});
`;

describe("services without insight", { skip: program.skip }, () => {
  const stopping = new AbortController();
  /** Rules in the messages that the receiver of alerts got. */
  const alarms: string[] = [];
  let directory: string;
  let receiver: Server;
  let cluster: Cluster;
  let front: string;
  let worker: Worker;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-cluster-"));
    endWithProcess(directory);
    receiver = createServer((request, response) => {
      void json(request).then((message) => {
        // The cast: a message of insight.
        alarms.push((message as { readonly rule: string }).rule);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const insightProgram = join(directory, "insight.mjs");
    await writeFile(insightProgram, insightWithReceiver);
    const { port } = receiver.address() as AddressInfo;
    cluster = await Cluster.create({
      ...{ directory, shape, natsServer: program.path },
      environment: { ...process.env, OPS_URL: `http://127.0.0.1:${port}/` },
      moduleOf: (service) => (service === "insight" ? insightProgram : serviceProgram(service)),
    });
    await cluster.up(stopping.signal);
    front = addressesOf(cluster.member("gateway-1").planned).http;
    worker = new Worker({ slots: 32, address: `${front.replace("http:", "ws:")}/v1/link` });
    worker.handle("stock.reserve", async (input: unknown) => input);
    await worker.start();
    await post("/v1/workflows", { format: "yaml", text: definition });
  });

  after(async () => {
    stopping.abort();
    await worker?.stop();
    await cluster?.down();
    receiver?.close();
    receiver?.closeAllConnections();
    await rm(directory, { recursive: true, force: true });
  });

  async function post(path: string, body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${front}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.text()}`);
  }

  async function get<Body>(path: string): Promise<Body> {
    const reply = await fetch(`${front}${path}`);
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.clone().text()}`);
    return (await reply.json()) as Body;
  }

  it("lose nothing while insight is killed: facts, series and alerts are complete afterwards", async () => {
    const setRule = (ruleId: string) =>
      until(`rule ${ruleId} is set`, async () => {
        const rule = {
          ...{ title: "Up", severity: "warning", condition: "up > 0.0", everyMs: 1_000, receivers: ["ops"] },
          queries: [{ queryId: "up", metric: "process_uptime_seconds", overSeries: "max" }],
        };
        const headers = { "content-type": "application/json" };
        const request = { method: "PUT", headers, body: JSON.stringify(rule) };
        return (await fetch(`${front}/v1/alert-rules/${ruleId}`, request)).ok;
      });
    const firing = async (ruleId: string) => {
      const { alerts } = await get<AlertList>("/v1/alerts");
      return alerts.filter((alert) => alert.ruleId === ruleId && alert.status === "firing");
    };
    const rowOf = async (sql: string) => {
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", headers, body: JSON.stringify({ sql }) };
      const reply = await fetch(`${front}/v1/query`, request);
      return reply.ok ? ((await reply.json()) as { readonly rows: readonly unknown[][] }).rows[0] : undefined;
    };
    /** Counts calls that only this test makes. */
    const counted = async () => {
      for (let call = 0; call < 2; call++) await get("/v1/pools");
    };
    const sinceMs = Date.now() - 20_000;
    /** Returns the times of uptime values of each engine, in slots of ten seconds. */
    const slots = async () => {
      const past = `name=process_uptime_seconds&fromMs=${sinceMs}&toMs=${Date.now()}`;
      const found = await get<MetricAnswer>(`/v1/metrics/series?${past}`).catch(() => undefined);
      const engines = found?.series.filter(({ labels }) => labels["process"]?.startsWith("workflow")) ?? [];
      return engines.map(({ points }) => points.map(({ timeMs }) => timeMs));
    };
    await setRule("before");
    await until(
      "a slot of both engines",
      async () => (await slots()).filter(({ length }) => length > 0).length >= 2,
    );
    await until("its message", () => alarms.includes("before"));
    await until("the record of its message", async () => {
      const { notifications } = await get<{ notifications: readonly unknown[] }>("/v1/notifications");
      return notifications.length === 0;
    });
    const [alert] = await firing("before");
    await counted();
    const insight = cluster.member("insight-1");
    const { pid } = insight;
    const ids = Array.from({ length: 30 }, (_, number) => `kill-insight-${number}`);
    insight.signal("SIGKILL");
    await counted();
    for (const runId of ids) await post("/v1/runs", { runId, definition: { name: "order" } });
    for (const id of ids) {
      const { status } = await get<{ readonly status: string }>(`/v1/runs/${id}/result?waitMs=30000`);
      assert.equal(status, "completed", id);
    }
    await cluster.ready(stopping.signal);
    assert.notEqual(insight.pid, pid);
    assert.match(insight.lastEnd, /SIGKILL/);

    const work = "SELECT count(DISTINCT id), count(*) FROM runs WHERE id LIKE 'kill-insight-%' AND ended";
    await until(
      "all runs",
      () => rowOf(work),
      (row) => row?.[0] === 30,
    );
    assert.deepEqual(await rowOf(work), [30, 30]);
    const attempts = "SELECT count(*) FROM attempts WHERE work_id LIKE 'kill-insight-%'";
    assert.deepEqual(await rowOf(attempts), [120]);
    const calls = "SELECT sum(calls) FROM calls WHERE route = 'pools.list'";
    await until(
      "all calls",
      () => rowOf(calls),
      (row) => Number(row?.[0]) >= 4,
    );
    assert.deepEqual(await rowOf(calls), [4]);
    const restartMs = Date.now();
    const recorded = await until(
      "the slots since the restart",
      async () => (await slots()).filter((times) => (times.at(-1) ?? 0) >= restartMs),
      ({ length }) => length >= 2,
    );
    for (const times of recorded)
      assert.deepEqual(
        times.slice(1).map((timeMs, at) => timeMs - (times[at] ?? 0)),
        times.slice(1).map(() => 10_000),
        "each slot once, those without insight as well",
      );
    assert.deepEqual(
      (await firing("before")).map(({ alertId }) => alertId),
      [alert?.alertId],
    );
    // Rules are evaluated together, so a message of the other rule would have been sent by now.
    await setRule("after");
    await until("the message of a new rule", () => alarms.includes("after"));
    assert.deepEqual(alarms, ["before", "after"]);
  });
});
