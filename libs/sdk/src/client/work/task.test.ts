import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valueIn } from "../payloads.ts";
import { taskSpecOf, type WorkTask } from "./task.ts";

describe("tasks as programs write them", () => {
  it("have the words of definitions", () => {
    const spec = taskSpecOf({
      id: "send",
      uses: "mail.send",
      with: { to: "ann" },
      needs: ["fetch", { task: "check", on: "always" }],
      retry: { attempts: 3, backoff: "2s..1m", notOn: ["mail.*"], onLost: "fail", exhausted: "pause" },
      timeout: { run: "30s", queue: 5_000 },
      cost: { duration: "1m", tokens: 40 },
    });
    assert.deepEqual(spec.work, { $case: "capability", value: "mail.send" });
    assert.deepEqual(valueIn(spec.input), { to: "ann" });
    assert.deepEqual(
      spec.needs.map(({ task, condition }) => [task, condition]),
      [
        ["fetch", 0],
        ["check", 3],
      ],
    );
    const { maxAttempts, initialMs, maxMs, failOn, failWhenLost, pauseWhenExhausted } = spec.retry ?? {};
    assert.deepEqual(
      [maxAttempts, initialMs, maxMs, failOn, failWhenLost, pauseWhenExhausted],
      [3, 2_000, 60_000, ["mail.*"], true, true],
    );
    assert.deepEqual([spec.timeouts?.runMs, spec.timeouts?.queueMs], [30_000, 5_000]);
    assert.deepEqual([spec.estimate?.durationMs, spec.estimate?.tokens], [60_000, 40]);
  });

  it("are the same in short, and under the older names", () => {
    const same: readonly (readonly [WorkTask, WorkTask])[] = [
      [
        { id: "a", uses: "a.b", retry: 4, timeout: "2m" },
        { id: "a", uses: "a.b", attempts: 4, runMs: 120_000 },
      ],
      [
        { id: "a", uses: "a.b", with: 1, cost: { duration: "1s" } },
        { id: "a", uses: "a.b", input: 1, estimate: { timeMs: 1_000 } },
      ],
      [
        { id: "a", uses: "a.b", needs: [{ task: "b", on: "done" }] },
        { id: "a", uses: "a.b", needs: [{ task: "b", end: "done" }] },
      ],
    ];
    for (const [one, other] of same) assert.deepEqual(taskSpecOf(one), taskSpecOf(other));
  });

  it("name an invalid duration", () => {
    assert.throws(
      () => taskSpecOf({ id: "a", uses: "a.b", timeout: "soon" }),
      /`tasks\.a\.timeout`: expected a duration such as 30s or 1h30m, or milliseconds, got "soon"/,
    );
  });
});
