import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BusEvent } from "@tutti/bus";
import { swarmEvents as events } from "@tutti/contracts/events/v1/swarm";
import { agentService } from "@tutti/contracts/swarm/v1";
import { until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import { done, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";
import { assignedIn } from "./support/workshop.ts";

const held = events["tutti.swarm.agent.held"];

/** Returns the last part of the event type, with the kind of hold. */
function nameOf({ type, data }: BusEvent): string {
  const name = type.split(".").at(-1) ?? "";
  if (type !== held.type) return name;
  return `held as ${held.fromJson(JSON.parse(new TextDecoder().decode(data))).hold}`;
}

describe("the life of an agent", () => {
  let swarm: SwarmHost;
  let raw: RawAgent;
  let agents: Client<typeof agentService>;
  let namespace = "";
  let names = 0;
  const published: string[] = [];
  let subscription: { close(): Promise<void> };

  before(async () => {
    swarm = await SwarmHost.start();
    raw = new RawAgent(swarm.address);
    agents = swarm.host.mesh.client(agentService);
    subscription = await swarm.host.bus.subscribe({
      pattern: "tutti.swarm.agent.>",
      handle: {
        each: (event) => {
          if (event.namespace === namespace) published.push(nameOf(event));
        },
      },
    });
  });
  after(async () => {
    await subscription.close();
    raw[Symbol.dispose]();
    await swarm[Symbol.asyncDispose]();
  });
  const room = () => {
    namespace = `life-${++names}`;
    published.length = 0;
  };

  it("publishes an event for each state that it passes through", async () => {
    room();
    const offering = { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 };
    const sender = new Sender(swarm.host.mesh, { namespace });
    const { stream } = await raw.link({ namespace, agentId: "walker", offering });
    const id = { namespace, pool: "", agentId: "walker", reason: "" };
    stream.send({ sequence: 1, credit: 1 });
    sender.offer([1]);
    const [task] = await stream.next("a task", assignedIn);
    await swarm.pass(1_500);
    await until("busy", () => published.includes("busy"));
    stream.send({ sequence: 2, results: [done(numberOf(task?.token ?? new Uint8Array(16)))] });
    await sender.next("its result", ({ results }) => results[0]);
    await swarm.pass(1_500);
    await until("ready again", () => published.filter((name) => name === "ready").length === 2);
    await agents.pauseAgent(id);
    await agents.resumeAgent(id);
    await agents.quarantineAgent(id);
    await agents.releaseAgent(id);
    await agents.sleepAgent({ ...id, forMs: 0 });
    await agents.wakeAgent(id);
    await swarm.pass(13_000);
    await until("suspect", () => published.includes("suspect"));
    stream.send({ sequence: 3, heartbeat: {} });
    await until("heard again", () => published.filter((name) => name === "ready").length === 4);
    await agents.drainAgent({ ...id, deadlineMs: 0 });
    stream.send({ sequence: 4, bye: { reason: "drained" } });
    await until("the end", () => published.includes("gone"));
    assert.deepEqual(published, [
      ...["starting", "joined", "ready", "busy", "ready"],
      ...["held as paused", "released", "held as quarantined", "released"],
      ...["asleep", "ready", "suspect", "ready", "draining", "gone"],
    ]);
    sender.close();
  });

  it("is locked out when it joins and leaves too often: its `hello` is refused for growing times, and others can join", async () => {
    room();
    const waits: number[] = [];
    for (let incarnation = 1; waits.length < 2; incarnation++) {
      const stream = raw.open();
      stream.send({
        hello: {
          versionMin: 1,
          versionMax: 1,
          namespace,
          agentId: "moth",
          incarnation: `${1_000 + incarnation}`,
        },
      });
      const answer = await stream.next("an answer", (frame) => frame.answer);
      if (answer.$case === "refused") {
        const { code, retryAfterMs = 0 } = answer.value.error ?? {};
        assert.equal(code, "matching.agent_flapping");
        waits.push(retryAfterMs);
        await swarm.pass(retryAfterMs);
        continue;
      }
      stream.send({ sequence: 1, bye: { reason: "again" } });
      await stream.waitForEnd();
      assert.ok(incarnation < 30, "it is refused some time");
    }
    assert.deepEqual(waits, [1_000, 2_000]);
    assert.ok(published.includes("held as flapping"), published.join());
    const { welcome } = await raw.link({ namespace, agentId: "neighbour" });
    assert.equal(welcome.agentId, "neighbour");
  });
});
