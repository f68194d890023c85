import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { numberOf, token } from "./support/raw-agent.ts";
import { assignedIn, resultIn, Workshop } from "./support/workshop.ts";

describe("a worker that", () => {
  let workshop: Workshop;
  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop?.[Symbol.asyncDispose]());

  it("answers with 50 MB again and again loses its link and its attempt, without delay for others", async () => {
    const room = await workshop.room();
    const { hello, sender, bad, linkId } = room;
    sender.offer([1]);
    await bad.next("an assignment", assignedIn);
    const value = new Uint8Array(50_000_000);
    const results = [{ token: token(1), outcome: { $case: "inlineOutput" as const, value } }];
    bad.send({ sequence: 2, results });
    assert.equal((await bad.waitForEnd()).status, status.RESOURCE_EXHAUSTED);
    for (let round = 0; ; round++) {
      const stream = workshop.raw.open();
      stream.send({
        hello: { ...hello, versionMin: 1, versionMax: 1, incarnation: "1", resume: { linkId } },
      });
      const answer = await stream.next("an answer", (frame) => frame.answer);
      if (answer.$case === "refused") {
        assert.equal(answer.value.error?.code, "swarm.link_stuck");
        break;
      }
      assert.ok(round < 10, "the link is given up in the end");
      stream.send({ sequence: 2, results });
      await stream.waitForEnd();
    }
    const { outcome } = await sender.next("the lost attempt", resultIn);
    assert.ok(outcome?.$case === "failed");
    assert.match(outcome.value.message, /agent `bad` broke .* before frame 2 arrived/);
    await workshop.goodNeighbour(room);
  });

  it("floods its host and does not read is disconnected, and the others continue", async () => {
    const room = await workshop.room();
    const { bad } = room;
    bad.pause();
    const padding = "x".repeat(4_000);
    for (let sequence = 2; sequence < 20_000 && !bad.isOver; sequence++) {
      bad.send({ sequence, progress: [{ token: token(1), message: padding }] });
      if (sequence % 100 === 0) await workshop.swarm.pass(0);
    }
    await workshop.goodNeighbour(room);
    bad.unpause();
  });

  it("does not read delays no other agent, and receives all tasks once it reads", async () => {
    const room = await workshop.room();
    const { hello, sender } = room;
    const slow = await workshop.raw.link({
      ...hello,
      agentId: "slow",
      offering: { capabilities: [{ name: "test.slow", version: "1.0.0" }], slots: 100 },
    });
    slow.stream.pause();
    slow.stream.send({ sequence: 1, credit: 100 });
    const input = Buffer.from(JSON.stringify("x".repeat(900_000)));
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
    for (let at = 0; at < 100; at += 5)
      sender.offer(numbers.slice(at, at + 5), { input, profile: { number: 5, capability: "test.slow" } });
    await workshop.swarm.pass(100);
    await workshop.goodNeighbour(room);
    slow.stream.unpause();
    const got: number[] = [];
    let sequence = 1;
    await slow.stream.next("all hundred", (frame) => {
      got.push(...frame.assignments.map((assign) => numberOf(assign.token)));
      slow.stream.send({ sequence: ++sequence, acknowledged: frame.sequence });
      return got.length === 100 || undefined;
    });
    assert.deepEqual(
      got.toSorted((one, other) => one - other),
      numbers,
    );
    assert.ok(slow.stream.frames.every((frame) => frame.assignments.length <= 4));
  });
});
