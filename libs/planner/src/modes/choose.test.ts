import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Draws } from "../chance/draws.ts";
import { QualityEstimates } from "../estimates/quality.ts";
import { UseEstimates } from "../estimates/use.ts";
import { chain, intended, layers, present, situated } from "../testing/situations.ts";
import { chooseMode, type Lesson, learnOutcome, lessonOf, type ModeChoice, outcomeOf } from "./choose.ts";
import { ModeChooser } from "./chooser.ts";
import type { Mode } from "./mode.ts";
import { type IntendedTask, situationOf } from "./situation.ts";
import type { Weights } from "./weights.ts";

const unequal = present([0.4, 0.6, 0.8, 1, 1, 1.3, 1.6, 2, 2.5]);
const timeOnly = { time: 1, cost: 0, quality: 0 } as const;
const chosenMode = ({ candidates, chosen }: ModeChoice) => candidates[chosen]?.mode;
const lesson = (choice: ModeChoice, realMs: number): Lesson => {
  const result = lessonOf(choice, realMs);
  assert.ok(result, "something was chosen");
  return result;
};
const noExploration = { exploration: 0 } as const;

const shortChain = situated(
  intended(chain(20), () => 0.2),
  unequal,
);
/** Tasks of one to thirty seconds in layers, so that the choice of the agent matters. */
const heavy = (depth: number, width: number) =>
  situated(
    intended(layers(depth, width), (id) => 1_000 * (1 + ((id.length * 7 + Number(id.split("-")[2])) % 30))),
    unequal,
  );
const heavyLayers = heavy(6, 15);
/** For many choices. */
const fewLayers = heavy(3, 11);

describe("a choice of a mode", () => {
  it("short steps become a run, and long steps on unequal agents a plan", () => {
    const chooser = new ModeChooser();
    assert.equal(chosenMode(chooseMode(shortChain, chooser, noExploration)), "workflow");
    const choice = chooseMode(heavyLayers, chooser, noExploration);
    assert.equal(chosenMode(choice), "intelligence");
    assert.ok(choice.confidence > 0.6 && !choice.fallback && !choice.explored);
    assert.match(
      choice.reason,
      /^intelligence is expected to take .+ less than .+ 90 tasks .+ unequal speed/,
    );
  });

  it("has the expected result of each mode, and the reason why a mode is excluded", () => {
    const excluded = new Map([["intelligence", "no planner is there"]] as const);
    const choice = chooseMode(heavyLayers, new ModeChooser(), { ...noExploration, excluded });
    const [workflow, swarm, intelligence, hybrid] = choice.candidates;
    assert.ok((workflow?.expectedMs ?? 0) > 1_000 && (workflow?.highMs ?? 0) >= (workflow?.expectedMs ?? 0));
    assert.deepEqual([swarm?.eligible, intelligence?.eligible, hybrid?.eligible], [true, false, false]);
    assert.equal(intelligence?.reason, "no planner is there");
    assert.match(hybrid?.reason ?? "", /no separate parts/);
    assert.notEqual(chosenMode(choice), "intelligence");
  });

  it("is the safe mode if estimates are missing", () => {
    const unknown: IntendedTask[] = Array.from({ length: 3 }, (_, at) => ({
      ...{ id: `task-${at}`, needs: [], demand: "any" },
    }));
    const choice = chooseMode(situated(unknown, present([1, 1, 1])), new ModeChooser(), noExploration);
    assert.equal(chosenMode(choice), "workflow");
  });

  it("weighs money and quality by its weights", () => {
    const use = new UseEstimates();
    const quality = new QualityEstimates();
    for (let each = 0; each < 30; each++) {
      // The two fastest agents are expensive and have a low quality.
      for (let agent = 0; agent < 9; agent++) {
        const subject = { capability: "any", agentId: `agent-${agent}`, inputBytes: 0 };
        use.learn(subject, { money: agent > 6 ? 20 : 1 });
        quality.learn(subject, agent > 6 ? 0.2 : 1);
      }
    }
    const tasks = intended(layers(2, 4), () => 5_000).map((task) => ({ ...task, capability: "any" }));
    const situation = situated(tasks, unequal, { use, quality });
    const [queue, , planned] = chooseMode(situation, new ModeChooser(), noExploration).candidates;
    assert.ok((planned?.expectedMs ?? 0) < (queue?.expectedMs ?? 0));
    assert.ok((planned?.expectedUse.money ?? 0) > (queue?.expectedUse.money ?? 0));
    assert.ok((planned?.expectedQuality ?? 1) < (queue?.expectedQuality ?? 0));
    const by = (weights: Weights) =>
      chosenMode(chooseMode(situation, new ModeChooser(), { ...noExploration, weights }));
    assert.deepEqual(
      [by({ time: 1, cost: 0, quality: 0 }), by({ time: 0, cost: 1, quality: 1 }) === "intelligence"],
      ["intelligence", false],
    );
  });

  it("is the same for the same case, with any history of other choosers", () => {
    assert.deepEqual(chooseMode(heavyLayers, new ModeChooser()), chooseMode(heavyLayers, new ModeChooser()));
  });

  it("is scored by its outcome against the expectation at the time of the choice", () => {
    const choice = chooseMode(heavyLayers, new ModeChooser(), noExploration);
    const expected = choice.candidates[choice.chosen];
    const as = (factor: number) =>
      outcomeOf(choice, {
        realMs: (expected?.expectedMs ?? 0) * factor,
        used: expected?.expectedUse ?? { timeMs: 0, money: 0 },
        quality: 1,
      }).score;
    assert.ok(Math.abs(as(1) - (expected?.score ?? 0)) < 1e-9);
    assert.ok(as(2) < as(1));
  });
});

