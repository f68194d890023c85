import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Overlap } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { confirmStart, confirmStop, pause, refuseStart, resume, schedule, trigger } from "../index.ts";
import { driven, end, key, kindOf, plan, toStart } from "../schedule.fixture.ts";
import { type Manner, ScheduleModel } from "./model.ts";

const manners: readonly (readonly [Overlap, Manner])[] = [
  [Overlap.OVERLAP_SKIP, "skip"],
  [Overlap.OVERLAP_QUEUE_ONE, "queue one"],
  [Overlap.OVERLAP_QUEUE_ALL, "queue all"],
  [Overlap.OVERLAP_CANCEL_OTHER, "cancel"],
  [Overlap.OVERLAP_TERMINATE_OTHER, "terminate"],
  [Overlap.OVERLAP_ALLOW, "allow"],
];

describe("the plain model of a schedule", () => {
  for (const [overlap, manner] of manners)
    it(`starts the same runs as the machine, in the same order, for any events: ${manner}`, () => {
      for (let seed = 0; seed < 15; seed++) compare(seed, overlap, manner);
    });
});

function compare(seed: number, overlap: Overlap, manner: Manner): void {
  const chance = seededChance(seed);
  const driver = driven(plan({ overlap }, { rules: [{ everyMs: 1_000 }] }));
  const model = new ScheduleModel();
  const started: string[] = [];
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(chance.random() * items.length)];

  const act = (random: number): void => {
    if (random < 0.3) {
      driver.advance(1_000);
      const time = new Date(driver.nowMs).toISOString().replaceAll(/[-:]|\.000/g, "");
      if (!model.isPaused) model.time(`nightly-${time}`, manner, true);
    } else if (random < 0.4) {
      const [requested, mode] = pick(manners) ?? assert.fail();
      const answer = driver.execute(key, trigger, { overlap: requested });
      assert.ok(!isRefusal(answer));
      model.time(answer.firing?.runId || "let pass", mode, false);
    } else if (random < 0.6) {
      const runId = pick(model.live);
      if (runId === undefined) return;
      end(driver, runId);
      model.endRun(runId);
    } else if (random < 0.65) {
      driver.execute(key, model.isPaused ? resume : pause, { note: "" });
      if (model.isPaused) model.resume();
      else model.pause();
    } else settle(random);
  };

  const settle = (random: number): void => {
    const effect = pick(driver.effects);
    if (effect === undefined) return;
    const { runId } = effect.effect as { readonly runId: string };
    if (kindOf(effect) === "stop_run") {
      assert.ok(model.queried.has(runId));
      driver.settle(effect, confirmStop, { ended: random > 0.9 });
      if (random > 0.9) model.endRun(runId);
    } else if (random > 0.95) {
      driver.settle(effect, refuseStart, { code: "run.refused", message: "" });
      model.endRun(runId);
    } else driver.settle(effect, confirmStart, { existed: false, ended: false });
  };

  for (let step = 0; step < 60; step++) {
    act(chance.random());
    for (const runId of toStart(driver)) if (!started.includes(runId)) started.push(runId);
    const state = driver.state(key, schedule);
    assert.deepEqual(
      [...state.live.values()].map(({ runId }) => runId),
      model.live,
      `seed ${seed}, step ${step}`,
    );
    assert.deepEqual(
      [...state.waiting.values()].map(({ runId }) => runId),
      model.waiting.map(({ runId }) => runId),
      `seed ${seed}, step ${step}`,
    );
  }
  assert.deepEqual(started, model.started);
}
