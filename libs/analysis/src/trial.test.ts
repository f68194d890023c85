import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { judgeTrial, type TrialJudgement } from "./trial.ts";

interface Draw {
  /** A number from 0 to 1. */
  readonly random: number;
  readonly usualMs: number;
  /** Number of the run. */
  readonly at: number;
}

interface Outcome {
  readonly ms: number;
  readonly failed?: boolean;
  readonly money?: number;
}

interface TrialKind {
  readonly before?: (draw: Draw) => Outcome;
  readonly isHarmlessEnough?: boolean;
  readonly helpsSlowRuns?: boolean;
}

const usual = ({ usualMs, random }: Draw): Outcome => ({ ms: usualMs, failed: random < 0.01, money: 0.02 });

/** Draws runs of both versions, a fifth of them of the changed version, until the trial is decided. */
function trialOf(
  changed: (draw: Draw) => Outcome,
  seed: number,
  { before: earlier = usual, ...options }: TrialKind = {},
) {
  const chance = seededChance(seed);
  const arms = [0, 1].map(() => ({ runMs: [] as number[], failed: 0, money: [] as number[] }));
  let looks = 0;
  for (let at = 0; at < 5_000; at++) {
    const normal = Math.sqrt(-2 * Math.log(1 - chance.random())) * Math.cos(2 * Math.PI * chance.random());
    const draw = { at, random: chance.random(), usualMs: 100 * Math.exp(0.25 * normal) };
    const isTried = chance.random() < 0.2;
    const { ms, failed = false, money = 0 } = (isTried ? changed : earlier)(draw);
    const arm = arms[isTried ? 1 : 0] ?? assert.fail();
    if (failed) arm.failed += 1;
    else arm.runMs.push(ms);
    arm.money.push(money);
    const [before = assert.fail(), tried = assert.fail()] = arms;
    const judged = judgeTrial(before, tried, { looks, elapsedMs: at * 1_000, ...options });
    if (judged.verdict === "continue") looks++;
    else if (judged.verdict !== "wait") return { ...judged, looks };
  }
  return assert.fail("each trial ends");
}

/** Returns how often the change is kept in 20 trials. */
function keptCount(changed: (draw: Draw) => Outcome, isHarmlessEnough = false): number {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed + 1);
  return seeds.filter((seed) => trialOf(changed, seed, { isHarmlessEnough }).verdict === "keep").length;
}

/** Runs trials of a change that helps slow runs. Before it, a fifth of the runs took three times as long. */
function keptCountForSlowRuns(changed: (draw: Draw) => Outcome): number {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed + 1);
  const options = { before: tail(0.2, 3, 1), helpsSlowRuns: true };
  return seeds.filter((seed) => trialOf(changed, seed, options).verdict === "keep").length;
}

const slower = (factor: number) => (draw: Draw) => ({ ...usual(draw), ms: draw.usualMs * factor });
const failing = (share: number, factor: number) => (draw: Draw) => ({
  ...usual(draw),
  ms: draw.usualMs * factor,
  failed: draw.random < share,
});
/** Multiplies the duration of a share of the runs by one factor, and of the others by another. */
const tail = (share: number, slowFactor: number, factor: number) => (draw: Draw) => ({
  ...usual(draw),
  ms: draw.usualMs * (draw.random > 1 - share ? slowFactor : factor),
});

/** 20 harmful candidates. Some are obviously harmful, others hide the harm behind a gain. */
const harmful: Readonly<Record<string, (draw: Draw) => Outcome>> = {
  "a tenth slower": slower(1.1),
  "a fifth slower": slower(1.2),
  "twice as slow": slower(2),
  "ten times as slow": slower(10),
  "as fast as before": usual,
  "one percent slower": slower(1.01),
  "fails always": (draw) => ({ ...usual(draw), failed: true }),
  "fails half of the time, and is twice as fast": failing(0.5, 0.5),
  "fails a fifth of the time, and is twice as fast": failing(0.2, 0.5),
  "fails three in ten, as fast as before": failing(0.3, 1),
  "fails a tenth of the time, as fast as before": failing(0.1, 1),
  "a third takes ten times as long, the rest is faster": tail(0.34, 10, 0.8),
  "a quarter takes four times as long": tail(0.25, 4, 1),
  "a fifth takes five times as long, the rest is faster": tail(0.2, 5, 0.9),
  "a tenth takes twenty times as long": tail(0.1, 20, 1),
  "costs twice as much, and is faster": (draw) => ({ ...usual(draw), ms: draw.usualMs * 0.9, money: 0.04 }),
  "costs a tenth more, and is much faster": (draw) => ({ ms: draw.usualMs * 0.5, money: 0.022 }),
  "costs something where nothing cost, and is slower": (draw) => ({ ms: draw.usualMs * 1.1, money: 1 }),
  "is good for 50 runs, then twice as slow": (draw) => ({
    ...usual(draw),
    ms: draw.usualMs * (draw.at < 50 ? 1 : 2),
  }),
  "is good for 50 runs, then fails": (draw) => ({ ...usual(draw), failed: draw.at >= 50 }),
};

