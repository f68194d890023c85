import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { p99Text, replayCommand, replayPath } from "./queries.ts";
import { hasScenario, whatIfSearch } from "./search.ts";

describe("the request of a replay", () => {
  it("is kept in the address, without default and invalid values", () => {
    const search = {
      span: "24h",
      pool: "gpu",
      workers: "40",
      load: 2.5,
      goal: "5s",
      strategy: "fastest",
      x: 1,
    };
    assert.deepEqual(whatIfSearch(search), {
      ...{ pool: "gpu", span: "24h", strategy: "fastest", goal: "5s", workers: 40, load: 2.5 },
    });
    assert.deepEqual(
      whatIfSearch({ span: "7d", pool: "default", workers: 0, slots: -1, load: "x", strategy: "luck" }),
      {},
    );
    assert.deepEqual(whatIfSearch({ workers: 1e9 }), {});
  });

  it("is the same as a call and as a command", () => {
    const weekMs = 604_800_000;
    assert.equal(
      replayPath({ workers: 40, strategy: "fastest", goal: "5s" }, weekMs + 7),
      "/v1/analysis/replays?workers=40&strategy=fastest&waitGoalMs=5000&fromMs=7",
    );
    assert.equal(
      replayCommand({
        pool: "gpu",
        workers: 40,
        slots: 2,
        load: 1.5,
        strategy: "fastest",
        goal: "5m",
        span: "24h",
      }),
      "tutti whatif --pool gpu --workers 40 --slots-each 2 --load 1.5 --strategy fastest --wait-goal 5m --since 24h",
    );
  });

  it("has no scenario if it changes nothing", () => {
    assert.deepEqual([hasScenario({ pool: "gpu", span: "1h" }), hasScenario({ load: 2 })], [false, true]);
  });

  it("says that p99 is not checked below 500 tasks", () => {
    const values = [{ name: "wait_p50" }];
    assert.match(
      p99Text({ check: { values }, past: { tasks: 124 } } as never),
      /p99 is not checked: 124 tasks/,
    );
    assert.equal(p99Text({ check: { values: [...values, { name: "wait_p99" }] } } as never), "");
  });
});
