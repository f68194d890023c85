import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  cacheSearch,
  figuresOf,
  fullness,
  invalidation,
  listCommand,
  listPath,
  removal,
  stateOf,
} from "./cache.ts";

describe("the page of the cache", () => {
  it("lists and invalidates with the calls of the CLI", () => {
    const rates = cacheSearch({ by: "tag", value: "day 2" });
    assert.equal(listPath(rates), "/v1/cache?tag=day+2&size=100");
    assert.equal(listCommand(rates), "tutti cache list --tag 'day 2'");
    assert.deepEqual(invalidation(rates, true, "wrong rates"), {
      call: {
        ...{ method: "POST", path: "/v1/cache/invalidate" },
        body: { tag: "day 2", derived: true, reason: "wrong rates" },
      },
      command: "tutti cache invalidate --tag 'day 2' --derived --reason 'wrong rates'",
    });
    const ofRun = invalidation({ by: "of-run", value: "r1" }, false, "");
    assert.deepEqual(
      [ofRun.call.body, ofRun.command],
      [{ runId: "r1" }, "tutti cache invalidate --of-run r1"],
    );
    assert.deepEqual(invalidation({}, false, "").call.body, { all: true });
    assert.equal(invalidation({}, false, "").command, "tutti cache invalidate --all");
    assert.equal(removal("e1", "old").call.path, "/v1/cache/e1?reason=old");
    assert.equal(removal("e1", "").command, "tutti cache invalidate e1");
  });

  it("applies no filter if the address has no valid one", () => {
    for (const search of [{}, { by: "tag" }, { by: "colour", value: "red" }, { by: "tag", value: 7 }])
      assert.deepEqual(cacheSearch(search), {});
  });

  it("distinguishes outputs, failures, and entries that a task is computing", () => {
    const fresh = { entryId: "e", tags: [], sources: [], present: true, expireTimeMs: 10 };
    assert.equal(stateOf(fresh, 9)[0], "fresh");
    assert.equal(stateOf(fresh, 10)[0], "stale");
    assert.equal(
      stateOf({ ...fresh, error: { code: "x", message: "y", violations: [], details: {} } }, 9)[0],
      "failure",
    );
    const proving = { ...fresh, equalOutputs: 2, neededOutputs: 3 };
    assert.equal(stateOf(proving, 9)[0], "equal 2 of 3");
    assert.equal(stateOf({ ...proving, equalOutputs: 3 }, 9)[0], "fresh");
    assert.equal(stateOf({ ...fresh, present: false }, 9)[0], "computing");
  });

  it("shows lower bounds as such, and no rate before the first use", () => {
    const usage = { outputs: 2, bytes: 2_048, bytesMax: 4_096, uses: 6, hitRate: 0.75, savedMs: 90_000 };
    const figures = new Map(figuresOf(usage));
    assert.match(figures.get("Hit rate") ?? "", /^at least 75/);
    assert.match(figures.get("Computing time saved") ?? "", /^at least 1/);
    assert.equal(fullness(usage), 0.5);
    assert.equal(new Map(figuresOf({})).get("Hit rate"), "no uses yet");
    assert.equal(fullness({}), 0);
  });
});
