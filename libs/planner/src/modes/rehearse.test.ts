import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lowerBounds } from "../plan/bounds.ts";
import { chain, intended, layers, present, situated } from "../testing/situations.ts";
import { modes } from "./mode.ts";
import { usualPredictionLimits } from "./predict.ts";
import { rehearsed } from "./rehearse.ts";

const graph = layers(4, 6);
const needsOf = new Map(graph);
const situation = situated(
  intended(graph, (id) => 500 + 100 * Number(id.split("-")[2])),
  present([0.5, 1, 1, 2]),
);

describe("a rehearsal", () => {
  for (const mode of modes)
    it(`of ${mode} does all tasks, each behind its needs, and no sooner than can be`, () => {
      const { startMs, endMs, makespanMs, unfinished, agentOf } = rehearsed(situation, mode);
      assert.equal(unfinished, 0);
      const { taskIds, problem } = situation;
      const at = new Map(taskIds.map((id, task) => [id, task]));
      for (const [task, id] of taskIds.entries()) {
        assert.ok((endMs[task] ?? 0) > (startMs[task] ?? 0) && (agentOf[task] ?? -1) >= 0, id);
        for (const need of needsOf.get(id) ?? [])
          assert.ok(
            (startMs[task] ?? 0) >= (endMs[at.get(need) ?? -1] ?? Number.NaN),
            `${id} behind ${need}`,
          );
      }
      assert.ok(makespanMs >= Math.max(...endMs));
      assert.ok(makespanMs >= lowerBounds(problem).sharpMs);
    });

  it("uses only ranks if rehearsing the decisions of the engine would take too long", () => {
    const few = { ...usualPredictionLimits, comparisonsMax: 10 };
    assert.equal(rehearsed(situation, "intelligence", undefined, few).by, "ranks");
    assert.equal(rehearsed(situation, "workflow", undefined, few).by, "scheduler");
  });

  it("is the same each time", () => {
    const steps = situated(
      intended(chain(5), () => 1_000),
      present([1, 2]),
    );
    assert.deepEqual(rehearsed(steps, "intelligence"), rehearsed(steps, "intelligence"));
  });
});