describe("the trial of a changed version", () => {
  for (const [name, changed] of Object.entries(harmful))
    it(`reverts a harmful version: ${name}`, () => {
      assert.equal(keptCount(changed), 0);
    });

  it("knows 20 harmful candidates", () => assert.equal(Object.keys(harmful).length, 20));

  it("keeps a faster version, and reports the gain", () => {
    for (const factor of [0.8, 0.6, 0.3]) assert.ok(keptCount(slower(factor)) >= 18, `${factor}`);
    const { finding, before, tried } = trialOf(slower(0.6), 7);
    assert.match(finding, /^Median time [34]\d % less in \d+ runs, and nothing got worse\.$/);
    assert.ok(tried.p50Ms < before.p50Ms && tried.runs >= 20 && before.runs > tried.runs);
  });

  it("judges a version for slow runs by the slowest tenth, and keeps none without a gain", () => {
    assert.ok(keptCountForSlowRuns(tail(0.2, 1.3, 1)) >= 18);
    assert.ok(keptCountForSlowRuns(tail(0.05, 3, 1)) >= 18);
    const slow = tail(0.2, 3, 1);
    for (const harmless of [slow, tail(0.19, 3, 1)]) assert.ok(keptCountForSlowRuns(harmless) <= 1);
    const costly = (draw: Draw) => ({ ...tail(0.2, 1.3, 1)(draw), money: 0.03 });
    for (const harmful of [tail(0.2, 6, 1), tail(0.2, 1.3, 1.4), costly, failing(0.15, 1)])
      assert.equal(keptCountForSlowRuns(harmful), 0);
  });

  it("keeps a version that saves something else only if nothing got worse", () => {
    assert.ok(keptCount(usual, true) >= 16);
    assert.equal(keptCount(slower(1.2), true), 0);
    assert.equal(keptCount(failing(0.15, 1), true), 0);
    assert.equal(keptCount(tail(0.25, 4, 1), true), 0);
  });

  it("drops a version that fails at its start before the first comparison", () => {
    const before = { runMs: Array.from({ length: 30 }, () => 100), failed: 0, money: [] };
    const tried = { runMs: [], failed: 5, money: [] };
    const judged = judgeTrial(before, tried, { looks: 0, elapsedMs: 0 });
    assert.deepEqual([judged.verdict, judged.finding], ["take_back", "5 of 5 runs failed, before 0 of 30."]);
  });

  it("compares spans of a pool, and counts failures by tasks", () => {
    const spans = (ms: number, failed: number) => ({
      runMs: Array.from({ length: 40 }, (_, at) => ms + (at % 7)),
      ...{ failed, ended: 4_000, money: [] },
    });
    const judge = (tried: number, failed: number) => {
      const { verdict, finding } = judgeTrial(spans(100, 40), spans(tried, failed), {
        ...{ looks: 1, elapsedMs: 0, unit: "spans" },
      });
      return [verdict, finding];
    };
    const less = "Median time 29 % less in 40 spans, and nothing got worse.";
    assert.deepEqual(judge(70, 40), ["keep", less]);
    assert.deepEqual(judge(70, 80), ["take_back", "80 of 4000 tasks failed, before 40 of 4000."]);
  });

  it("decides nothing between two comparisons, and reverts a version with too few runs in 7 days", () => {
    const arm = (runs: number, ms: number) => ({
      runMs: Array.from({ length: runs }, () => ms),
      failed: 0,
      money: [],
    });
    const verdictOf = (looks: number, runs: number, elapsedMs = 0): TrialJudgement["verdict"] =>
      judgeTrial(arm(100, 100), arm(runs, 300), { looks, elapsedMs }).verdict;
    assert.deepEqual(
      [verdictOf(0, 19), verdictOf(0, 20), verdictOf(1, 39), verdictOf(1, 40)],
      ["wait", "take_back", "wait", "take_back"],
    );
    assert.equal(verdictOf(0, 3, 7 * 86_400_000), "take_back");
  });
});
