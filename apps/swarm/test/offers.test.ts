import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { done, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";
import { assignedIn, resultIn } from "./support/workshop.ts";

for (const transport of ["in-process", "grpc"] as const) {
  describe(`a stream of offers, ${transport}`, () => {
    let swarm: SwarmHost;
    let raw: RawAgent;
    let names = 0;

    before(async () => {
      // The agents are in another process in both cases.
      swarm = await SwarmHost.start(...(transport === "grpc" ? ["--mesh.transport=grpc"] : []));
      raw = new RawAgent(swarm.address);
    });
    after(async () => {
      raw[Symbol.dispose]();
      await swarm[Symbol.asyncDispose]();
    });

    async function room() {
      const namespace = `offers-${++names}`;
      const { stream } = await raw.link({ namespace, agentId: "worker" });
      stream.send({ sequence: 1, credit: 10 });
      return { namespace, stream, sender: new Sender(swarm.host.mesh, { namespace }) };
    }

    it("is welcomed, and receives its window", async () => {
      const { sender } = await room();
      const welcome = await sender.next("a welcome", (reply) => reply.welcome);
      assert.deepEqual([welcome.version, welcome.begunAfterMs], [1, 20]);
      const [window] = await sender.next("a window", ({ windows }) =>
        windows.length > 0 ? windows : undefined,
      );
      assert.deepEqual([window?.pool, window?.window, window?.epoch], [1, 1_024, 1]);
    });

    it("that breaks is followed by another: all tasks are offered again, and none is done twice", async () => {
      const { namespace, stream, sender } = await room();
      sender.offer([1, 2, 3]);
      const got: number[] = [];
      await stream.next("three tasks", ({ assignments }) => {
        got.push(...assignments.map((assign) => numberOf(assign.token)));
        return got.length === 3 || undefined;
      });
      stream.send({ sequence: 2, results: [done(1)] });
      await sender.next("the first result", resultIn);
      // Before its sender could make the result durable.
      sender.close();

      const restarted = new Sender(swarm.host.mesh, { namespace });
      restarted.offer([1, 2, 3]);
      const result = await restarted.next("the first result again", resultIn);
      assert.equal(numberOf(result.token), 1);
      stream.send({ sequence: 3, results: [done(2), done(3)] });
      await until("all three", () => restarted.replies.flatMap(({ results }) => results).length === 3);
      restarted.sendRequest({ resultsDurable: 3 });
      await stream.next("durability", ({ resultsDurable }) => resultsDurable === 3 || undefined);
      assert.equal(stream.frames.flatMap(({ assignments }) => assignments).length, 3);
      restarted.close();
    });

    it("returns a recalled task that no agent has taken", async () => {
      const { sender } = await room();
      sender.offer([1], { profile: { number: 2, capability: "test.nobody" } });
      await sender.next("the window", ({ windows }) => windows[0]);
      const token = Buffer.alloc(16);
      token.writeUInt32BE(1);
      sender.sendRequest({ recalls: [token] });
      const returned = await sender.next("it back", (reply) => reply.returned[0]);
      assert.deepEqual([numberOf(returned.token), returned.reason], [1, 1]);
    });

    it("learns which pool has no owner, and continues with the others", async () => {
      const { stream, sender } = await room();
      sender.sendRequest({ pools: [{ number: 2, pool: "nowhere" }] });
      sender.offer([1], { profile: { number: 2, pool: 2 } });
      const moved = await sender.next("the news", (reply) => reply.moved[0]);
      assert.deepEqual([moved.pool, moved.owner], [2, undefined]);
      sender.offer([2]);
      const [task] = await stream.next("the other task", assignedIn);
      assert.equal(task && numberOf(task.token), 2);
    });

    it("is refused without a greeting, in a pool that is not there, and when it breaks the rules", async () => {
      const namespace = `offers-${++names}`;
      const nowhere = new Sender(swarm.host.mesh, { namespace, pool: "nowhere" });
      await until("the refusal", () => nowhere.error !== undefined);
      assert.ok(isTuttiError(nowhere.error) && nowhere.error.code === "swarm.pool_unknown");

      const second = new Sender(swarm.host.mesh, { namespace });
      second.sendRequest({ hello: { version: 1, instanceId: "inst_2", service: "workflow" } });
      await until("the refusal", () => second.error !== undefined);
      assert.ok(isTuttiError(second.error) && second.error.code === "swarm.offer_greeting_repeated");

      const wrong = new Sender(swarm.host.mesh, { namespace });
      wrong.sendRequest({ resultsDurable: 9 });
      await until("the refusal", () => wrong.error !== undefined);
      assert.ok(isTuttiError(wrong.error) && wrong.error.code === "matching.durable_unknown");
    });

    it("receives an empty reply while nothing happens", async () => {
      const { sender } = await room();
      await sender.next("a window", ({ windows }) => windows[0]);
      const count = sender.replies.length;
      await swarm.pass(5_000);
      await until("a word", () => sender.replies.length > count);
    });
  });
}
