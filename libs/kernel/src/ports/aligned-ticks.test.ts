import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dueAfter } from "./aligned-ticks.ts";
import { sleep, systemTimers } from "./timers.ts";

describe("periods of a process", () => {
  it("are due at multiples of the period, a period after the last call or about that after the start", () => {
    assert.equal(dueAfter(0, 1_000), 1_000);
    assert.equal(dueAfter(499, 1_000), 1_000);
    assert.equal(dueAfter(500, 1_000), 2_000);
    // Called a little early or late.
    assert.equal(dueAfter(1_999, 1_000), 3_000);
    assert.equal(dueAfter(2_003, 1_000), 3_000);
    // Missed calls are not repeated.
    assert.equal(dueAfter(7_300, 1_000), 8_000);
    assert.equal(dueAfter(600, 250), 750);
  });

  it("share their wake-up, also with periods that started at another moment", async () => {
    const calls: string[] = [];
    const first = systemTimers.every(250, () => {
      calls.push("first");
      queueMicrotask(() => calls.push("end of turn"));
    });
    await sleep(systemTimers, 40);
    const { promise, resolve } = Promise.withResolvers<void>();
    const second = systemTimers.every(500, () => {
      calls.push("second");
      resolve();
    });
    await Promise.race([promise, sleep(systemTimers, 60_000)]);
    first.cancel();
    second.cancel();
    assert.equal(calls[calls.indexOf("second") - 1], "first");
  });

  it("end when they are cancelled, even by another period", async () => {
    let count = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = systemTimers.every(250, () => {
      second.cancel();
      first.cancel();
      resolve();
    });
    const second = systemTimers.every(250, () => count++);
    await Promise.race([promise, sleep(systemTimers, 60_000)]);
    // The next time at which the cancelled period would be due.
    await new Promise<void>((called) => {
      const later = systemTimers.every(250, () => {
        later.cancel();
        called();
      });
    });
    assert.equal(count, 0);
  });
});
