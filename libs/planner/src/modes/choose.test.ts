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
const chosenOf = ({ candidates, chosen }: ModeChoice) => candidates[chosen]?.mode;
const lesson = (choice: ModeChoice, realMs: number): Lesson => {
  const made = lessonOf(choice, realMs);
  assert.ok(made, "something was chosen");
  return made;
};
const quiet = { exploration: 0 } as const;

const shortChain = situated(
  intended(chain(20), () => 0.2),
  unequal,
);
/** Tasks of one to thirty seconds in layers, so that the choice of the agent matters. */
const heavyLayers = situated(
  intended(layers(6, 15), (id) => 1_000 * (1 + ((id.length * 7 + Number(id.split("-")[2])) % 30))),
  unequal,
);

describe("a choice of a mode", () => {
  it("short steps go as a run, and long ones on unequal agents by a plan", () => {
    const chooser = new ModeChooser();
    assert.equal(chosenOf(chooseMode(shortChain, chooser, quiet)), "workflow");
    const choice = chooseMode(heavyLayers, chooser, quiet);
    assert.equal(chosenOf(choice), "intelligence");
    assert.ok(choice.confidence > 0.6 && !choice.fallback && !choice.explored);
    assert.match(
      choice.reason,
      /^intelligence is expected to take .+ less than .+ 90 tasks .+ unequal speed/,
    );
  });

  it("says of each mode what is expected, and why some cannot be chosen", () => {
    const excluded = new Map([["intelligence", "no planner is there"]] as const);
    const choice = chooseMode(heavyLayers, new ModeChooser(), { ...quiet, excluded });
    const [workflow, swarm, intelligence, hybrid] = choice.candidates;
    assert.ok((workflow?.expectedMs ?? 0) > 1_000 && (workflow?.highMs ?? 0) >= (workflow?.expectedMs ?? 0));
    assert.deepEqual([swarm?.eligible, intelligence?.eligible, hybrid?.eligible], [true, false, false]);
    assert.equal(intelligence?.reason, "no planner is there");
    assert.match(hybrid?.reason ?? "", /nothing to cut/);
    assert.notEqual(chosenOf(choice), "intelligence");
  });

  it("is the safe one while nothing is sure", () => {
    const unknown: IntendedTask[] = Array.from({ length: 3 }, (_, at) => ({
      ...{ id: `task-${at}`, needs: [], demand: "any" },
    }));
    const choice = chooseMode(situated(unknown, present([1, 1, 1])), new ModeChooser(), quiet);
    assert.equal(chosenOf(choice), "workflow");
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
    const made = situated(tasks, unequal, { use, quality });
    const [queue, , planned] = chooseMode(made, new ModeChooser(), quiet).candidates;
    assert.ok((planned?.expectedMs ?? 0) < (queue?.expectedMs ?? 0));
    assert.ok((planned?.expectedUse.money ?? 0) > (queue?.expectedUse.money ?? 0));
    assert.ok((planned?.expectedQuality ?? 1) < (queue?.expectedQuality ?? 0));
    const by = (weights: Weights) => chosenOf(chooseMode(made, new ModeChooser(), { ...quiet, weights }));
    assert.deepEqual(
      [by({ time: 1, cost: 0, quality: 0 }), by({ time: 0, cost: 1, quality: 1 }) === "intelligence"],
      ["intelligence", false],
    );
  });

  it("is the same for the same case, with any history of other choosers", () => {
    assert.deepEqual(chooseMode(heavyLayers, new ModeChooser()), chooseMode(heavyLayers, new ModeChooser()));
  });

  it("what came of it is judged against what was expected then", () => {
    const choice = chooseMode(heavyLayers, new ModeChooser(), quiet);
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
    const chosen: (string | undefined)[] = [];
    const draws = new Draws(3);
    for (let round = 0; round < rounds; round++) {
      const choice = chooseMode(heavyLayers, chooser, { exploration, weights: timeOnly });
      const mode = chosenOf(choice);
      const predictedMs = choice.features[`predictedMs.${mode}`] ?? 0;
      const realMs = predictedMs * Math.exp(0.1 * draws.normal()) * (mode === "intelligence" ? factor : 1);
      // Its replay has the predicted duration: its own overhead is not repeated.
      const replayed = [{ mode: mode ?? "workflow", simulatedMs: predictedMs }];
      learnOutcome(chooser, lesson(choice, realMs), replayed);
      chosen.push(mode);
    }
    return chosen;
  };

  it("leaves a mode that does worse than was predicted, and stays with one that does not", () => {
    const left = lived(new ModeChooser(), 30, 4);
    assert.equal(left[0], "intelligence");
    assert.ok(
      left.slice(-10).every((mode) => mode !== "intelligence"),
      left.join(),
    );
    const stayed = lived(new ModeChooser(), 30, 1);
    assert.ok(stayed.filter((mode) => mode === "intelligence").length >= 25, stayed.join());
  });

  it("does not blame a mode for what all of them miss", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 20; round++) {
      const choice = chooseMode(heavyLayers, chooser, quiet);
      const predictedMs = choice.features[`predictedMs.${chosenOf(choice)}`] ?? 0;
      learnOutcome(chooser, lesson(choice, 3 * predictedMs));
    }
    const choice = chooseMode(heavyLayers, chooser, quiet);
    assert.equal(chosenOf(choice), "intelligence");
    const raw = choice.features["predictedMs.intelligence"] ?? 0;
    const ratio = (choice.candidates[choice.chosen]?.expectedMs ?? 0) / raw;
    assert.ok(ratio > 2.5 && ratio < 3.2, `corrected by ${ratio}`);
  });

  it("knows of modes that were not chosen by what they would have taken", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 10; round++) {
      const choice = chooseMode(heavyLayers, chooser, { ...quiet, excluded: new Map([["swarm", "off"]]) });
      const predictedMs = (mode: Mode) => choice.features[`predictedMs.${mode}`] ?? 0;
      const used = chosenOf(choice) ?? "workflow";
      const replayed = [
        { mode: used, simulatedMs: predictedMs(used) },
        { mode: "swarm", simulatedMs: predictedMs("swarm") / 6 },
      ] as const;
      learnOutcome(chooser, lesson(choice, predictedMs(used)), replayed);
    }
    assert.equal(chosenOf(chooseMode(heavyLayers, chooser, quiet)), "swarm");
  });

  it("loses by trying no more than it may", () => {
    const chooser = new ModeChooser({ exploration: 0.03 });
    for (let round = 0; round < 60; round++) {
      const choice = chooseMode(round % 2 === 0 ? heavyLayers : shortChain, chooser);
      learnOutcome(chooser, lesson(choice, choice.candidates[choice.chosen]?.expectedMs ?? 0));
      const { totalMs, lostMs } = chooser.keep();
      assert.ok(lostMs <= 0.03 * totalMs + 1e-9, `${lostMs} of ${totalMs}`);
    }
  });

  it("loses no more in choices that are made side by side", () => {
    const chooser = new ModeChooser({ exploration: 0.03 });
    const spent = { expectedMs: 1e6, lostMs: 0, realMs: 1e6, mode: "workflow", features: {} } as const;
    learnOutcome(chooser, spent);
    const tried = chooseMode(shortChain, chooser, { exploration: 0.9 });
    assert.equal(tried.explored, true);
    assert.equal(chooseMode(shortChain, chooser, { exploration: 0.9, underTrialMs: 1e6 }).explored, false);
  });

  it("never tries what it may not", () => {
    const chooser = new ModeChooser();
    for (let round = 0; round < 20; round++)
      assert.equal(chooseMode(heavyLayers, chooser, quiet).explored, false);
  });

  it("continues from its stored state", () => {
    const chooser = new ModeChooser();
    lived(chooser, 10, 1.5);
    const other = new ModeChooser({}, JSON.parse(JSON.stringify(chooser.keep())));
    assert.deepEqual(chooseMode(heavyLayers, other), chooseMode(heavyLayers, chooser));
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
    const made = situationOf(tasks, unequal);
    return "refused" in made ? [made.refused.taskId, made.refused.detail] : undefined;
  };

  it("what cannot be done is refused, naming the task", () => {
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

  it("says how its tasks hang together in words that fit their number", () => {
    const reasonFor = (tasks: readonly IntendedTask[]) =>
      chooseMode(situated(tasks, unequal), new ModeChooser(), quiet).reason;
    const bag = (count: number) => Array.from({ length: count }, (_, at) => task(`t${at}`));
    assert.match(reasonFor(bag(1)), /\. Work: 1 task (of|on) /);
    assert.match(reasonFor(bag(3)), /\. Work: 3 tasks side by side /);
    assert.match(reasonFor([task("a"), task("b", ["a"])]), /\. Work: 2 tasks one after the other /);
    const diamond = [task("a"), task("b", ["a"]), task("c", ["a"]), task("d", ["b", "c"])];
    assert.match(reasonFor(diamond), /\. Work: 4 tasks up to 2 side by side in 3 steps /);
  });

  it("slots that others have are not free yet", () => {
    const [first, ...rest] = present([1]);
    const made = situated([task("a")], [{ ...(first as (typeof rest)[0]), busyMs: [5_000] }]);
    assert.equal(made.load, 1);
    const choice = chooseMode(made, new ModeChooser(), quiet);
    assert.ok((choice.candidates[0]?.expectedMs ?? 0) > 5_000);
  });
});
