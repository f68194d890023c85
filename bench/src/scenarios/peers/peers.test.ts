import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { peers } from "./peers.ts";

describe("the table of peers", () => {
  it("has a row per workload, with ratios, and a dash for each missing value", () => {
    const table = peers.tableOf?.([
      {
        ...{ variant: "chain, 64 at once", tuttiTasksPerSec: 400, restateTasksPerSec: 100 },
        ...{ overRestate: 4, cpuOfRestate: 3.5 },
      },
      { variant: "fibonacci, light", tuttiSec: 0.2 },
      { variant: "chain, R3", tasksPerSec: 300, restateTasksPerSec: 100, overRestate: 3 },
    ]);
    assert.equal(
      table,
      [
        "| tasks/s | tutti | ceiling | restate | bullmq | dbos |",
        "| --- | --- | --- | --- | --- | --- |",
        "| chain, 64 at once | 400 | – | 100 (4 ×, cpu 3.5 ×) | – | – |",
        "| cluster, chain, R3 | 300 | – | 100 (3 ×) | – | – |",
      ].join("\n"),
    );
  });
});
