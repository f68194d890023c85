import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver, seededChance } from "@tutti/kernel/testing";
import { choiceOf, experienceKey, outcomeOf } from "../../testing/experience.ts";
import {
  Drifts,
  type ExperiencePosition,
  experience,
  experienceUpdate,
  Learner,
  learnChoice,
  outcomesMax,
  recordExperience,
} from "../index.ts";
import { Knowledge } from "./knowledge.ts";

const anything = {
  capability: "",
  version: "",
  agentId: "",
  definition: "",
  definitionTask: "",
  inputBytes: 0,
};

/** Durations around a median, a third up or down. */
function times(medianMs: number, count: number, seed = 1): readonly number[] {
  const chance = seededChance(seed);
  return Array.from({ length: count }, () => medianMs * Math.exp((chance.random() - 0.5) * 0.6));
}

describe("knowledge of attempts", () => {
  it("predicts durations with ordered quantiles and a confidence", () => {
    const knowledge = new Knowledge();
    assert.equal(knowledge.predict({ ...anything, capability: "pay" }), undefined);
    for (const runMs of times(200, 200)) knowledge.learn(outcomeOf("pay", { runMs, tokens: 40 }));
    const known = knowledge.predict({ ...anything, capability: "pay" });
    assert.ok(known);
    assert.ok(Math.abs(known.p50Ms - 200) < 20, `${known.p50Ms}`);
    assert.ok(known.p50Ms < known.p90Ms && known.p90Ms <= known.p99Ms);
    assert.ok(Math.abs(known.tokens - 40) < 4, `${known.tokens}`);
    assert.equal(known.basis.capability, "pay");
    const stranger = knowledge.predict({ ...anything, capability: "never.seen" });
    assert.ok(stranger && stranger.confidence < known.confidence);
    assert.equal(stranger.basis.capability, "");
  });

  it("distinguishes tasks of a definition, and falls back to the capability", () => {
    const knowledge = new Knowledge();
    for (const runMs of times(100, 50)) knowledge.learn(outcomeOf("draw", { runMs }));
    const task = { definition: "film", definitionTask: "poster" };
    for (const runMs of times(5_000, 50)) knowledge.learn(outcomeOf("draw", { runMs, ...task }));
    const poster = knowledge.predict({ ...anything, capability: "draw", ...task })?.p50Ms ?? 0;
    assert.ok(Math.abs(poster - 5_000) < 700, `${poster}`);
    const other = knowledge.predict({
      ...anything,
      capability: "draw",
      definition: "film",
      definitionTask: "x",
    });
    assert.equal(other?.basis.definitionTask, "");
  });

  it("is compared with new outcomes: a model has its error, its coverage, and reports drift", () => {
    const knowledge = new Knowledge();
    for (const runMs of times(200, 300)) knowledge.learn(outcomeOf("pay", { runMs }));
    const good = knowledge.model("pay");
    assert.ok(
      good && good.error < 0.3 && Math.abs(good.coverage - 0.9) < 0.15,
      JSON.stringify([good?.error, good?.coverage]),
    );
    assert.equal(good.drift, undefined);
    for (const runMs of times(900, 8, 2)) knowledge.learn(outcomeOf("pay", { runMs }));
    const drifting = knowledge.model("pay");
    assert.ok(drifting?.drift && drifting.drift.factor > 2, JSON.stringify(drifting?.drift));
    assert.ok(drifting.error > good.error);
  });

  it("reports each drift once, with the usual time before it", () => {
    const knowledge = new Knowledge();
    const drifts = new Drifts();
    for (const runMs of times(200, 100)) knowledge.learn(outcomeOf("pay", { runMs }));
    for (const runMs of times(500, 100)) knowledge.learn(outcomeOf("ship", { runMs, agentId: "b" }));
    assert.deepEqual(drifts.started(knowledge), []);
    for (const runMs of times(900, 8, 2)) knowledge.learn(outcomeOf("pay", { runMs }));
    const [pay, ...more] = drifts.started(knowledge);
    assert.deepEqual([pay?.capability, more], ["pay", []]);
    assert.ok(Math.abs((pay?.beforeMs ?? 0) - 200) < 40 && (pay?.nowMs ?? 0) > 450, JSON.stringify(pay));
    assert.deepEqual(drifts.started(knowledge), []);
    for (const runMs of times(900, 200, 3)) knowledge.learn(outcomeOf("pay", { runMs }));
    assert.deepEqual(drifts.started(knowledge), []);
    for (const runMs of times(100, 8, 4)) knowledge.learn(outcomeOf("pay", { runMs }));
    assert.equal(drifts.started(knowledge)[0]?.capability, "pay", "a new drift is reported again");
  });

  it("is the same after learning from the start, in parts, and again from the stored outcomes", () => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const inParts = new Learner();
    const updateFor = (place: ExperiencePosition) => {
      const state = driver.state(experienceKey, experience);
      const answer = experienceUpdate.answer(state, place, { key: experienceKey, nowMs: driver.nowMs });
      assert.ok(!isRefusal(answer));
      return answer;
    };
    for (let batch = 1; batch <= 5; batch++) {
      const outcomes = times(100 * batch, 20, batch).map((runMs) => outcomeOf("pay", { runMs }));
      driver.execute(experienceKey, recordExperience, { sender: "one", batch, outcomes });
      const choice = choiceOf(`session-${batch}`, { realMs: 100 * batch });
      driver.execute(experienceKey, learnChoice, { choice });
      const update = updateFor(inParts.place);
      assert.deepEqual([update.isReset, update.outcomes.length, update.choices.length], [false, 20, 1]);
      const position = inParts.place;
      assert.equal(inParts.apply(update, position), true);
      assert.equal(inParts.apply(update, position), false);
    }
    const restarted = new Learner();
    const { place } = restarted;
    assert.equal(restarted.apply(updateFor(place), place), true);
    const [here, there] = [restarted.knowledge, inParts.knowledge];
    assert.deepEqual(here.models, there.models);
    assert.equal(here.chooser.outcomes, 5);
    assert.deepEqual(here.chooser.snapshot(), there.chooser.snapshot());
    const subject = { ...anything, capability: "pay" };
    assert.deepEqual(here.predict(subject), there.predict(subject));
    assert.equal(updateFor({ ...place, count: 1_000 }).isReset, true);
    assert.equal(updateFor({ ...inParts.place, forgottenCount: 3 }).isReset, true);
  });

  it("is based on the latest outcomes, and older outcomes are discarded", () => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const outcomes = Array.from({ length: outcomesMax + 10 }, (_, runMs) => outcomeOf("pay", { runMs }));
    driver.execute(experienceKey, recordExperience, { sender: "one", batch: 1, outcomes });
    const state = driver.state(experienceKey, experience);
    assert.deepEqual(
      [state.outcomes.length, state.outcomes[0]?.runMs, state.count],
      [outcomesMax, 10, outcomesMax + 10],
    );
  });
});
