import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type RetryClass, TuttiError } from "../errors/tutti-error.ts";
import type { Chance } from "../ports/chance.ts";
import { sleep } from "../ports/timers.ts";
import { seededChance, testFoundation } from "../testing/index.ts";
import { Orchestrator } from "./orchestrator.ts";
import type { ExecuteOptions, ExecutionReport } from "./safe-execute.ts";

const failure = (retry: RetryClass, retryAfterMs = 0) =>
  new TuttiError({ code: "test.failed", status: "UNAVAILABLE", message: "not now", retry, retryAfterMs });

/** Always draws almost the whole of the bound. */
const patient: Chance = { random: () => 0.999_999, fill: (target) => target };

function executing(chance: Chance = patient) {
  const foundation = { ...testFoundation(), chance };
  const orchestrator = new Orchestrator("billing", foundation);
  const reports: ExecutionReport[] = [];
  orchestrator.on("operationFailed", (report) => reports.push(report));
  const counted = (outcome: string) =>
    foundation.metrics.value("tutti_orchestrator_operations_total", {
      orchestrator: "billing",
      operation: "charge",
      outcome,
    });
  /** Fails with these errors, one after the other, then succeeds. Notes the times of the attempts. */
  const trying = (errors: readonly unknown[]) => {
    const attemptedAtMs: number[] = [];
    const operation = async (_signal: AbortSignal, attempt: number): Promise<string> => {
      attemptedAtMs.push(Math.round(foundation.time.monotonic()));
      if (attempt <= errors.length) throw errors[attempt - 1];
      return `done at attempt ${attempt}`;
    };
    return { triedAtMs: attemptedAtMs, operation };
  };
  return { foundation, orchestrator, reports, counted, trying, time: foundation.time };
}

const never = (): Promise<never> => new Promise(() => {});

describe("safeExecute: repeating", () => {
  const table: readonly [string, readonly unknown[], ExecuteOptions, readonly number[], string][] = [
    ["a success is not repeated", [], {}, [0], "done at attempt 1"],
    ["what may never be repeated is not", [failure("never")], {}, [0], "not now"],
    ["an unclassified error is not", [new Error("bug")], {}, [0], "Internal error: Error: bug."],
    ["what passes is, after a pause", [failure("same-key")], {}, [0, 100], "done at attempt 2"],
    [
      "a broken connection is, as what it is",
      [Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })],
      {},
      [0, 100],
      "done at attempt 2",
    ],
    [
      "elsewhere is at once",
      [failure("elsewhere"), failure("elsewhere")],
      {},
      [0, 0, 0],
      "done at attempt 3",
    ],
    ["three times is enough", Array(9).fill(failure("same-key")), {}, [0, 100, 300], "not now"],
    [
      "pauses double up to their bound",
      Array(5).fill(failure("same-key")),
      { retry: { attemptsMax: 6, pauseMs: 10, pauseMaxMs: 50 } },
      [0, 10, 30, 70, 120, 170],
      "done at attempt 6",
    ],
    [
      "an asked-for pause comes before the drawn one",
      [failure("same-key", 2_000)],
      {},
      [0, 2_100],
      "done at attempt 2",
    ],
    [
      "a pause beyond the time allowed is not started",
      [failure("same-key", 2_000)],
      { timeoutMs: 1_500 },
      [0],
      "not now",
    ],
    ["one attempt never repeats", [failure("same-key")], { retry: { attemptsMax: 1 } }, [0], "not now"],
    [
      "an attempt after the deadline is not started",
      [],
      { deadlineMs: 0 },
      [],
      "`charge` did not finish within 0 ms",
    ],
  ];
  for (const [title, errors, options, expectedAtMs, expected] of table) {
    it(title, async () => {
      const { orchestrator, time, trying } = executing();
      const { operation, triedAtMs } = trying(errors);
      const outcome = await time.settle(
        orchestrator.safeExecute("charge", operation, options).catch((error: Error) => error.message),
      );
      assert.ok(outcome.startsWith(expected), `expected "${expected}…", got "${outcome}"`);
      assert.deepEqual(triedAtMs, expectedAtMs);
    });
  }

  it("keeps every pause between zero and its bound, for any seed", () =>
    fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { orchestrator, time, trying } = executing(seededChance(seed));
        const { operation, triedAtMs } = trying(Array(5).fill(failure("same-key")));
        const retry = { attemptsMax: 6, pauseMs: 100, pauseMaxMs: 500 };
        await time.settle(orchestrator.safeExecute("charge", operation, { retry }));
        for (const [index, limitMs] of [100, 200, 400, 500, 500].entries()) {
          const pauseMs = (triedAtMs[index + 1] ?? 0) - (triedAtMs[index] ?? 0);
          assert.ok(pauseMs >= 0 && pauseMs <= limitMs + 1, `pause ${index} of ${pauseMs} ms`);
        }
      }),
      { numRuns: 30 },
    ));
});

