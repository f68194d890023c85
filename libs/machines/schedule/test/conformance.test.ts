import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { liveMax, schedule, waitingMax } from "../src/index.ts";
import { done, operations } from "../src/testing/index.ts";

describe("schedules", () => {
  machineConformance({
    machines: [schedule],
    service: "workflow",
    commands: operations(),
    resultOf: done,
    pauseMaxMs: 9_000,
    sequences: 100,
    stepsMax: 60,
    golden: new URL("../golden/", import.meta.url),
    // Runs report their ends from outside: the tests of firings cover that. Nothing is late in this suite.
    rare: ["run_end_noted v1", "times_missed v1"],
    invariant(driver) {
      for (const key of driver.keys) {
        const { status, live, waiting, byRun, dueMs, recent } = driver.state(key, schedule);
        assert.ok(live.size <= liveMax && waiting.size <= waitingMax && recent.length <= 10);
        assert.equal(byRun.size, live.size + waiting.size, "a run's id is used once");
        assert.ok(status !== "active" || live.size > 0 || waiting.size === 0, "nothing waits for nothing");
        assert.ok(status === "active" || dueMs === 0, "the clock of what is paused is not looked at");
      }
    },
  });
});
