import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testFoundation } from "@tutti/kernel/testing";
import { Rounds } from "./rounds.ts";

describe("rounds", () => {
  it("run once per period, also after a failure, and up to thirty times less often if they take long", async () => {
    const foundation = testFoundation();
    const { time } = foundation;
    const atMs: number[] = [];
    const durationsMs = [0, 500, 60_000, 7_000, 0];
    const rounds = new (class extends Rounds {
      protected override round(): Promise<void> {
        atMs.push(time.monotonic());
        const fails = atMs.length === 4;
        return new Promise((resolve, reject) => {
          time.after(durationsMs[atMs.length - 1] ?? 0, () =>
            fails ? reject(new Error("away")) : resolve(),
          );
        });
      }
    })(foundation, 10_000, "nothing");
    rounds.start();
    await time.advanceAsync(600_000);
    await rounds.drain();
    assert.deepEqual(atMs.slice(0, 5), [10_000, 20_000, 70_500, 430_500, 447_500]);
  });
});
