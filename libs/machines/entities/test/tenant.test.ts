import assert from "node:assert/strict";
import { describe } from "node:test";
import { MachineDriver, machineConformance } from "@tutti/kernel/testing";
import { policiesAt, tenant, versionOf } from "../src/tenant/index.ts";
import { operations } from "../src/testing/tenant.ts";

describe("tenants", () => {
  machineConformance({
    machines: [tenant],
    service: "governance",
    commands: operations(new MachineDriver({ machines: [tenant], service: "governance" }).nowMs),
    sequences: 200,
    pauseMaxMs: 3 * 3_600_000,
    stepsMax: 80,
    golden: new URL("../golden/tenant/", import.meta.url),
    invariant(driver) {
      for (const key of driver.keys) {
        const state = driver.state(key, tenant);
        const { changes, principals, roles, bindings, limits, rules, tokens, policies } = state;
        const kept = [principals, roles, bindings, limits, rules].flatMap((all) => [...all.values()]);
        const revisions = kept.map(({ revision }) => revision);
        assert.equal(new Set(revisions).size, revisions.length, "each change has a number of its own");
        for (const { revision, createMs, updateMs } of kept)
          assert.ok(revision >= 1 && revision <= changes && createMs <= updateMs);
        const now = policiesAt(state, versionOf(state));
        assert.deepEqual([...(now ?? [])].sort(), [...policies].map(([id, { value }]) => [id, value]).sort());
        for (const { token, revokeMs } of tokens.values())
          assert.ok(revokeMs >= 0 && token.expireTime !== undefined, "what is kept of a token ends");
      }
    },
  });
});