describe("a chooser that learns", () => {
  /** Real durations of plans are a multiple of the expected ones. */
  const lived = (chooser: ModeChooser, rounds: number, factor: number, exploration = 0.05) => {
    const chosenModes: (string | undefined)[] = [];
    const draws = new Draws(3);
    for (let round = 0; round < rounds; round++) {
      const choice = chooseMode(fewLayers, chooser, { exploration, weights: timeOnly });
      const mode = chosenMode(choice);
      const predictedMs = choice.features[`predictedMs.${mode}`] ?? 0;
      const realMs = predictedMs * Math.exp(0.1 * draws.normal()) * (mode === "intelligence" ? factor : 1);
      // Its replay has the predicted duration: its own overhead is not repeated.
      const replayed = [{ mode: mode ?? "workflow", simulatedMs: predictedMs }];
      learnOutcome(chooser, lesson(choice, realMs), replayed);
      chosenModes.push(mode);
    }
    return chosenModes;
  };

  it("abandons a mode that does worse than predicted, and keeps a mode that does not", () => {
    const abandoned = lived(new ModeChooser(), 30, 4);
    assert.equal(abandoned[0], "intelligence");
    assert.ok(
      abandoned.slice(-10).every((mode) => mode !== "intelligence"),
      abandoned.join(),
    );
    const retained = lived(new ModeChooser(), 30, 1);
    assert.ok(retained.filter((mode) => mode === "intelligence").length >= 25, retained.join());
  });

  it("does not blame a mode for a prediction error of all modes", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 20; round++) {
      const choice = chooseMode(fewLayers, chooser, noExploration);
      const predictedMs = choice.features[`predictedMs.${chosenMode(choice)}`] ?? 0;
      learnOutcome(chooser, lesson(choice, 3 * predictedMs));
    }
    const choice = chooseMode(fewLayers, chooser, noExploration);
    assert.equal(chosenMode(choice), "intelligence");
    const raw = choice.features["predictedMs.intelligence"] ?? 0;
    const ratio = (choice.candidates[choice.chosen]?.expectedMs ?? 0) / raw;
    assert.ok(ratio > 2.5 && ratio < 3.2, `corrected by ${ratio}`);
  });

  it("learns about modes that were not chosen from replays", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 10; round++) {
      const choice = chooseMode(fewLayers, chooser, {
        ...noExploration,
        excluded: new Map([["swarm", "off"]]),
      });
      const predictedMs = (mode: Mode) => choice.features[`predictedMs.${mode}`] ?? 0;
      const used = chosenMode(choice) ?? "workflow";
      const replayed = [
        { mode: used, simulatedMs: predictedMs(used) },
        { mode: "swarm", simulatedMs: predictedMs("swarm") / 6 },
      ] as const;
      learnOutcome(chooser, lesson(choice, predictedMs(used)), replayed);
    }
    assert.equal(chosenMode(chooseMode(fewLayers, chooser, noExploration)), "swarm");
  });

  it("loses by trying no more than it may", () => {
    const chooser = new ModeChooser({ exploration: 0.03 });
    for (let round = 0; round < 60; round++) {
      const choice = chooseMode(round % 2 === 0 ? fewLayers : shortChain, chooser);
      learnOutcome(chooser, lesson(choice, choice.candidates[choice.chosen]?.expectedMs ?? 0));
      const { totalMs, lostMs } = chooser.snapshot();
      assert.ok(lostMs <= 0.03 * totalMs + 1e-9, `${lostMs} of ${totalMs}`);
    }
  });

  it("counts concurrent trials against the limit of exploration", () => {
    const chooser = new ModeChooser({ exploration: 0.03 });
    const spent = { expectedMs: 1e6, lostMs: 0, realMs: 1e6, mode: "workflow", features: {} } as const;
    learnOutcome(chooser, spent);
    const trial = chooseMode(shortChain, chooser, { exploration: 0.9 });
    assert.equal(trial.explored, true);
    assert.equal(chooseMode(shortChain, chooser, { exploration: 0.9, underTrialMs: 1e6 }).explored, false);
  });

  it("never explores if exploration is zero", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 20; round++)
      assert.equal(chooseMode(fewLayers, chooser, noExploration).explored, false);
  });

  it("continues from its stored state", () => {
    const chooser = new ModeChooser();
    lived(chooser, 10, 1.5);
    const other = new ModeChooser({}, JSON.parse(JSON.stringify(chooser.snapshot())));
    assert.deepEqual(chooseMode(fewLayers, other), chooseMode(fewLayers, chooser));
    assert.equal(other.outcomes, 10);
  });
});

