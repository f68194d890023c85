import assert from "node:assert/strict";
import { it } from "node:test";
import { checkLines, nothingRecorded } from "./what-if.ts";

const median = { name: "wait_p50", pastMs: 24, replayedMs: 24, error: 0 };

it("a self-check of few tasks reports that p99 is not checked", () => {
  assert.deepEqual(checkLines({ passed: true, error: 0, values: [median] }, 124), [
    "self-check  error 0.0 %: wait p50 24 ms, replayed 24 ms (0.0 %)",
    "            p99 is not checked: 124 tasks were recorded, at least 500 are needed",
  ]);
  assert.equal(
    checkLines({ passed: true, error: 0, values: [median] }, 1)[1],
    "            p99 is not checked: 1 task was recorded, at least 500 are needed",
  );
  const tail = { name: "wait_p99", pastMs: 80, replayedMs: 82, error: 0.0125 };
  assert.equal(checkLines({ passed: true, error: 0.0125, values: [median, tail] }, 500).length, 1);
});

it("a replay without tasks names the pool and the options for another one", () => {
  assert.equal(
    nothingRecorded("gpu"),
    "No tasks of pool `gpu` were recorded in this time. Choose another pool with --pool, or another time with --since and --until.",
  );
});

it("an error that no wait explains is the share of tasks that no worker could run", () => {
  const lines = checkLines({ passed: true, error: 0.016, values: [median] }, 124);
  assert.equal(lines[1], "            no worker of the replay could run 1.6 % of the tasks");
});
