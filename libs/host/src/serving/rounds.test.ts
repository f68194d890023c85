import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testFoundation } from "@tutti/kernel/testing";
import { Rounds } from "./rounds.ts";

describe("rounds", () => {
  /** Returns the times of rounds. The fourth one fails. */
  const timesOf = async (everyMaxMs?: number) => {
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
    })(foundation, 10_000, "nothing", everyMaxMs);
    rounds.start();
    await time.advanceAsync(600_000);
    await rounds.drain();
    return atMs.slice(0, 5);
  };

  it("run once per period, also after a failure, and up to thirty times less often if they take long", async () => {
    assert.deepEqual(await timesOf(), [10_000, 20_000, 70_500, 430_500, 447_500]);
  });

  it("that take long run at least as often as required", async () => {
    assert.deepEqual(await timesOf(20_000), [10_000, 20_000, 40_500, 120_500, 137_500]);
  });
});
