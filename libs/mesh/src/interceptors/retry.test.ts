import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorFromUnknown, type RetryClass, type Status, TuttiError } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import type { ClientCall } from "../client/client-call.ts";
import { resolveMeshSettings } from "../settings.ts";
import { clientCall } from "../testing/calls.ts";
import { mayRepeat, RetryBudget, retryStep } from "./retry.ts";

const settings = resolveMeshSettings().retry;

function failure(retry: RetryClass, retryAfterMs = 0, status: Status = "UNAVAILABLE"): TuttiError {
  return new TuttiError({
    code: `test.${retry}`,
    status,
    message: retry,
    retry,
    retryAfterMs,
  });
}

describe("the retry budget", () => {
  it("allows the reserve at once, then a share of the calls", () => {
    const time = new VirtualTime();
    const budget = new RetryBudget({ ...settings, reserve: 3, share: 0.25, perSec: 0 }, time);
    const spent = () => [1, 2, 3, 4, 5].filter(() => budget.spend()).length;
    assert.equal(spent(), 3);
    for (let call = 0; call < 8; call++) budget.earn();
    assert.equal(spent(), 2);
    for (let call = 0; call < 10_000; call++) budget.earn();
    assert.equal(spent(), 3, "never more than the reserve");
  });

  it("grows with time if there are few calls", () => {
    const time = new VirtualTime();
    const budget = new RetryBudget({ ...settings, reserve: 2, share: 0, perSec: 10 }, time);
    assert.ok(budget.spend() && budget.spend());
    assert.equal(budget.spend(), false);
    time.advance(99);
    assert.equal(budget.spend(), false);
    time.advance(2);
    assert.equal(budget.spend(), true);
  });
});

describe("whether a call may be repeated", () => {
  type Row = readonly [Parameters<typeof clientCall>[0], string, RetryClass, boolean];
  const table: readonly Row[] = [
    ["get", "", "never", false],
    ["get", "", "same-key", true],
    ["get", "", "elsewhere", true],
    ["put", "", "same-key", false],
    ["put", "k1", "same-key", true],
    ["put", "", "elsewhere", true],
    ["list", "", "same-key", true],
    ["follow", "", "same-key", false],
    ["follow", "", "elsewhere", false],
    ["collect", "", "elsewhere", true],
  ];
  for (const [name, key, retry, expected] of table) {
    it(`${name} ${key === "" ? "without a key" : "with a key"} after an error of class ${retry}: ${expected}`, () => {
      assert.equal(mayRepeat(clientCall(name, { request: { key } }), failure(retry)), expected);
    });
  }

  it("not if more of its requests were consumed than can be replayed", () => {
    const call = clientCall("collect");
    call.requests.accept();
    assert.equal(mayRepeat(call, failure("elsewhere")), false);
  });
});

describe("repeating", () => {
  function retrying(
    outcomes: readonly (TuttiError | "ok")[],
    { others = 0, attempts = 8, reserve = 500 } = {},
  ) {
    const time = new VirtualTime();
    const sentAtMs: number[] = [];
    let remaining = others;
    const step = retryStep({
      settings: { ...settings, attempts, reserve, perSec: 0, share: 0 },
      clock: time,
      timers: time,
      chance: seededChance(1),
      routes: {
        hasOther: () => remaining-- > 0,
        wait: (call, delayMs) => call.pause(time, delayMs),
      },
    });
    const next = async () => {
      const outcome = outcomes[sentAtMs.length] ?? "ok";
      sentAtMs.push(time.monotonic());
      if (outcome === "ok") return "done";
      throw outcome;
    };
    return {
      sentAtMs,
      run: (call: ClientCall) =>
        time.settle(step.around(call, next).catch((error: unknown) => errorFromUnknown(error))),
    };
  }

  it("tries another instance at once, and pauses if there is none", async () => {
    const { run, sentAtMs } = retrying([failure("elsewhere"), failure("elsewhere")], { others: 1 });
    assert.equal(await run(clientCall("get")), "done");
    assert.equal(sentAtMs.length, 3);
    assert.equal(sentAtMs[1], 0);
    assert.ok((sentAtMs[2] ?? 0) > 0);
  });

  it("pauses at least for the requested delay", async () => {
    const { run, sentAtMs } = retrying([failure("same-key", 700)]);
    await run(clientCall("get"));
    assert.equal(sentAtMs[1], 700);
  });

  it("returns an exhausted resource to the caller at once if its delay is a second or longer", async () => {
    for (const [retryAfterMs, attempts] of [
      [999, 2],
      [1_000, 1],
    ] as const) {
      const { run, sentAtMs } = retrying([failure("same-key", retryAfterMs, "RESOURCE_EXHAUSTED")]);
      await run(clientCall("get"));
      assert.equal(sentAtMs.length, attempts);
    }
  });

  it("stops after the last attempt, with its error", async () => {
    const { run, sentAtMs } = retrying(Array(10).fill(failure("same-key")), { attempts: 3 });
    const error = await run(clientCall("get"));
    assert.ok(error instanceof TuttiError && error.code === "test.same-key");
    assert.equal(sentAtMs.length, 3);
  });

  it("reports an unknown outcome of an attempt before the last", async () => {
    const lost = failure("same-key");
    for (const [outcomes, code] of [
      [[lost, failure("elsewhere")], "test.same-key"],
      [[failure("elsewhere"), failure("elsewhere")], "test.elsewhere"],
      [[failure("same-key", 0, "RESOURCE_EXHAUSTED"), failure("elsewhere")], "test.elsewhere"],
    ] as const) {
      const { run } = retrying(outcomes, { attempts: 2 });
      const error = await run(clientCall("get"));
      assert.ok(error instanceof TuttiError && error.code === code);
    }
  });

  it("stops when the budget is used up", async () => {
    const { run, sentAtMs } = retrying(Array(10).fill(failure("same-key")), { reserve: 2 });
    await run(clientCall("get"));
    assert.equal(sentAtMs.length, 3);
  });

  it("prefers the error to a pause beyond the deadline", async () => {
    const { run, sentAtMs } = retrying([failure("same-key", 5_000)]);
    const error = await run(clientCall("get", { deadlineMs: 4_000 }));
    assert.ok(error instanceof TuttiError && error.code === "test.same-key");
    assert.deepEqual(sentAtMs, [0]);
  });
});