describe("a situation", () => {
  const task = (id: string, needs: readonly string[] = [], demand = "any"): IntendedTask => ({
    id,
    needs,
    demand,
  });
  const refusal = (tasks: readonly IntendedTask[]) => {
    const result = situationOf(tasks, unequal);
    return "refused" in result ? [result.refused.taskId, result.refused.detail] : undefined;
  };

  it("with an impossible task is refused, and the error names the task", () => {
    assert.deepEqual(refusal([task("a"), task("b", ["c"])]), ["b", "task b needs c: there is no such task"]);
    assert.deepEqual(refusal([task("x"), task("a", ["c", "x"]), task("b", ["a"]), task("c", ["b"])]), [
      "a",
      "a needs c needs b needs a",
    ]);
    assert.deepEqual(refusal([task("d", ["a"]), task("a", ["a"])]), ["a", "a needs a"]);
    assert.deepEqual(refusal([task("a"), task("b", [], "gpu")]), [
      "b",
      "task b needs an agent for gpu: there is none",
    ]);
    const worded = { ...task("b", [], "[7]"), demandText: "paint with zone=east" };
    assert.deepEqual(refusal([worded]), [
      "b",
      "task b needs an agent for paint with zone=east: there is none",
    ]);
    assert.deepEqual(refusal([task("a"), task("a")]), ["a", "there are two tasks a"]);
    assert.equal(refusal([task("a"), task("b", ["a"])]), undefined);
  });

  it("describes the shape of its tasks in words that match their number", () => {
    const reasonFor = (tasks: readonly IntendedTask[]) =>
      chooseMode(situated(tasks, unequal), new ModeChooser(), noExploration).reason;
    const bag = (count: number) => Array.from({ length: count }, (_, at) => task(`t${at}`));
    assert.match(reasonFor(bag(1)), /\. Work: 1 task (of|on) /);
    assert.match(reasonFor(bag(3)), /\. Work: 3 tasks side by side /);
    assert.match(reasonFor([task("a"), task("b", ["a"])]), /\. Work: 2 tasks one after the other /);
    const diamond = [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])];
    assert.match(reasonFor(diamond), /\. Work: 4 tasks up to 2 side by side in 3 steps /);
  });

  it("counts slots of other work as busy", () => {
    const [first, ...rest] = present([1]);
    const situation = situated([task("a")], [{ ...(first as (typeof rest)[0]), busyMs: [5_000] }]);
    assert.equal(situation.load, 1);
    const choice = chooseMode(situation, new ModeChooser(), noExploration);
    assert.ok((choice.candidates[0]?.expectedMs ?? 0) > 5_000);
  });
});
