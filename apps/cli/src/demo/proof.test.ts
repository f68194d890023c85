import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Effect, type Evidence, type ObservedEvent, prove } from "./proof.ts";

const steps = ["take", "give", "book"];

function events(...types: readonly (readonly [type: string, task: string])[]): ObservedEvent[] {
  return types.map(([type, task], index) => ({ event: index + 1, type, task, timeMs: index }));
}

const history = events(["run_started", ""], ...steps.map((step) => ["task_completed", step] as const), [
  "run_completed",
  "",
]);
const effect = (key: string, by = "one"): Effect => ({ key, attempt: 1, by });

const good: Evidence = {
  started: new Map([["run-1", 3]]),
  observed: new Map([["run-1", history.slice(0, 2)]]),
  journal: new Map([["run-1", history]]),
  effects: steps.map((step) => effect(`run-1/${step}`)),
};

describe("the proof", () => {
  it("holds if no acknowledged work is missing", () => {
    const { holds, starts, events: read, steps: all, effects, twice } = prove(good);
    assert.deepEqual([holds, twice], [true, []]);
    assert.deepEqual([starts.count, read.count, all.count, effects.count], [1, 2, 3, 3]);
  });

  it("lists repeated steps, and still holds", () => {
    const { holds, twice } = prove({ ...good, effects: [...good.effects, effect("run-1/give", "two")] });
    assert.deepEqual([holds, twice], [true, [{ key: "run-1/give", times: 2, by: ["one", "two"] }]]);
  });

  const badEvidence: readonly [
    what: string,
    evidence: Evidence,
    part: "starts" | "events" | "steps" | "effects",
    lost: string,
  ][] = [
    ["a start that is gone", { ...good, journal: new Map() }, "starts", "run-1"],
    [
      "an event that is another one",
      { ...good, observed: new Map([["run-1", events(["run_started", ""], ["task_completed", "give"])]]) },
      "events",
      "run-1 event 2, task_completed",
    ],
    [
      "an event of another time",
      { ...good, observed: new Map([["run-1", [{ event: 1, type: "run_started", task: "", timeMs: 7 }]]]) },
      "events",
      "run-1 event 1, run_started",
    ],
    [
      "a step that was not done",
      { ...good, journal: new Map([["run-1", history.slice(0, 3)]]) },
      "steps",
      "run-1/book",
    ],
    ["a step that no worker did", { ...good, effects: good.effects.slice(1) }, "effects", "run-1/take"],
  ];
  for (const [title, evidence, part, lost] of badEvidence) {
    it(`does not hold for ${title}, and names it`, () => {
      const proof = prove(evidence);
      assert.equal(proof.holds, false);
      assert.deepEqual(proof[part].lost, [lost]);
    });
  }

  it("does not hold if the journal completed a step twice", () => {
    const twice = [...history, { event: 6, type: "task_completed", task: "take", timeMs: 9 }];
    const { holds, doubled } = prove({ ...good, journal: new Map([["run-1", twice]]) });
    assert.deepEqual([holds, doubled], [false, ["run-1/take"]]);
  });
});
