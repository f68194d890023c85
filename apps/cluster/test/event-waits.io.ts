/** Runs that wait for events, on two engines of which one is killed: each takes its event once. */
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
  processes: { registry: 1, governance: 1, workflow: 2, swarm: 1, master: 1, insight: 0, gateway: 1 },
};
const definition = `workflow: delivery
tasks:
  paid: {wait: {event: shop.paid, if: event.data.order == input.order}}
  again: {needs: [paid], wait: {event: shop.paid, if: event.data.order == input.order}}
output: ["\${{ tasks.paid.output.id }}", "\${{ tasks.again.output.id }}"]
`;
const runsMax = 40;

describe("runs that wait for events", { skip: program.skip }, () => {
  const stopping = new AbortController();
  let directory: string;
  let cluster: Cluster;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-waits-"));
    cluster = await Cluster.make({
      ...{ directory, shape, natsServer: program.path },
      moduleOf: serviceProgram,
    });
    await cluster.up(stopping.signal);
    await post("/v1/workflows", { format: "yaml", text: definition });
  });

  after(async () => {
    stopping.abort();
    await cluster.down();
    await rm(directory, { recursive: true, force: true });
  });

  const address = () => addressesOf(cluster.member("gateway-1").planned).http;

  /** As a sender does: posted again until there is an answer. */
  async function post(path: string, body: unknown): Promise<void> {
    await until(`an answer to ${path}`, async () => {
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", headers, body: JSON.stringify(body) };
      const reply = await fetch(`${address()}${path}`, request).catch(() => undefined);
      if (reply?.ok === false && reply.status < 500 && reply.status !== 429)
        assert.fail(`${path}: ${reply.status} ${await reply.text()}`);
      return reply?.ok === true;
    });
  }

  const event = (id: string, order: number) => ({
    ...{ specversion: "1.0", type: "shop.paid", source: "/shop", id },
    data: { order },
  });

  it("take their events from the log of the bus after their engine was killed", async () => {
    const orders = Array.from({ length: runsMax }, (_, order) => order);
    for (const order of orders)
      await post("/v1/runs", { runId: `d${order}`, definition: { name: "delivery" }, input: { order } });
    for (const order of orders) {
      // Half of the first events come before the kill, and half while nobody may own the run.
      if (order === runsMax / 2) cluster.member("workflow-1").signal("SIGKILL");
      await post("/v1/events", event(`first-${order}`, order));
    }
    for (const order of orders) {
      await post("/v1/events", event(`first-${order}`, order));
      await post("/v1/events", event(`second-${order}`, order));
    }
    interface Shown {
      readonly status: string;
      readonly outcome?: { readonly completed?: unknown };
    }
    for (const order of orders)
      await until(`run d${order} to complete`, async () => {
        const reply = await fetch(`${address()}/v1/runs/d${order}`);
        if (!reply.ok) return false;
        const { status, outcome } = (await reply.json()) as Shown;
        if (status !== "completed") return false;
        assert.deepEqual(outcome?.completed, [`first-${order}`, `second-${order}`]);
        return true;
      });
  });
});
