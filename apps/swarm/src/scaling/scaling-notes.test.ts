import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import { ScalingNotes } from "./scaling-notes.ts";

const pool = { namespace: "default", name: "gpu" } as Pool;

/** Batches that are sent, each pending until the test decides its outcome. */
function world() {
  const kept: { agents: string[]; outcome: PromiseWithResolvers<void> }[] = [];
  const notes = new ScalingNotes({
    logger: recordingLogger(),
    keep: (_, { crashes }) => {
      const outcome = Promise.withResolvers<void>();
      kept.push({ agents: crashes.map(({ agentId }) => agentId), outcome });
      return outcome.promise;
    },
  });
  return { notes, kept, agents: () => kept.map(({ agents }) => agents) };
}

describe("notes of scalers", () => {
  it("brings a batch that failed again, with what was noted since", async () => {
    const { notes, kept, agents } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    const first = notes.bring(pool);
    notes.crashed(pool, "crew", "b", 1, "exited");
    kept[0]?.outcome.reject(new Error("away"));
    await first;
    void notes.bring(pool);
    assert.deepEqual(agents(), [["a"], ["a", "b"]]);
  });

  it("forgets a pool that left while its batch was brought and failed", async () => {
    const { notes, kept, agents } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    const first = notes.bring(pool);
    notes.forget(pool);
    kept[0]?.outcome.reject(new Error("not the owner"));
    await first;
    await notes.bring(pool);
    assert.deepEqual(agents(), [["a"]]);
  });

  it("resolves each call when what was noted before it is durable", async () => {
    const { notes, kept } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    void notes.bring(pool);
    notes.crashed(pool, "crew", "b", 1, "exited");
    let done = 0;
    const both = [notes.bring(pool), notes.bring(pool)].map((each) => each.then(() => done++));
    kept[0]?.outcome.resolve();
    await new Promise(setImmediate);
    assert.deepEqual([kept.length, done], [2, 0]);
    kept[1]?.outcome.resolve();
    await Promise.all(both);
  });
});
