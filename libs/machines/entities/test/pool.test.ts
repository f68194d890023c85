import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { pool } from "../src/pool/index.ts";
import { operations } from "../src/testing/pool.ts";

describe("pools", () => {
  machineConformance({
    machines: [pool],
    service: "swarm",
    commands: operations(),
    sequences: 150,
    stepsMax: 60,
    golden: new URL("../golden/pool/", import.meta.url),
    invariant(driver) {
      for (const key of driver.keys) {
        const { changes, limits, hooks, scalers, holds } = driver.state(key, pool);
        const kept = [limits, hooks, scalers, holds].flatMap((all) => [...all.values()]);
        const revisions = kept.map(({ revision }) => revision);
        assert.equal(new Set(revisions).size, revisions.length, "each change has a number of its own");
        for (const { revision, createMs, updateMs } of kept) {
          assert.ok(revision >= 1 && revision <= changes);
          assert.ok(createMs <= updateMs);
        }
      }
    },
  });
});
