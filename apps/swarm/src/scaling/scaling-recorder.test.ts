import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import { ScalingRecorder } from "./scaling-recorder.ts";

const pool = { namespace: "default", name: "gpu" } as Pool;

/** Batches that are sent, each pending until the test decides its outcome. */
function world() {
  const kept: { agents: string[]; outcome: PromiseWithResolvers<void> }[] = [];
  const notes = new ScalingRecorder({
    logger: recordingLogger(),
    store: (_, { crashes }) => {
      const outcome = Promise.withResolvers<void>();
      kept.push({ agents: crashes.map(({ agentId }) => agentId), outcome });
      return outcome.promise;
    },
  });
  return { notes, kept, agents: () => kept.map(({ agents }) => agents) };
}

describe("notes of scalers", () => {
  it("retries a failed batch, with the notes since then", async () => {
    const { notes, kept, agents } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    const first = notes.flush(pool);
    notes.crashed(pool, "crew", "b", 1, "exited");
    kept[0]?.outcome.reject(new Error("away"));
    await first;
    void notes.flush(pool);
    assert.deepEqual(agents(), [["a"], ["a", "b"]]);
  });

  it("forgets a pool that left while its batch failed", async () => {
    const { notes, kept, agents } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    const first = notes.flush(pool);
    notes.remove(pool);
    kept[0]?.outcome.reject(new Error("not the owner"));
    await first;
    await notes.flush(pool);
    assert.deepEqual(agents(), [["a"]]);
  });

  it("resolves each call when the notes before it are durable", async () => {
    const { notes, kept } = world();
    notes.crashed(pool, "crew", "a", 1, "exited");
    void notes.flush(pool);
    notes.crashed(pool, "crew", "b", 1, "exited");
    let done = 0;
    const both = [notes.flush(pool), notes.flush(pool)].map((each) => each.then(() => done++));
    kept[0]?.outcome.resolve();
    await new Promise(setImmediate);
    assert.deepEqual([kept.length, done], [2, 0]);
    kept[1]?.outcome.resolve();
    await Promise.all(both);
  });
});
