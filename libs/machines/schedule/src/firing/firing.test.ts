import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FiringResult, Overlap } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import {
  backfill,
  backfillMax,
  confirmStart,
  confirmStop,
  facts,
  pause,
  refuseStart,
  resume,
  schedule,
  trigger,
  update,
} from "../index.ts";
import {
  codeOf,
  driven,
  end,
  hourMs,
  key,
  kindOf,
  plan,
  startAll,
  startMs,
  story,
  toStart,
} from "../schedule.fixture.ts";

const [one, two, three] = ["01", "02", "03"].map((hour) => `nightly-20260101T${hour}0000Z`) as [
  string,
  string,
  string,
];

describe("the clock of a schedule", () => {
  it("starts a run at its time and not before, with an id derived from the schedule and the time", () => {
    const driver = driven();
    driver.advance(hourMs - 1);
    assert.deepEqual(driver.effects, []);
    driver.advance(1);
    assert.deepEqual(toStart(driver), [one]);
    assert.deepEqual(story(driver), ["schedule_created", "firing_started", "schedule_advanced"]);
    assert.equal(driver.nextDueMs, startMs + 2 * hourMs);
  });

  it("delays times by a jitter that keeps their order and is the same for the same time", () => {
    const dues = (id: string) => {
      const driver = driven(plan({ overlap: Overlap.OVERLAP_ALLOW }, { jitterMs: 5 * hourMs }));
      assert.equal(id, key.id);
      return [1, 2, 3, 4].map(() => {
        const dueMs = driver.nextDueMs ?? 0;
        driver.advance(dueMs - driver.nowMs);
        return dueMs;
      });
    };
    const found = dues("nightly");
    assert.deepEqual(found, dues("nightly"));
    for (const [index, dueMs] of found.entries()) {
      const jitterMs = dueMs - startMs - (index + 1) * hourMs;
      assert.ok(jitterMs >= 0 && jitterMs < hourMs, `${jitterMs}`);
    }
  });

  it("that is evaluated late starts runs within the catch-up window, and reports missed times", () => {
    const driver = lateBy(10 * hourMs + 120_000, { catchUpMs: 2.5 * hourMs });
    assert.deepEqual(toStart(driver), ["nightly-20260101T080000Z"]);
    const state = driver.state(key, schedule);
    assert.deepEqual(
      [...state.waiting.values()].map(({ runId }) => runId.slice(-7, -5)),
      ["09", "10"],
    );
    assert.equal(story(driver).filter((type) => type === "times_missed").length, 7);
    assert.equal(state.skippedCount, 7);
    const missed = state.recent.filter(({ result }) => result === FiringResult.FIRING_RESULT_MISSED);
    assert.deepEqual(
      missed.map(({ nominalMs }) => (nominalMs - startMs) / hourMs),
      [1, 2, 3, 4, 5, 6, 7],
    );
    assert.equal(driver.nextDueMs, startMs + 11 * hourMs);
  });

  it("that is evaluated very late counts all missed times, and records all but the latest together", () => {
    const driver = lateBy(100 * hourMs + 120_000, {});
    assert.equal(driver.state(key, schedule).skippedCount, 100);
    assert.equal(story(driver).filter((type) => type === "times_missed").length, 11);
    assert.deepEqual(toStart(driver), []);
  });

  it("processes a hundred times in one step, and continues in the next", () => {
    const everySecond = plan(
      { catchUpMs: hourMs, overlap: Overlap.OVERLAP_SKIP },
      { rules: [{ everyMs: 1_000 }] },
    );
    const driver = driven(everySecond, hourMs + 350_000);
    assert.equal(driver.state(key, schedule).skippedCount, 350);
    assert.equal(story(driver).filter((type) => type === "schedule_advanced").length, 4);
  });

  it("stops while paused, and continues from the resumption", () => {
    const driver = driven();
    driver.execute(key, pause, { note: "holidays" });
    assert.equal(driver.nextDueMs, undefined);
    assert.deepEqual(driver.description(key).labels, { paused: "holidays" });
    driver.advance(5 * hourMs + 1);
    driver.execute(key, resume, { note: "back" });
    assert.deepEqual(toStart(driver), []);
    assert.equal(driver.nextDueMs, startMs + 6 * hourMs);
  });

  it("pauses after its maximum number of runs, and counts from 0 when it is resumed", () => {
    const driver = driven(plan({ maxRuns: 2, overlap: Overlap.OVERLAP_ALLOW }));
    driver.advance(5 * hourMs);
    assert.deepEqual(toStart(driver), [one, two]);
    assert.equal(driver.state(key, schedule).note, "started 2 of 2 runs");
    driver.execute(key, resume, { note: "two more" });
    driver.advance(5 * hourMs);
    assert.equal(toStart(driver).length, 4);
  });

  it("has no more times after the end", () => {
    const driver = driven(plan({}, { untilMs: startMs + 2 * hourMs }));
    driver.advance(hourMs);
    assert.deepEqual(toStart(driver), [one]);
    assert.equal(driver.nextDueMs, undefined);
  });
});

