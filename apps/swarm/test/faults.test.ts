import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { agentService } from "@tutti/contracts/swarm/v1";
import { until } from "@tutti/kernel/testing";
import { done, RawAgent, token } from "./support/raw-agent.ts";
import { SwarmHost } from "./support/swarm-host.ts";
import { assignedIn, durableIn, resultIn, Workshop } from "./support/workshop.ts";

describe("a worker that", () => {
  let workshop: Workshop;
  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop[Symbol.asyncDispose]());

  it("learns that the result is durable only after its sender has confirmed it", async () => {
    const { sender, bad } = await workshop.room();
    sender.offer([1]);
    const [task] = await bad.next("an assignment", assignedIn);
    assert.deepEqual([task?.workId, task?.taskId, task?.attempt, task?.capability], ["run-1", "echo", 1, 1]);
    bad.send({
      sequence: 2,
      results: [{ token: token(1), outcome: { $case: "inlineOutput", value: Buffer.from("42") } }],
    });
    const result = await sender.next("a result", resultIn);
    assert.deepEqual(result.outcome, { $case: "inlineOutput", value: new Uint8Array(Buffer.from("42")) });
    await workshop.swarm.pass(5_000);
    assert.ok(bad.frames.every(({ resultsDurable }) => resultsDurable === 0));
    sender.sendRequest({ resultsDurable: 1 });
    assert.equal(await bad.next("durability", durableIn), 1);
  });

  it("answers twice counts once, and learns that both can be forgotten", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    bad.send({ sequence: 2, results: [done(1)] });
    bad.send({ sequence: 3, results: [done(1)] });
    await sender.next("a result", resultIn);
    sender.sendRequest({ resultsDurable: 1 });
    await bad.next("durability of both", ({ resultsDurable }) => (resultsDurable === 2 ? true : undefined));
    await workshop.swarm.pass(5_000);
    assert.equal(sender.replies.flatMap(({ results }) => results).length, 1);
    await workshop.goodNeighbour(room);
  });

  it("sends a result for an unknown task and is asked to forget it", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    bad.send({ sequence: 2, results: [done(4_711)] });
    await bad.next("durability", durableIn);
    assert.deepEqual(
      sender.replies.flatMap(({ results }) => results),
      [],
    );
    await workshop.goodNeighbour(room);
  });

  it("answers late, after the attempt was cancelled, changes nothing", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    sender.sendRequest({ cancels: [{ token: token(1), reason: "not wanted", graceMs: 0 }] });
    await bad.next("the cancellation", ({ cancels }) => cancels[0]);
    bad.send({ sequence: 2, results: [done(1)] });
    await bad.next("durability", durableIn);
    assert.deepEqual(
      sender.replies.flatMap(({ results }) => results),
      [],
    );
    await workshop.goodNeighbour(room);
  });

  it("dies loses its attempt at the deadline, and its sender is notified", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    bad.kill();
    await until("the cut to be noticed", () => workshop.swarm.time.pending > 0);
    const result = sender.next("the lost attempt", resultIn);
    for (let second = 0; second < 5; second++) await workshop.swarm.pass(1_000);
    const { outcome } = await result;
    assert.equal(outcome?.$case === "failed" && outcome.value.code, "matching.lost");
    await workshop.goodNeighbour(room);
  });

  it("hangs is removed when its lease expires, and its attempts are lost", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    for (let second = 0; second < 16; second++) await workshop.swarm.pass(1_000);
    await bad.next("a goodbye", (frame) => frame.bye);
    await bad.waitForEnd();
    const { outcome } = await sender.next("the lost attempt", resultIn);
    assert.equal(outcome?.$case === "failed" && outcome.value.code, "matching.lost");
    await workshop.goodNeighbour(room);
  });

  it("answers with garbage loses its link, and no other agent does", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    bad.sendBytes(Buffer.from("GET / HTTP/1.1\r\nHost: tutti\r\n\r\n"));
    const { status: code, error } = await bad.waitForEnd();
    assert.deepEqual([code, error?.code], [status.INVALID_ARGUMENT, "mesh.malformed"]);
    const { outcome } = await sender.next("the lost attempt", resultIn);
    assert.equal(outcome?.$case === "failed" && outcome.value.code, "matching.lost");
    await workshop.goodNeighbour(room);
  });

  it("answers with 2 MB fails the attempt for that reason, and loses its link", async () => {
    const room = await workshop.room();
    const { sender, bad } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    const value = new Uint8Array(2_000_000);
    bad.send({ sequence: 2, results: [{ token: token(1), outcome: { $case: "inlineOutput", value } }] });
    const { status: code, error } = await bad.waitForEnd();
    assert.deepEqual([code, error?.code], [status.RESOURCE_EXHAUSTED, "swarm.payload_too_large"]);
    const { outcome } = await sender.next("the failed attempt", resultIn);
    assert.equal(outcome?.$case === "failed" && outcome.value.code, "swarm.payload_too_large");
    await workshop.goodNeighbour(room);
  });
});

describe("a manual action on an agent", () => {
  it("is reported to the agent", async () => {
    await using swarm = await SwarmHost.start();
    using raw = new RawAgent(swarm.address);
    const agents = swarm.host.mesh.client(agentService);
    const { stream } = await raw.link();
    const name = { namespace: "", pool: "", agentId: "agent-1", reason: "because" };

    await agents.pauseAgent(name);
    assert.equal((await stream.next("being held", (frame) => frame.held)).reason, "because");
    await agents.resumeAgent(name);
    await stream.next("being released", (frame) => frame.released);
    await agents.sleepAgent({ ...name, forMs: 0 });
    await stream.next("sleep", (frame) => frame.sleep);
    await agents.wakeAgent(name);
    await stream.next("a call to wake", (frame) => frame.wake);
    await agents.drainAgent({ ...name, deadlineMs: 0 });
    await stream.next("a request to drain", (frame) => frame.drain);
    await agents.removeAgent({ ...name, forGood: true });
    assert.ok((await stream.next("a goodbye", (frame) => frame.bye)).returnAfterMs < 0);
    await stream.waitForEnd();
  });
});
