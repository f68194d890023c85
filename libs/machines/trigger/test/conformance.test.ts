import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { trigger } from "../src/index.ts";
import { done, operations } from "../src/testing/index.ts";

describe("triggers", () => {
  machineConformance({
    machines: [trigger],
    service: "workflow",
    commands: operations(),
    resultOf: done,
    pauseMaxMs: 3_000,
    sequences: 150,
    stepsMax: 60,
    golden: new URL("../golden/", import.meta.url),
    rare: ["triggered_run_ended v1"],
    invariant(driver) {
      for (const key of driver.keys) {
        const state = driver.state(key, trigger);
        const { status, groups, waiting, starting, held, heldBytes, dead, deadBytes, recent, seen } = state;
        const starts = [...waiting.values(), ...[...starting.values()].flatMap((batch) => batch.starts)];
        let count = 0;
        for (const runs of held.values()) count += runs;
        assert.equal(count, starts.length, "what is held is counted");
        const items = [...starts, ...groups.values()].flatMap((each) => each.items);
        const bytes = items.reduce((sum, { event }) => sum + event.length, 0);
        assert.equal(heldBytes, bytes);
        assert.equal(
          deadBytes,
          [...dead.values()].reduce((sum, { item }) => sum + (item?.event.length ?? 0), 0),
        );
        assert.ok(recent.length <= 10);
        assert.ok(status !== "removed" || items.length + dead.size + seen.size === 0);
      }
    },
  });
});
