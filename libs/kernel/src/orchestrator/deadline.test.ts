import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sleep } from "../ports/timers.ts";
import { VirtualTime } from "../testing/index.ts";
import { type DeadlineOptions, withDeadline } from "./deadline.ts";

function limited(overrides: Partial<DeadlineOptions<string>> = {}) {
  const time = new VirtualTime();
  const late: PromiseSettledResult<string>[] = [];
  const options: DeadlineOptions<string> = {
    timers: time,
    timeoutMs: 100,
    timedOut: () => new Error("too slow"),
    late: (outcome) => late.push(outcome),
    ...overrides,
  };
  return { time, late, options };
}

const never = (): Promise<never> => new Promise(() => {});

describe("withDeadline", () => {
  it("returns the result of the operation, immediately or in time, and leaves no timer", async () => {
    const { time, options } = limited();
    assert.equal(await withDeadline(() => "at once", options), "at once");
    const inTime = async () => {
      await sleep(time, 99);
      return "in time";
    };
    assert.equal(await time.settle(withDeadline(inTime, options)), "in time");
    assert.equal(time.pending, 0);
  });

  it("rejects with the error of the operation, immediately or later", async () => {
    const { options } = limited();
    const thrown = new Error("broken");
    const throwing = (): string => {
      throw thrown;
    };
    await assert.rejects(withDeadline(throwing, options), thrown);
    await assert.rejects(
      withDeadline(() => Promise.reject(thrown), options),
      thrown,
    );
  });

  it("rejects at the deadline, aborts with the same error, and reports the late end", async () => {
    const { time, late, options } = limited();
    const reasons: unknown[] = [];
    const slow = async (signal: AbortSignal) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      await sleep(time, 150);
      return "late";
    };
    await assert.rejects(time.settle(withDeadline(slow, options)), (error) => {
      assert.deepEqual(reasons, [error]);
      return error instanceof Error && error.message === "too slow";
    });
    await time.advanceAsync(100);
    assert.deepEqual(late, [{ status: "fulfilled", value: "late" }]);
  });

  it("waits as long as the operation takes if the timeout is infinite", async () => {
    const { time, options } = limited({ timeoutMs: Number.POSITIVE_INFINITY });
    const running = withDeadline(() => sleep(time, 1e9).then(() => "done"), options);
    assert.equal(time.pending, 1);
    assert.equal(await time.settle(running), "done");
  });

  it("rejects when the signal is aborted, and passes the reason to the operation", async () => {
    const controller = new AbortController();
    const { options } = limited({ signal: controller.signal });
    const own: AbortSignal[] = [];
    const running = withDeadline((signal) => {
      own.push(signal);
      return never();
    }, options);
    const reason = new Error("not wanted");
    controller.abort(reason);
    await assert.rejects(running, reason);
    assert.equal(own[0]?.reason, reason);
  });

  it("grants the operation a grace period to end by itself", async () => {
    const controller = new AbortController();
    const { time, options } = limited({ signal: controller.signal, graceMs: 50, timeoutMs: 1_000 });
    const reason = new Error("not wanted");
    const tidy = async (signal: AbortSignal) => {
      await sleep(time, 10_000, signal).catch(() => sleep(time, 20));
      return "tidied up";
    };
    const ends = withDeadline(tidy, options);
    const hangs = withDeadline(never, options);
    controller.abort(reason);
    assert.equal(await time.settle(ends), "tidied up");
    assert.equal(time.monotonic(), 20);
    await assert.rejects(time.settle(hangs), reason);
    assert.equal(time.monotonic(), 50);
  });

  it("calls the operation even with an aborted signal, because a stop must be tried", async () => {
    const reason = new Error("no more time");
    const { options } = limited({ signal: AbortSignal.abort(reason) });
    let called = false;
    await assert.rejects(
      withDeadline((signal) => {
        called = signal.aborted;
        return never();
      }, options),
      reason,
    );
    assert.equal(called, true);
  });
});
