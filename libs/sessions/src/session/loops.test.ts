import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { Loops } from "./loops.ts";

describe("a loop", () => {
  it("restarts if it is requested again before the withdrawn loop has ended", async () => {
    const loops = new Loops({ logger: silentLogger });
    const token = { partition: 0, incarnation: 1, number: 2, attempt: 1 };
    const started: AbortSignal[] = [];
    const ends: (() => void)[] = [];
    const run = (signal: AbortSignal): Promise<void> => {
      started.push(signal);
      return new Promise((resolve) => ends.push(resolve));
    };
    loops.startLoop(token, run);
    loops.startLoop(token, run);
    assert.equal(started.length, 1);
    loops.withdraw(token);
    loops.startLoop(token, run);
    assert.deepEqual(
      started.map(({ aborted }) => aborted),
      [true, false],
    );
    ends[0]?.();
    await Promise.resolve();
    loops.withdraw(token);
    assert.equal(started[1]?.aborted, true);
    for (const end of ends) end();
    await loops.stop();
  });
});
