import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Surprise, Surprises } from "./surprises.ts";

const taskAt = (agent: string, expectedMs = 400, number = 0) => ({
  ...{ number, agent, plannedAgent: agent, startMs: 1_000, plannedStartMs: 1_000 },
  plannedEndMs: 1_000 + expectedMs,
  spec: { id: `task-${number}` },
});

const textsOf = (surprises: readonly Surprise[]) => surprises.map(({ text }) => text);

describe("a deviation from the plan", () => {
  it("is not reported for tasks that take about the expected time, or are short", () => {
    const surprises = new Surprises(1.5);
    for (const durationMs of [300, 400, 550, 420])
      assert.deepEqual(surprises.check(taskAt("anna"), durationMs), []);
    for (const durationMs of [9, 40, 90])
      assert.deepEqual(surprises.check(taskAt("bob", 10), durationMs), []);
    assert.deepEqual(surprises.stillRunning(taskAt("anna"), 1_700), []);
  });

  it("is reported once for a task that took much longer or shorter, or is late", () => {
    const surprises = new Surprises(1.5);
    assert.deepEqual(textsOf(surprises.check(taskAt("anna"), 900)), [
      "task-0 took 900 ms at anna, longer than the 400 ms expected",
    ]);
    assert.deepEqual(textsOf(surprises.check(taskAt("bob", 900), 100)), [
      "task-0 took 100 ms at bob, less than the 900 ms expected",
    ]);
    const late = "task-7 is late at anna: 400 ms were expected, 1 s have passed";
    assert.deepEqual(textsOf(surprises.stillRunning(taskAt("anna", 400, 7), 2_000)), [late]);
    assert.deepEqual(surprises.stillRunning(taskAt("anna", 400, 7), 3_000), []);
  });

  it("is reported for an agent that became slow, and for its return to the expected speed", () => {
    const surprises = new Surprises(1.5);
    for (let each = 0; each < 3; each++) surprises.check(taskAt("bob"), 400);
    surprises.check(taskAt("anna"), 840);
    const slow = "anna has become slow: its last 2 tasks took 2.1 times the expected duration";
    const [first, second] = surprises.check(taskAt("anna"), 840);
    assert.deepEqual([first, second?.hasPriority], [{ text: slow, hasPriority: true }, false]);
    assert.match(textsOf(surprises.check(taskAt("anna"), 840))[0] ?? "", /^task-0 took/);
    const reported = [1, 2, 3, 4, 5].flatMap(() => textsOf(surprises.check(taskAt("anna"), 400)));
    assert.deepEqual(reported, ["anna is as fast again as was expected"]);
  });

  it("is reported for an agent after a task that took many times as long", () => {
    const surprises = new Surprises(1.5);
    surprises.check(taskAt("anna"), 400);
    assert.deepEqual(
      textsOf(surprises.check(taskAt("anna"), 4_000))[0],
      "anna has become slow: its last task took 10.0 times the expected duration",
    );
  });

  it("has the threshold of the session", () => {
    const strict = new Surprises(1.1);
    assert.equal(strict.check(taskAt("anna", 4_000), 4_500).length, 1);
    assert.deepEqual(strict.check(taskAt("anna", 4_000), 4_200), []);
    assert.equal(strict.stillRunning(taskAt("anna", 4_000, 1), 5_700).length, 1);
    assert.deepEqual(new Surprises(3).stillRunning(taskAt("anna", 4_000, 1), 5_700), []);
  });

  it("is not attributed to an agent if all agents are slow", () => {
    const surprises = new Surprises(1.5);
    const reported = ["anna", "bob", "anna", "bob", "anna", "bob"].flatMap((agent) =>
      textsOf(surprises.check(taskAt(agent), 1_000)),
    );
    assert.ok(
      reported.slice(3).every((reason) => !reason.includes("slow")),
      reported.join("\n"),
    );
  });
});