describe("a time at which the run before has not ended", () => {
  for (const [overlap, started, waiting, stopped] of [
    [Overlap.OVERLAP_UNSPECIFIED, [], 0, 0],
    [Overlap.OVERLAP_SKIP, [], 0, 0],
    [Overlap.OVERLAP_QUEUE_ONE, [], 1, 0],
    [Overlap.OVERLAP_QUEUE_ALL, [], 2, 0],
    [Overlap.OVERLAP_CANCEL_OTHER, [], 1, 1],
    [Overlap.OVERLAP_TERMINATE_OTHER, [], 1, 1],
    [Overlap.OVERLAP_ALLOW, [two, three], 0, 0],
  ] as const)
    it(`with ${Overlap[overlap as never] ?? overlap}: ${started.length} start, ${waiting} wait, ${stopped} receive a stop request`, () => {
      const driver = driven(plan({ overlap }));
      driver.advance(hourMs);
      startAll(driver);
      driver.advance(2 * hourMs);
      assert.deepEqual(toStart(driver), started);
      assert.equal(driver.state(key, schedule).waiting.size, waiting);
      assert.equal(driver.effects.filter((effect) => kindOf(effect) === "stop_run").length, stopped);
    });

  it("waits for the previous run", () => {
    const driver = driven();
    driver.advance(3 * hourMs);
    assert.deepEqual(toStart(driver), [one]);
    startAll(driver);
    end(driver, one);
    assert.deepEqual(toStart(driver), [two]);
    end(driver, two);
    assert.deepEqual(toStart(driver), [three]);
  });

  it("that replaces the other run starts when the other run has ended", () => {
    const driver = driven(plan({ overlap: Overlap.OVERLAP_CANCEL_OTHER }));
    driver.advance(2 * hourMs);
    // The previous run is not known to exist yet: it is stopped when it is.
    assert.deepEqual(driver.effects.map(kindOf), ["start_run"]);
    startAll(driver);
    const [stop] = driver.effects;
    assert.ok(stop);
    assert.deepEqual(stop.effect, { kind: "stop_run", runId: one, terminate: false });
    driver.settle(stop, confirmStop, { ended: false });
    assert.deepEqual(toStart(driver), []);
    end(driver, one);
    assert.deepEqual(toStart(driver), [two]);
  });

  it("requests the end of the other run once, and once more to terminate it", () => {
    const driver = driven(plan({ overlap: Overlap.OVERLAP_CANCEL_OTHER }));
    driver.advance(hourMs);
    startAll(driver);
    driver.advance(3 * hourMs);
    driver.execute(key, trigger, { overlap: Overlap.OVERLAP_TERMINATE_OTHER });
    driver.execute(key, trigger, { overlap: Overlap.OVERLAP_CANCEL_OTHER });
    assert.equal(story(driver).filter((type) => type === "stop_requested").length, 2);
    assert.deepEqual(
      driver.effects.map(({ effect }) => effect),
      [{ kind: "stop_run", runId: one, terminate: true }],
    );
  });

  it("gives way to a later time that replaces the same run", () => {
    const driver = driven(plan({ overlap: Overlap.OVERLAP_TERMINATE_OTHER }));
    driver.advance(3 * hourMs);
    assert.deepEqual(
      [...driver.state(key, schedule).waiting.values()].map(({ runId }) => runId),
      [three],
    );
    end(driver, one);
    assert.deepEqual(toStart(driver), [three]);
  });
});

