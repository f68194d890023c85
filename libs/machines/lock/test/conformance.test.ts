import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { fits, isTooMany, permitsOf } from "../src/hold/room.ts";
import { deadlocks, lock } from "../src/index.ts";
import { lockKey, masterService, operations } from "../src/testing/index.ts";

describe("locks", () => {
  let greatest = 0;
  let before: unknown;
  machineConformance({
    machines: [lock, deadlocks],
    service: masterService,
    commands: operations(),
    pauseMaxMs: 8_000,
    sequences: 200,
    stepsMax: 80,
    golden: new URL("../golden/", import.meta.url),
    // A thousand grants in one step, and a lock that was not running: separate tests cover them.
    rare: ["lock_put_off v1", "lock_spared v1"],
    invariant(driver) {
      if (before !== driver) greatest = 0;
      before = driver;
      const state = driver.state(lockKey, lock);
      const { holds, line, byHolder, heldAlone, sharedMost, ends } = state;
      assert.equal(byHolder.size, holds.size + line.size, "each holder holds or waits once");
      assert.equal(ends.size, byHolder.size, "every hold and every wait ends by itself");
      const all = [...holds.values()];
      const alone = all.filter(({ shared }) => !shared).reduce((sum, { permits }) => sum + permits, 0);
      assert.equal(heldAlone, alone);
      assert.equal(
        sharedMost,
        Math.max(0, ...all.filter(({ shared }) => shared).map(({ permits }) => permits)),
      );
      const { head } = line;
      assert.equal(head?.ticket, line.inOrder()[0]?.ticket);
      if (head !== undefined) {
        assert.ok(!fits(state, head), "what can be given is given");
        assert.ok(!isTooMany(state, head), `no request waits for more than the ${permitsOf(state)} permits`);
      }
      assert.ok(state.lastToken >= greatest, "tokens only grow");
      greatest = state.lastToken;
      for (const token of holds.keys()) assert.ok(token <= state.lastToken);
    },
  });
});
