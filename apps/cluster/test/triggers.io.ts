/** Events that two gateways receive, of which one is killed: each event is one run. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { addressesOf, Cluster, usualShape } from "../src/index.ts";

const program = await natsServerProgram();
const shape = {
  ...usualShape,
  processes: { registry: 1, governance: 1, workflow: 2, swarm: 1, master: 1, insight: 0, gateway: 2 },
};
const definition = "workflow: order\ntasks: {note: {set: '${{ input.id }}'}}\n";
const trigger = {
  triggerId: "orders",
  source: { event: { type: "shop.order.created" } },
  key: "event.data.order",
  run: { definition: { name: "order" } },
};
const eventsMax = 200;
const ordersMax = 100;

describe("events at two gateways", { skip: program.skip }, () => {
  const stopping = new AbortController();
  let directory: string;
  let cluster: Cluster;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-triggers-"));
    cluster = await Cluster.make({
      ...{ directory, shape, natsServer: program.path },
      moduleOf: serviceProgram,
    });
    await cluster.up(stopping.signal);
    await post("gateway-2", "/v1/workflows", { format: "yaml", text: definition });
    await post("gateway-2", "/v1/triggers", trigger);
  });

  after(async () => {
    stopping.abort();
    await cluster.down();
    await rm(directory, { recursive: true, force: true });
  });

  const addressOf = (name: string) => addressesOf(cluster.member(name).planned).http;

  /** As a sender does: posted again until there is an answer. */
  async function post(gateway: string, path: string, body: unknown): Promise<void> {
    await until(`an answer of ${gateway} to ${path}`, async () => {
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", headers, body: JSON.stringify(body) };
      const reply = await fetch(`${addressOf(gateway)}${path}`, request).catch(() => undefined);
      if (reply?.ok === false && reply.status < 500 && reply.status !== 429)
        assert.fail(`${path}: ${reply.status} ${await reply.text()}`);
      return reply?.ok === true;
    });
  }

  async function get<Body>(path: string): Promise<Body> {
    const reply = await fetch(`${addressOf("gateway-2")}${path}`);
    assert.ok(reply.ok, `${path}: ${reply.status}`);
    return (await reply.json()) as Body;
  }

  it("are one run per key, when each event comes to both and a gateway and an engine are killed", async () => {
    const events = Array.from({ length: eventsMax }, (_, number) => ({
      ...{ specversion: "1.0", type: "shop.order.created", source: "/shop", id: `e${number}` },
      data: { id: `e${number}`, order: number % ordersMax },
    }));
    const killAt = new Map([
      [30, "gateway-1"],
      [60, "workflow-1"],
    ]);
    const send = async (gateway: string) => {
      for (const [number, event] of events.entries()) {
        const victim = gateway === "gateway-1" ? killAt.get(number) : undefined;
        if (victim !== undefined) cluster.member(victim).signal("SIGKILL");
        await post(gateway, "/v1/events", event);
      }
    };
    await Promise.all([send("gateway-1"), send("gateway-2")]);

    interface Counts {
      readonly started?: number;
      readonly duplicates?: number;
      readonly dead?: number;
      readonly received?: number;
    }
    const counts = async () => (await get<{ counts: Counts }>("/v1/triggers/orders")).counts;
    await until("every event to be settled", async () => {
      const { received = 0, started = 0, duplicates = 0, dead = 0 } = await counts();
      return received >= 2 * eventsMax && started + duplicates + dead >= received;
    });
    assert.equal((await counts()).dead ?? 0, 0);
    interface List {
      readonly runs: readonly { readonly runId: string; readonly status: string }[];
    }
    let runs: List["runs"] = [];
    await until("every run to be listed as completed", async () => {
      ({ runs } = await get<List>("/v1/runs?size=1000&definition=order"));
      return runs.length >= ordersMax && runs.every(({ status }) => status === "completed");
    });
    assert.equal(runs.length, ordersMax, "one run per key");
  });
});
