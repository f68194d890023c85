import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { sleep, systemTimers } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { addressesOf } from "../src/index.ts";
import { movesIn, summaryOf } from "./moves.ts";
import { natsServer, runningCluster, shape } from "./running-cluster.ts";

/** Each event with its key starts a run. */
const placed = "workflow: placed\ntasks: {note: {set: '${{ input.id }}'}}\n";
const trigger = {
  triggerId: "orders",
  source: { event: { type: "shop.order.created" } },
  key: "event.data.order",
  run: { definition: { name: "placed" } },
};
/** Each run waits for two events of its order. */
const delivery = `workflow: delivery
tasks:
  paid: {wait: {event: shop.paid, if: event.data.order == input.order}}
  again: {needs: [paid], wait: {event: shop.paid, if: event.data.order == input.order}}
output: ["\${{ tasks.paid.output.id }}", "\${{ tasks.again.output.id }}"]
`;
const eventOf = (type: string, id: string, data: object) => ({
  ...{ specversion: "1.0", type, source: "/shop", id, data },
});
describe("services as processes of their own, killed and scaled", { skip: natsServer.skip }, () => {
  const running = runningCluster();
  const { stopping, post, get, started, allEnd, idsOf } = running;

  before(async () => {
    for (const text of [placed, delivery]) await post("/v1/workflows", { format: "yaml", text });
    await post("/v1/triggers", trigger);
  });

  /** Posts until there is a reply, as a sender of webhooks does. */
  async function delivered(gateway: string, path: string, body: unknown): Promise<void> {
    const { http } = addressesOf(running.cluster.member(gateway).planned);
    await until(`an answer of ${gateway} to ${path}`, async () => {
      const headers = { "content-type": "application/json" };
      const request = { method: "POST", headers, body: JSON.stringify(body) };
      const reply = await fetch(`${http}${path}`, request).catch(() => undefined);
      if (reply?.ok === false && reply.status < 500 && reply.status !== 429)
        assert.fail(`${path}: ${reply.status} ${await reply.text()}`);
      return reply?.ok === true;
    });
  }

  it("start one run per key, though both gateways get each event and a gateway and an engine are killed", async () => {
    const [eventsMax, ordersMax] = [200, 100];
    const killAt = new Map([
      [30, "gateway-1"],
      [60, "workflow-1"],
    ]);
    const send = async (gateway: string) => {
      for (let number = 0; number < eventsMax; number++) {
        const victim = gateway === "gateway-1" ? killAt.get(number) : undefined;
        if (victim !== undefined) running.cluster.member(victim).signal("SIGKILL");
        const data = { id: `e${number}`, order: number % ordersMax };
        await delivered(gateway, "/v1/events", eventOf("shop.order.created", data.id, data));
      }
    };
    await Promise.all([send("gateway-1"), send("gateway-2")]);
    await running.cluster.ready(stopping.signal);

    interface Counts {
      readonly started?: number;
      readonly duplicates?: number;
      readonly dead?: number;
      readonly received?: number;
    }
    const counts = async () => (await get<{ counts: Counts }>("/v1/triggers/orders")).counts;
    await until(
      "every event to be settled",
      counts,
      ({ received = 0, started = 0, duplicates = 0, dead = 0 }) =>
        received >= 2 * eventsMax && started + duplicates + dead >= received,
    );
    assert.equal((await counts()).dead ?? 0, 0);
    const { runs } = await until(
      "every run to be listed as completed",
      () => get<{ runs: readonly { status: string }[] }>("/v1/runs?size=1000&definition=placed"),
      ({ runs }) => runs.length >= ordersMax && runs.every(({ status }) => status === "completed"),
    );
    assert.equal(runs.length, ordersMax, "one run per key");
  });

  it("deliver the events of each waiting run once, though their engine is killed and restarted", async () => {
    const orders = Array.from({ length: 40 }, (_, order) => order);
    const paid = (turn: string, order: number) =>
      delivered("gateway-2", "/v1/events", eventOf("shop.paid", `${turn}-${order}`, { order }));
    const engine = running.cluster.member("workflow-1");
    const { pid } = engine;
    for (const order of orders)
      await post("/v1/runs", { runId: `d${order}`, definition: { name: "delivery" }, input: { order } });
    const ids = idsOf("kill-workflow-1", 30);
    await started(ids, async () => {
      for (const order of orders) {
        // Half of the first events come before the kill, and half while no process may own the run.
        if (order === orders.length / 2) engine.signal("SIGKILL");
        await paid("first", order);
      }
    });
    for (const order of orders) {
      await paid("first", order);
      await paid("second", order);
    }
    for (const order of orders) {
      const { outcome } = await get<{ outcome: { completed: unknown } }>(
        `/v1/runs/d${order}/result?waitMs=30000`,
      );
      assert.deepEqual(outcome.completed, [`first-${order}`, `second-${order}`]);
    }
    await allEnd(ids);
    await running.cluster.ready(stopping.signal);
    assert.notEqual(engine.pid, pid);
    assert.match(engine.lastEnd, /SIGKILL/);
  });

  it("scale from two to three and back without a failed request", async (context) => {
    const more = { ...shape, processes: { ...shape.processes, workflow: 3 } };
    const ids = idsOf("scaled", 60);
    const sinceMs = Date.now();
    await started(ids, async () => {
      await running.cluster.reshape(more, stopping.signal);
      // It is ready before it has its share, because idle partitions move in sequence.
      while ((await movesIn(running.directory, sinceMs)).length === 0)
        await sleep(systemTimers, 100, stopping.signal);
      await running.cluster.reshape(shape, stopping.signal);
    });
    await allEnd(ids);
    context.diagnostic(summaryOf(await movesIn(running.directory, sinceMs)));
    assert.equal(running.cluster.members.filter(({ planned }) => planned.kind === "workflow").length, 2);
  });
});
