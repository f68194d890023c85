import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { Draws, type DurationModel, durationModels } from "@tutti/planner";
import { experienceKey, outcomeOf, trainingOf } from "../../testing/experience.ts";
import {
  experience,
  experienceUpdate,
  Learner,
  promoteModel,
  recordExperience,
  recordTraining,
  rollBackModel,
} from "../index.ts";
import { endsOf, train } from "./training.ts";
import { quietTrainings, verdictOf } from "./verdict.ts";

type Drawn = (draws: Draws, at: number) => Partial<LearnedOutcome>;

const startMs = 1_767_225_600_000;
const minuteMs = 60_000;
const agent = (draws: Draws) => `agent-${draws.below(4)}`;

/** Ends of attempts, five minutes apart. */
function history(drawn: Drawn, count: number, seed = 7): LearnedOutcome[] {
  const draws = new Draws(seed);
  return Array.from({ length: count }, (_, at) =>
    outcomeOf("pay", { endMs: startMs + 5 * minuteMs * at, agentId: agent(draws), ...drawn(draws, at) }),
  );
}

function trained(outcomes: readonly LearnedOutcome[]) {
  const steps = train(endsOf(outcomes, "pay"), startMs);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value ?? assert.fail("enough ends");
  }
}

const around = (draws: Draws, medianMs: number, deviation = 0.2) =>
  medianMs * Math.exp(deviation * draws.normal());
const hourOf = (at: number) => ((5 * at) / 60) % 24;

const steady: Drawn = (draws) => ({ runMs: around(draws, 1_000, 0.3) });
const byAgent: Drawn = (draws) => {
  const number = draws.below(4);
  return { agentId: `agent-${number}`, runMs: around(draws, 500 * 2 ** number) };
};
const bySize: Drawn = (draws) => {
  const inputBytes = Math.exp(4 + 9 * draws.next());
  return { inputBytes, runMs: around(draws, 50 + inputBytes / 10) };
};
const byHour: Drawn = (draws, at) => ({
  runMs: around(draws, hourOf(at) >= 8 && hourOf(at) < 20 ? 5_000 : 1_000),
});
const byKey: Drawn = (draws) => {
  const number = draws.below(4);
  return { key: `region=${number}`, runMs: around(draws, 500 * 3 ** number) };
};
const byCount: Drawn = (draws) => {
  const count = 1 + draws.below(500);
  return { key: "kind=photo", count, inputBytes: 100 + draws.below(9_000), runMs: around(draws, 30 * count) };
};
const twoSorts: Drawn = (draws) => ({ runMs: around(draws, draws.next() < 0.3 ? 20 : 1_000, 0.1) });

describe("a comparison of models", () => {
  const cases: readonly { of: string; drawn: Drawn; live: DurationModel }[] = [
    { of: "times that chance alone spreads", drawn: steady, live: "middle" },
    { of: "agents of different speeds", drawn: byAgent, live: "middle" },
    { of: "inputs of different sizes", drawn: bySize, live: "similar" },
    { of: "times of day", drawn: byHour, live: "hourly" },
    { of: "fields that the author named", drawn: byKey, live: "keyed" },
    { of: "lists that the author named", drawn: byCount, live: "keyed" },
    { of: "two sorts of attempts", drawn: twoSorts, live: "median" },
  ];
  for (const { of, drawn, live } of cases)
    it(`of ${of} makes ${live} live`, () => {
      const verdict = verdictOf(undefined, trained(history(drawn, 1_000)), 1);
      assert.equal(verdict.live, live, verdict.finding);
    });

  it("has intervals with the claimed coverage, for each model and each history", () => {
    for (const { of, drawn } of cases) {
      const { scores } = trained(history(drawn, 1_500));
      assert.deepEqual(
        scores.map(({ model }) => model),
        [...durationModels],
      );
      // A model that mixes two kinds covers more, because its interval has a gap.
      for (const { model, coverage } of scores)
        assert.ok(
          coverage >= 0.75 && coverage <= (drawn === twoSorts ? 0.87 : 0.85),
          `${of}, ${model}: ${coverage}`,
        );
    }
  });

  it("hardly ever changes a model by chance", () => {
    let changes = 0;
    for (let seed = 0; seed < 20; seed++)
      if (verdictOf(undefined, trained(history(steady, 300, seed)), 1).change !== "none") changes++;
    assert.ok(changes <= 1, `${changes} of 20`);
  });

  it("needs enough ended attempts, and ignores failures", () => {
    const few = history(steady, 119);
    assert.equal(train(endsOf(few, "pay"), startMs).next().value, undefined);
    const failed = few.map((end): LearnedOutcome => ({ ...end, errorCode: "task.failed" }));
    const { samples, fromMs, toMs, features } = trained([...failed, ...history(steady, 120)]);
    assert.deepEqual([samples, features], [100, ["agent", "time"]]);
    assert.deepEqual([fromMs, toMs], [startMs + 100 * minuteMs, startMs + 595 * minuteMs]);
  });
});