describe("safeExecute: time", () => {
  it("an operation that hangs is aborted by its signal, and its outcome is unknown", async () => {
    const { orchestrator, time, counted } = executing();
    const signals: AbortSignal[] = [];
    const hangs = (signal: AbortSignal) => {
      signals.push(signal);
      return never();
    };
    await assert.rejects(time.settle(orchestrator.safeExecute("charge", hangs, { timeoutMs: 800 })), {
      code: "lifecycle.operation_timed_out",
      retry: "same-key",
      message:
        "`charge` did not finish within 800 ms, and its outcome is unknown. Retry with the same idempotency key.",
    });
    assert.equal(time.monotonic(), 800);
    assert.equal(signals[0]?.aborted, true);
    assert.equal(counted("timed_out"), 1);
  });

  it("an attempt that hangs is repeated within the whole time", async () => {
    const { orchestrator, time } = executing();
    const operation = (_signal: AbortSignal, attempt: number) => (attempt < 3 ? never() : "done");
    const outcome = orchestrator.safeExecute("charge", operation, { attemptTimeoutMs: 50, timeoutMs: 1_000 });
    assert.equal(await time.settle(outcome), "done");
    assert.equal(Math.round(time.monotonic()), 50 + 100 + 50 + 200);
  });

  it("a result after the timeout is reported", async () => {
    const { orchestrator, time, foundation } = executing();
    const slow = async () => {
      await sleep(time, 500);
      throw new Error("too late");
    };
    await assert.rejects(time.settle(orchestrator.safeExecute("charge", slow, { timeoutMs: 100 })));
    await time.advanceAsync(1_000);
    const { fields } = foundation.logger.line("operation ended after it timed out");
    assert.equal(fields["outcome"], "rejected");
  });

  it("leaves no timer behind", async () => {
    const { orchestrator, time } = executing();
    await orchestrator.safeExecute("charge", () => "done", { timeoutMs: 60_000, attemptTimeoutMs: 1_000 });
    assert.equal(time.pending, 0);
  });
});

describe("safeExecute: a caller that cancels", () => {
  const cases: readonly [string, (signal: AbortSignal) => Promise<never>, number][] = [
    ["while it runs", never, 0],
    ["while it pauses", () => Promise.reject(failure("same-key", 5_000)), 10],
  ];
  for (const [when, operation, afterMs] of cases) {
    it(`${when} ends it at once, without the default`, async () => {
      const { orchestrator, time, counted, reports } = executing();
      const patience = new AbortController();
      const reason = new Error("enough");
      const outcome = orchestrator.safeExecute("charge", operation, { signal: patience.signal, default: 5 });
      await time.advanceAsync(afterMs);
      patience.abort(reason);
      await assert.rejects(outcome, {
        code: "lifecycle.operation_cancelled",
        message: "The caller cancelled `charge` before it finished. Call it again if it is still needed.",
        cause: reason,
      });
      assert.equal(time.monotonic(), afterMs);
      assert.equal(counted("cancelled"), 1);
      assert.equal(reports[0]?.outcome, "cancelled");
    });
  }

  it("before it starts gets no attempt", async () => {
    const { orchestrator, trying } = executing();
    const { operation, triedAtMs } = trying([]);
    await assert.rejects(orchestrator.safeExecute("charge", operation, { signal: AbortSignal.abort() }), {
      code: "lifecycle.operation_cancelled",
    });
    assert.deepEqual(triedAtMs, []);
  });
});

describe("safeExecute: reporting", () => {
  it("rethrows with the thrown error in the chain of causes, and logs, counts and reports it", async () => {
    const { orchestrator, foundation, counted, reports } = executing();
    const root = new Error("no such table");
    const thrown = new Error("query failed", { cause: root });
    await assert.rejects(
      orchestrator.safeExecute("charge", () => Promise.reject(thrown)),
      (error) => {
        assert.ok(error instanceof TuttiError);
        assert.equal(error.cause, thrown);
        return true;
      },
    );
    assert.equal(foundation.logger.line("operation failed").level, "error");
    assert.equal(counted("failed"), 1);
    assert.deepEqual(
      reports.map(({ operation, outcome, attempts }) => ({ operation, outcome, attempts })),
      [{ operation: "charge", outcome: "failed", attempts: 1 }],
    );
  });

  it("throws an error of Tutti's own as the very same object", async () => {
    const { orchestrator } = executing();
    const refusal = failure("never");
    await assert.rejects(
      orchestrator.safeExecute("charge", () => {
        throw refusal;
      }),
      (error) => error === refusal,
    );
  });

  it("returns the declared default, even if it is undefined, and reports that", async () => {
    const { orchestrator, foundation, counted, reports } = executing();
    const fails = () => Promise.reject(failure("never"));
    const price: number | undefined = await orchestrator.safeExecute("charge", fails, { default: undefined });
    assert.equal(price, undefined);
    assert.equal(foundation.logger.line("operation failed, using its default").level, "warn");
    assert.equal(counted("defaulted"), 1);
    assert.equal(reports[0]?.outcome, "defaulted");
  });

  it("counts successes and repetitions", async () => {
    const { orchestrator, time, counted, trying, foundation } = executing();
    const { operation } = trying([failure("same-key")]);
    await time.settle(orchestrator.safeExecute("charge", operation));
    assert.equal(counted("succeeded"), 1);
    const labels = { orchestrator: "billing" };
    assert.equal(foundation.metrics.value("tutti_orchestrator_operation_retries_total", labels), 1);
    assert.equal(foundation.logger.line("operation failed, retrying").fields["pauseMs"], 100);
  });

  it("keeps the number of labels bounded if names of operations contain ids", async () => {
    const { orchestrator, foundation } = executing();
    for (let id = 0; id < 250; id++) await orchestrator.safeExecute(`charge-${id}`, () => id);
    const series = foundation.metrics
      .series()
      .filter((each) => each.startsWith("tutti_orchestrator_operations_total"));
    assert.equal(series.length, 101);
    const other = { orchestrator: "billing", operation: "other", outcome: "succeeded" };
    assert.equal(foundation.metrics.value("tutti_orchestrator_operations_total", other), 150);
  });
});