describe("a run that a schedule started", () => {
  it("starts once, for any number of confirmations", () => {
    const driver = driven();
    driver.advance(hourMs);
    const [start] = driver.effects;
    assert.ok(start);
    assert.deepEqual(driver.settle(start, confirmStart, { existed: false, ended: false }), {});
    assert.equal(driver.settle(start, confirmStart, { existed: false, ended: false }), "ignored");
    assert.equal(
      codeOf(driver.execute(key, confirmStart, { existed: false, ended: false })),
      "schedule.result_unasked",
    );
  });

  it("may end before it is known to have started", () => {
    const driver = driven();
    driver.advance(2 * hourMs);
    end(driver, one);
    assert.deepEqual(toStart(driver), [two]);
  });

  it("that was rejected lets the next run start, and its error is listed", () => {
    const driver = driven();
    driver.advance(2 * hourMs);
    const [start] = driver.effects;
    assert.ok(start);
    driver.settle(start, refuseStart, { code: "definition.missing", message: "no report" });
    assert.deepEqual(toStart(driver), [two]);
    const view = driver.query(key, facts, undefined);
    assert.ok(!isRefusal(view));
    assert.ok(
      view.recent.some(
        ({ result, message }) =>
          result === FiringResult.FIRING_RESULT_REFUSED && message === "definition.missing: no report",
      ),
    );
    assert.deepEqual([view.startedCount, view.skippedCount, view.waitingCount], [1, 1, 0]);
  });

  it("that failed pauses the schedule if configured, and waiting runs stay", () => {
    const driver = driven(plan({ pauseOnFailure: true }));
    driver.advance(2 * hourMs);
    end(driver, one, 6);
    assert.deepEqual(toStart(driver), []);
    assert.equal(driver.state(key, schedule).note, `run ${one} failed: out of paper`);
    driver.execute(key, resume, { note: "paper is there" });
    assert.deepEqual(toStart(driver), [two]);
  });

  it("is started by the plan that was in force at its time", () => {
    const driver = driven();
    driver.advance(hourMs);
    driver.execute(key, update, { plan: plan({ run: Uint8Array.of(9) }), revision: 1 });
    const [{ effect } = { effect: undefined }] = driver.effects;
    assert.deepEqual(effect, { kind: "start_run", runId: one, run: Uint8Array.of(1) });
    startAll(driver);
    assert.equal(driver.state(key, schedule).former.size, 0);
  });

  it("that is unheard of may report its end without effect", () => {
    const driver = driven();
    const { length } = driver.history(key);
    end(driver, "somebody-else");
    assert.equal(driver.history(key).length, length);
  });
});

describe("a manual firing", () => {
  it("starts a run at once, paused or not, and returns the run", () => {
    const driver = driven();
    driver.execute(key, pause, { note: "" });
    driver.advance(1_234);
    const answer = driver.execute(key, trigger, { overlap: 0 });
    assert.ok(!isRefusal(answer));
    assert.equal(answer.firing?.runId, "nightly-trigger-20260101T000001.234Z-1");
    assert.equal(answer.firing?.result, FiringResult.FIRING_RESULT_STARTED);
  });

  it("that would overlap is skipped and reports the overlap", () => {
    const driver = driven(plan({ overlap: Overlap.OVERLAP_SKIP }));
    driver.advance(hourMs);
    const answer = driver.execute(key, trigger, { overlap: 0 });
    assert.ok(!isRefusal(answer));
    assert.equal(answer.firing?.result, FiringResult.FIRING_RESULT_OVERLAPPED);
    assert.equal(answer.firing?.message, "the run before had not ended");
  });

  it("of past times starts them one after another, except times that already wait or run", () => {
    const driver = driven();
    driver.advance(3 * hourMs);
    const answer = driver.execute(key, backfill, {
      fromMs: startMs - 2 * hourMs,
      untilMs: startMs + 3 * hourMs,
      overlap: 0,
    });
    assert.deepEqual(answer, { count: 5 });
    const state = driver.state(key, schedule);
    // 22:00, 23:00 and midnight queue after 02:00 and 03:00. 01:00 is running and 02:00 waits already.
    assert.deepEqual(
      [...state.waiting.values()].map(({ runId }) => runId.slice(-7, -5)),
      ["02", "03", "22", "23", "00"],
    );
    assert.equal(state.skippedCount, 2);
  });

  it("accepts at most a thousand past times, and none in the future", () => {
    const driver = driven(plan({}, { rules: [{ everyMs: 1_000 }] }));
    for (const [fromMs, untilMs] of [
      [startMs - (backfillMax + 1) * 1_000, startMs],
      [startMs, startMs + 1],
      [startMs, startMs],
      [-1, startMs],
      [Number.NaN, startMs],
    ] as const)
      assert.equal(
        codeOf(driver.execute(key, backfill, { fromMs, untilMs, overlap: 0 })),
        "schedule.span_invalid",
      );
  });
});

/** Returns a schedule whose process was down for this time. */
function lateBy(lateMs: number, fields: Parameters<typeof plan>[0]) {
  return driven(plan(fields), lateMs);
}
