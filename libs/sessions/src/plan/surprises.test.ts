import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Surprise, Surprises } from "./surprises.ts";

const taskAt = (agent: string, expectedMs = 400, number = 0) => ({
  ...{ number, agent, plannedAgent: agent, startMs: 1_000, plannedStartMs: 1_000 },
  plannedEndMs: 1_000 + expectedMs,
  spec: { id: `task-${number}` },
});

const wordsOf = (surprises: readonly Surprise[]) => surprises.map(({ words }) => words);

describe("what turns out otherwise than was planned", () => {
  it("is nothing as long as all takes about as long as was expected, or is short", () => {
    const surprises = new Surprises(1.5);
    for (const tookMs of [300, 400, 550, 420]) assert.deepEqual(surprises.ended(taskAt("anna"), tookMs), []);
    for (const tookMs of [9, 40, 90]) assert.deepEqual(surprises.ended(taskAt("bob", 10), tookMs), []);
    assert.deepEqual(surprises.goesOn(taskAt("anna"), 1_700), []);
  });

  it("is a task that took much longer or less, or is late, and is reported once", () => {
    const surprises = new Surprises(1.5);
    assert.deepEqual(wordsOf(surprises.ended(taskAt("anna"), 900)), [
      "task-0 took 900 ms at anna, longer than the 400 ms expected",
    ]);
    assert.deepEqual(wordsOf(surprises.ended(taskAt("bob", 900), 100)), [
      "task-0 took 100 ms at bob, less than the 900 ms expected",
    ]);
    const late = "task-7 is late at anna: 400 ms were expected, 1 s have passed";
    assert.deepEqual(wordsOf(surprises.goesOn(taskAt("anna", 400, 7), 2_000)), [late]);
    assert.deepEqual(surprises.goesOn(taskAt("anna", 400, 7), 3_000), []);
  });

  it("is an agent that has become slow beside the others, and one that is as fast again", () => {
    const surprises = new Surprises(1.5);
    for (let each = 0; each < 3; each++) surprises.ended(taskAt("bob"), 400);
    surprises.ended(taskAt("anna"), 840);
    const slow = "anna has become slow: its last 2 tasks took 2.1 times what was expected";
    const [first, second] = surprises.ended(taskAt("anna"), 840);
    assert.deepEqual([first, second?.comesFirst], [{ words: slow, comesFirst: true }, false]);
    assert.match(wordsOf(surprises.ended(taskAt("anna"), 840))[0] ?? "", /^task-0 took/);
    const said = [1, 2, 3, 4, 5].flatMap(() => wordsOf(surprises.ended(taskAt("anna"), 400)));
    assert.deepEqual(said, ["anna is as fast again as was expected"]);
  });

  it("is an agent one of whose tasks took many times as long", () => {
    const surprises = new Surprises(1.5);
    surprises.ended(taskAt("anna"), 400);
    assert.deepEqual(
      wordsOf(surprises.ended(taskAt("anna"), 4_000))[0],
      "anna has become slow: its last task took 10.0 times what was expected",
    );
  });

  it("has the threshold of the session", () => {
    const strict = new Surprises(1.1);
    assert.equal(strict.ended(taskAt("anna", 4_000), 4_500).length, 1);
    assert.deepEqual(strict.ended(taskAt("anna", 4_000), 4_200), []);
    assert.equal(strict.goesOn(taskAt("anna", 4_000, 1), 5_700).length, 1);
    assert.deepEqual(new Surprises(3).goesOn(taskAt("anna", 4_000, 1), 5_700), []);
  });

  it("is no fault of an agent's where it is so at all of them", () => {
    const surprises = new Surprises(1.5);
    const said = ["anna", "bob", "anna", "bob", "anna", "bob"].flatMap((agent) =>
      wordsOf(surprises.ended(taskAt(agent), 1_000)),
    );
    assert.ok(
      said.slice(3).every((reason) => !reason.includes("slow")),
      said.join("\n"),
    );
  });
});