describe("a poisoned history", () => {
  const poisons: readonly { of: string; poison: Drawn }[] = [
    { of: "attempts of a century", poison: () => ({ runMs: 3e12 }) },
    { of: "attempts of no time", poison: () => ({ runMs: 0 }) },
    { of: "a gap of a year", poison: (_, at) => ({ endMs: startMs + at * minuteMs + 3e10 }) },
    { of: "an agent that lies about its times", poison: () => ({ agentId: "liar", runMs: 0.01 }) },
    { of: "inputs of absurd sizes", poison: () => ({ inputBytes: 1e15, runMs: 1e9 }) },
    { of: "ends in the future", poison: () => ({ endMs: 9e14, runMs: 1e7 }) },
  ];
  for (const { of, poison } of poisons)
    it(`with ${of}, one in twenty, still selects the right model`, () => {
      for (const { drawn, live } of [
        { drawn: byAgent, live: "middle" },
        { drawn: bySize, live: "similar" },
      ]) {
        const poisoned: Drawn = (draws, at) => ({
          ...drawn(draws, at),
          ...(draws.next() < 0.05 ? poison(draws, at) : {}),
        });
        const verdict = verdictOf(undefined, trained(history(poisoned, 1_000)), 1);
        assert.equal(verdict.live, live, verdict.finding);
      }
    });

  it("with a negative amount, or one that is no number, is not recorded", () => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const record = (...outcomes: LearnedOutcome[]) =>
      driver.execute(experienceKey, recordExperience, { sender: "one", batch: 1, outcomes });
    for (const wrong of [
      ...[{ runMs: -1 }, { runMs: Number.NaN }, { inputBytes: -1 }, { tokens: -1 }],
      { money: Number.POSITIVE_INFINITY },
    ]) {
      const reply = record(outcomeOf("pay"), outcomeOf("pay", wrong));
      assert.ok(isRefusal(reply) && reply.code === "experience.batch_invalid", JSON.stringify(reply));
    }
    assert.ok(!isRefusal(record(outcomeOf("pay"))), "nothing of these batches was recorded");
    assert.equal(driver.state(experienceKey, experience).outcomes.length, 1);
  });
});

describe("the model of a capability", () => {
  const recorded = () => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const outcomes = [outcomeOf("pay"), outcomeOf("ship")];
    driver.execute(experienceKey, recordExperience, { sender: "one", batch: 1, outcomes });
    const training = (errors: Readonly<Record<string, number>>) =>
      driver.execute(experienceKey, recordTraining, { capability: "pay", training: trainingOf(errors) });
    return { driver, training };
  };
  const live = (driver: MachineDriver) => driver.state(experienceKey, experience).models.get("pay")?.live;
  const usual = { middle: 0.4, similar: 0.2, median: 0.3, last: 0.5 };

  it("is promoted, and dropped when a baseline is better", () => {
    const { driver, training } = recorded();
    training(usual);
    assert.equal(live(driver), "similar");
    training({ ...usual, similar: 0.45 });
    assert.equal(live(driver), "median");
    const known = driver.state(experienceKey, experience).models.get("pay");
    assert.deepEqual([known?.previous, known?.version, known?.trainings.length], ["similar", 2, 2]);
  });

  it("is not promoted if the plain median is better, or if the gain is small or uneven", () => {
    const { driver, training } = recorded();
    training({ middle: 0.3, similar: 0.29, median: 0.5, last: 0.5 });
    training({ middle: 0.3, similar: 0.25, median: 0.29, last: 0.5, hourly: 0.295 });
    assert.equal(live(driver), "similar");
    const uneven = trainingOf({ middle: 0.3, similar: 0.25, median: 0.4, last: 0.5 });
    const odd = uneven.scores.find(({ model }) => model === "similar") ?? assert.fail();
    odd.parts = odd.parts.map((_, at) => (at === 0 ? 0 : 0.3));
    assert.equal(verdictOf(undefined, uneven, 1).change, "none");
  });

  it("is not promoted again for a while after a rollback", () => {
    const { driver, training } = recorded();
    training(usual);
    driver.execute(experienceKey, rollBackModel, { capability: "pay" });
    assert.equal(live(driver), "middle");
    for (let round = 1; round < quietTrainings; round++) training({ ...usual, median: 0.41 });
    assert.equal(live(driver), "middle");
    training(usual);
    assert.equal(live(driver), "similar");
  });

  it("is promoted by a user only if it is better than the live model and the baselines", () => {
    const { driver } = recorded();
    const promote = (model: string, errors: Readonly<Record<string, number>>) =>
      driver.execute(experienceKey, promoteModel, { capability: "pay", model, training: trainingOf(errors) });
    for (const [model, errors] of [
      ["similar", { ...usual, similar: 0.41 }],
      ["similar", { ...usual, similar: 0.35 }],
      ["none", usual],
    ] as const) {
      const reply = promote(model, errors);
      assert.ok(isRefusal(reply) && reply.code === "experience.model_not_better", JSON.stringify(reply));
    }
    promote("similar", usual);
    assert.equal(live(driver), "similar");
    assert.deepEqual(promote("similar", usual), { live: "similar" });
    assert.equal(driver.state(experienceKey, experience).models.get("pay")?.version, 1);
  });

  it("predicts in each process that learns from the experience, from the start", () => {
    const { driver, training } = recorded();
    const runMs = (at: number) => (at % 10 < 3 ? 20 : 1_000);
    const outcomes = Array.from({ length: 200 }, (_, at) => outcomeOf("pay", { runMs: runMs(at) }));
    driver.execute(experienceKey, recordExperience, { sender: "one", batch: 2, outcomes });
    const learner = new Learner();
    const predicted = () => {
      const state = driver.state(experienceKey, experience);
      const { place } = learner;
      const update = experienceUpdate.answer(state, place, { key: experienceKey, nowMs: driver.nowMs });
      assert.ok(!isRefusal(update) && learner.apply(update, place));
      const pay = { capability: "pay", version: "", agentId: "", inputBytes: 0 };
      const subject = { ...pay, definition: "", definitionTask: "" };
      return learner.knowledge.times.estimate({ ...subject, capability: "pay\n\n\n" })?.medianMs ?? 0;
    };
    assert.ok(predicted() < 900, `${predicted()}`);
    training({ middle: 0.9, similar: 0.9, median: 0.3, last: 0.5 });
    assert.ok(Math.abs(predicted() - 1_000) < 1, `${predicted()}`);
  });
});
