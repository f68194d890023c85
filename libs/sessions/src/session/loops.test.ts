import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { Loops } from "./loops.ts";

describe("a loop", () => {
  it("restarts when it is requested again before the withdrawn one has ended", async () => {
    const loops = new Loops({ logger: silentLogger });
    const token = { partition: 0, incarnation: 1, number: 2, attempt: 1 };
    const begun: AbortSignal[] = [];
    const ends: (() => void)[] = [];
    const run = (signal: AbortSignal): Promise<void> => {
      begun.push(signal);
      return new Promise((resolve) => ends.push(resolve));
    };
    loops.begin(token, run);
    loops.begin(token, run);
    assert.equal(begun.length, 1);
    loops.withdraw(token);
    loops.begin(token, run);
    assert.deepEqual(
      begun.map(({ aborted }) => aborted),
      [true, false],
    );
    ends[0]?.();
    await Promise.resolve();
    loops.withdraw(token);
    assert.equal(begun[1]?.aborted, true);
    for (const end of ends) end();
    await loops.stop();
  });
});
