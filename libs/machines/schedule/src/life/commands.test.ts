import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MachineDriver } from "@tutti/kernel/testing";
import {
  create,
  facts,
  labelsMax,
  pause,
  previewTimes,
  remove,
  resume,
  schedule,
  scheduleErrors,
  trigger,
  update,
} from "../index.ts";
import { codeOf, driven, hourMs, key, plan, service, startMs, story, toStart } from "../schedule.fixture.ts";

describe("a schedule", () => {
  it("is created once: a repeated request returns the existing schedule, and another specification is rejected", () => {
    const driver = driven();
    const { length } = driver.history(key);
    const body = { plan: plan(), paused: false, note: "" };
    assert.deepEqual(driver.execute(key, create, body), { existed: true });
    assert.equal(
      codeOf(driver.execute(key, create, { ...body, plan: plan({ definition: "other" }) })),
      "schedule.exists",
    );
    assert.equal(driver.history(key).length, length);
  });

  it("that is created paused waits to be resumed", () => {
    const driver = new MachineDriver({ machines: [schedule], service, startMs });
    driver.execute(key, create, { plan: plan(), paused: true, note: "not yet" });
    assert.equal(driver.nextDueMs, undefined);
    driver.execute(key, resume, { note: "now" });
    assert.equal(driver.nextDueMs, startMs + hourMs);
  });

  for (const [title, fields, problem] of [
    ["without a timing", { timing: undefined }, /expected a timing, got none/],
    ["with a rule that never comes", plan({}, { rules: [{ cron: "0 0 30 2 *" }] }), /never does/],
    ["with nothing to start", { run: new Uint8Array() }, /start request in 1 to/],
    ["with a catch-up window that is no number", { catchUpMs: Number.NaN }, /catch-up window/],
    ["with a book for a description", { description: "x".repeat(5_000) }, /at most 4096 characters/],
    [
      "with too many labels",
      { labels: Object.fromEntries(Array.from({ length: labelsMax + 1 }, (_, index) => [`a${index}`, ""])) },
      /at most 64 labels/,
    ],
  ] as const)
    it(`${title} is rejected: ${problem}`, () => {
      const driver = new MachineDriver({ machines: [schedule], service, startMs });
      const refused = driver.execute(key, create, { plan: plan(fields), paused: false, note: "" });
      assert.equal(codeOf(refused), "schedule.plan_invalid");
      assert.match((refused as { message: string }).message, problem);
    });

  it("that does not exist accepts only its creation", () => {
    const driver = new MachineDriver({ machines: [schedule], service, startMs });
    const answers = [
      driver.execute(key, update, { plan: plan(), revision: 0 }),
      driver.execute(key, pause, { note: "" }),
      driver.execute(key, resume, { note: "" }),
      driver.execute(key, trigger, { overlap: 0 }),
      driver.query(key, facts, undefined),
    ];
    assert.deepEqual(answers.map(codeOf), Array(5).fill(scheduleErrors.missing.refusal({ id: "" }).code));
    assert.deepEqual(driver.execute(key, remove, {}), { removed: false });
  });

  it("that is deleted has nothing outstanding, and its id is free at once", () => {
    const driver = driven(plan({ maxRuns: 2 }));
    driver.advance(2 * hourMs);
    assert.deepEqual(driver.execute(key, remove, {}), { removed: true });
    assert.deepEqual([driver.effects, driver.nextDueMs], [[], undefined]);
    assert.deepEqual(driver.execute(key, remove, {}), { removed: false });
    assert.deepEqual(driver.execute(key, create, { plan: plan({ maxRuns: 2 }), paused: false, note: "" }), {
      existed: false,
    });
    const view = driver.query(key, facts, undefined);
    assert.ok("recent" in view);
    assert.deepEqual([view.paused, view.startedCount, view.recent], [false, 0, []]);
    assert.equal(view.revision, 2, "a change by the revision of the deleted schedule is rejected");
    driver.advance(2 * hourMs);
    assert.deepEqual(toStart(driver), ["nightly-20260101T030000Z"]);
  });

  it("shows its status and the next time", () => {
    const driver = driven(plan({}, { timeZone: "Asia/Kathmandu" }));
    driver.advance(hourMs);
    const view = driver.query(key, facts, undefined);
    assert.ok("nextMs" in view);
    assert.deepEqual(view.nextMs.slice(0, 2), [startMs + 1.25 * hourMs, startMs + 2.25 * hourMs]);
    assert.equal(view.nextMs.length, 10);
    assert.deepEqual(view.liveRunIds, ["nightly-20260101T001500Z"]);
    assert.deepEqual([view.paused, view.revision, view.startedCount], [false, 1, 1]);
    driver.execute(key, pause, { note: "" });
    assert.deepEqual((driver.query(key, facts, undefined) as { nextMs: unknown }).nextMs, []);
  });
});

describe("a change of a schedule", () => {
  it("takes effect from now on", () => {
    const driver = driven();
    driver.advance(hourMs / 2);
    const changed = plan({}, { rules: [{ cron: "*/10 * * * *" }] });
    assert.deepEqual(driver.execute(key, update, { plan: changed, revision: 1 }), { revision: 2 });
    assert.equal(driver.nextDueMs, startMs + hourMs / 2 + 600_000);
  });

  it("with an older revision is rejected, except if it changes nothing", () => {
    const driver = driven();
    const changed = plan({ definition: "other" });
    driver.execute(key, update, { plan: changed, revision: 1 });
    assert.deepEqual(driver.execute(key, update, { plan: changed, revision: 1 }), { revision: 2 });
    assert.equal(codeOf(driver.execute(key, update, { plan: plan(), revision: 1 })), "schedule.moved");
    assert.deepEqual(driver.execute(key, update, { plan: plan(), revision: 0 }), { revision: 3 });
  });

  it("drops no due time that jitter only delays", () => {
    const delayed = { jitterMs: hourMs };
    const driver = driven(plan({}, delayed));
    driver.advance((driver.nextDueMs ?? 0) - driver.nowMs - 1);
    assert.ok(driver.nowMs > startMs + hourMs);
    driver.execute(key, update, { plan: plan({ definition: "other" }, delayed), revision: 1 });
    driver.advance(1);
    assert.deepEqual(toStart(driver), ["nightly-20260101T010000Z"]);
  });

  it("of a paused schedule does not resume it", () => {
    const driver = driven();
    driver.execute(key, pause, { note: "" });
    driver.execute(key, update, { plan: plan({ definition: "other" }), revision: 0 });
    assert.equal(driver.nextDueMs, undefined);
    assert.equal(driver.description(key).definition, "other");
    driver.execute(key, pause, { note: "" });
    driver.execute(key, resume, { note: "" });
    driver.execute(key, resume, { note: "" });
    assert.deepEqual(story(driver), [
      "schedule_created",
      "schedule_paused",
      "schedule_updated",
      "schedule_resumed",
    ]);
  });
});

describe("a preview", () => {
  it("returns the requested number of times", () => {
    const { timing } = plan();
    assert.ok(timing);
    assert.deepEqual(previewTimes(timing, startMs, 2), [startMs + hourMs, startMs + 2 * hourMs]);
  });
});
