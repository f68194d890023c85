import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { type AgentStream, done, helloOf, numberOf, token } from "./support/raw-agent.ts";
import { assignedIn, durableIn, type Room, resultIn, Workshop } from "./support/workshop.ts";

/** Next to the misbehaving agent there is another one that could do the same tasks, and keeps to the rules. */
describe("next to a well-behaved agent, an agent that", () => {
  let workshop: Workshop;
  before(async () => {
    workshop = await Workshop.open();
  });
  after(() => workshop[Symbol.asyncDispose]());

  /** An agent that takes nothing before a request. */
  async function neighbour({ hello }: Room): Promise<Neighbour> {
    const { stream } = await workshop.raw.link({ ...hello, agentId: "good" });
    return new Neighbour(stream);
  }

  /** Lets time pass, in which the neighbour is heard. */
  async function pass(seconds: number, good: Neighbour): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await workshop.swarm.pass(1_000);
      good.beat();
    }
  }

  it("is cut off for 3 s continues its attempts", async () => {
    const room = await workshop.room();
    const good = await neighbour(room);
    room.sender.offer([1, 2]);
    await until("both tasks", () => taskCount(room.bad) === 2);
    const { received } = last(room.bad);
    room.bad.kill();
    await until("the cut to be noticed", () => workshop.swarm.time.pending > 0);
    good.grant(2);
    await pass(3, good);
    const resumed = workshop.raw.open();
    resumed.send({ hello: { ...helloOf(room.hello), resume: { linkId: room.linkId, received } } });
    const answer = await resumed.next("an answer", (frame) => frame.answer);
    assert.equal(answer.$case === "welcome" && answer.value.resumed, true);
    resumed.send({ sequence: 2, results: [done(1), done(2)] });
    await until("both results", () => resultsOf(room).length === 2);
    assert.deepEqual(resultsOf(room), ["inlineOutput", "inlineOutput"]);
    assert.equal(taskCount(good.stream), 0);
  });

  it("is cut off for two minutes sends `hello` again: its task returned to the sender, and its result is ignored", async () => {
    const room = await workshop.room();
    const good = await neighbour(room);
    room.sender.offer([1]);
    await room.bad.next("an assignment", assignedIn);
    const { received } = last(room.bad);
    room.bad.kill();
    await until("the cut to be noticed", () => workshop.swarm.time.pending > 0);
    good.grant(2);
    await pass(120, good);
    const lost = await room.sender.next("the lost attempt", resultIn);
    assert.equal(lost.outcome?.$case === "failed" && lost.outcome.value.code, "matching.lost");
    room.sender.sendRequest({ resultsDurable: 1 });
    // The sender tries again, by another token.
    room.sender.offer([2]);
    const resumed = workshop.raw.open();
    const resume = { linkId: room.linkId, received };
    resumed.send({ hello: { ...helloOf(room.hello), resume, running: [token(1)] } });
    const answer = await resumed.next("an answer", (frame) => frame.answer);
    assert.ok(answer.$case === "welcome");
    assert.equal(answer.value.resumed, false);
    assert.deepEqual(answer.value.unwanted.map(numberOf), [1]);
    resumed.send({ sequence: 1, results: [done(1)] });
    assert.equal(await resumed.next("its being forgotten", durableIn), 1);
    const [task] = await good.stream.next("an assignment", assignedIn);
    assert.equal(numberOf(task?.token ?? token(0)), 2);
  });

  it("answers for a task of the other agent changes nothing: only the other agent's answer counts", async () => {
    const room = await workshop.room();
    // The bad agent lacks the capability of the other one.
    const capabilities = [{ name: "test.good", version: "1.0.0" }];
    const good = await neighbour({ ...room, hello: { ...room.hello, offering: { capabilities, slots: 2 } } });
    good.grant(1);
    room.sender.offer([1], { profile: { number: 9, capability: "test.good" } });
    await good.stream.next("an assignment", assignedIn);
    room.bad.send({
      sequence: 2,
      started: [{ token: token(1) }],
      progress: [{ token: token(1), message: "mine" }],
      results: [{ token: token(1), outcome: { $case: "inlineOutput", value: Buffer.from('"stolen"') } }],
    });
    await room.bad.next("its being forgotten", durableIn);
    good.sendResult(1);
    const { outcome } = await room.sender.next("a result", resultIn);
    assert.deepEqual(outcome, { $case: "inlineOutput", value: new Uint8Array(Buffer.from("1")) });
    assert.ok(room.sender.replies.every(({ progress }) => progress.length === 0));
  });

  it("reports too many slots gets as many tasks as it offered slots, and the other agent gets the rest", async () => {
    const room = await workshop.room();
    const good = await neighbour(room);
    room.bad.send({ sequence: 2, credit: 4_000_000_000, heartbeat: { freeSlots: 100_000, attempts: 0 } });
    good.grant(2);
    room.sender.offer([1, 2, 3, 4, 5]);
    await until("four to be running", () => taskCount(room.bad) + taskCount(good.stream) === 4);
    room.bad.send({ sequence: 3, heartbeat: { freeSlots: 100_000, attempts: 0 } });
    await workshop.swarm.pass(1_000);
    assert.deepEqual([taskCount(room.bad), taskCount(good.stream)], [2, 2]);
    good.sendResult(last(good.stream).number);
    good.grant(1);
    await until("the fifth", () => taskCount(good.stream) === 3);
  });

  it("sends progress after its result is ignored, and loses its stream at a missing frame", async () => {
    const room = await workshop.room();
    const good = await neighbour(room);
    room.sender.offer([1]);
    await room.bad.next("an assignment", assignedIn);
    room.bad.send({ sequence: 2, results: [done(1)] });
    await room.sender.next("a result", resultIn);
    const partial = { token: token(1), index: 0, chunk: Buffer.from("late") };
    room.bad.send({
      sequence: 2,
      started: [{ token: token(1) }],
      progress: [{ token: token(1) }],
      partialOutputs: [partial],
    });
    // A missing frame ends the stream. The link can be resumed.
    room.bad.send({ sequence: 5, credit: 1 });
    const { error } = await room.bad.waitForEnd();
    assert.equal(error?.code, "swarm.frame_missing");
    good.grant(1);
    room.sender.offer([2]);
    await good.stream.next("an assignment", assignedIn);
    const reports = room.sender.replies.flatMap(({ begun, progress, partialOutputs }) => [
      ...begun,
      ...progress,
      ...partialOutputs,
    ]);
    assert.deepEqual(reports, []);
  });
});

class Neighbour {
  readonly stream: AgentStream;
  #sequence = 0;

  constructor(stream: AgentStream) {
    this.stream = stream;
  }

  grant(credit: number): void {
    this.#send({ credit });
  }

  beat(): void {
    this.#send({ heartbeat: { freeSlots: 2, attempts: 0 } });
  }

  sendResult(number: number): void {
    this.#send({ results: [done(number)] });
  }

  #send(frame: Parameters<AgentStream["send"]>[0]): void {
    this.stream.send({ ...frame, sequence: ++this.#sequence });
  }
}

function taskCount({ frames }: AgentStream): number {
  return frames.flatMap(({ assignments }) => assignments).length;
}

/** Returns the last frame of a stream, and the last task in any frame. */
function last({ frames }: AgentStream): { readonly received: number; readonly number: number } {
  const task = frames.flatMap(({ assignments }) => assignments).at(-1);
  return { received: frames.at(-1)?.sequence ?? 0, number: numberOf(task?.token ?? token(0)) };
}

function resultsOf({ sender }: Room): (string | undefined)[] {
  return sender.replies.flatMap(({ results }) => results.map(({ outcome }) => outcome?.$case));
}
