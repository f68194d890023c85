import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { limit } from "../src/index.ts";
import { hasRoom, readyMs } from "../src/pace.ts";
import { holder, limitKey, limitService, operations } from "../src/testing/index.ts";

describe("limits", () => {
  machineConformance({
    machines: [limit, holder],
    service: limitService,
    commands: operations(),
    pauseMaxMs: 3_000,
    sequences: 150,
    stepsMax: 80,
    golden: new URL("../golden/", import.meta.url),
    // A thousand grants in one step: a separate test covers it.
    rare: ["grants_put_off v1"],
    invariant(driver) {
      const state = driver.state(limitKey, limit);
      const { holds, line, byHolder, heldWeight } = state;
      assert.equal(byHolder.size, holds.size + line.size, "each holder holds or waits once");
      let sum = 0;
      for (const { weight } of holds.values()) sum += weight;
      assert.equal(heldWeight, sum);
      const { head } = line;
      assert.equal(head === undefined, line.size === 0);
      if (head !== undefined)
        assert.ok(
          !hasRoom(state, head.weight) || readyMs(state, head.weight) > driver.nowMs,
          "what can be given is given",
        );
      assert.deepEqual([...line.inOrder()][0], head);
      assert.equal(driver.tally.messagesRefused, 0);
    },
  });
});
