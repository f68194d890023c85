import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DirtyInstances } from "./dirty-instances.ts";
import type { Instance } from "./instance.ts";

function dirtySince(dirtyFrom: number): Instance {
  // The cast: only this field of an instance is read here.
  return { dirtyFrom } as Instance;
}

describe("instances with records that no snapshot contains", () => {
  it("are listed from the oldest on, without removed ones", () => {
    const dirty = new DirtyInstances();
    const all = [1, 1, 2, 3].map(dirtySince);
    for (const instance of all) dirty.add(instance);
    dirty.remove(all[0] as Instance);
    assert.deepEqual([...dirty], all.slice(1));
    assert.equal(dirty.oldest, all[1]);
  });

  it("are the oldest again if their snapshots were not committed", () => {
    const dirty = new DirtyInstances();
    const [old, older, young] = [5, 2, 9].map(dirtySince) as [Instance, Instance, Instance];
    dirty.add(young);
    old.dirtyFrom = 12;
    older.dirtyFrom = 0;
    dirty.restore([
      { instance: old, from: 5 },
      { instance: older, from: 2 },
    ]);
    assert.deepEqual([...dirty], [older, old, young]);
    assert.equal(older.dirtyFrom, 2);
  });

  it("are skipped after their step is undone, and come last after their next record", () => {
    const dirty = new DirtyInstances();
    const [first, second] = [1, 2].map(dirtySince) as [Instance, Instance];
    dirty.add(first);
    first.dirtyFrom = 0;
    dirty.add(second);
    first.dirtyFrom = 3;
    dirty.add(first);
    assert.deepEqual([...dirty], [second, first]);
    first.dirtyFrom = 0;
    assert.deepEqual([...dirty], [second]);
  });
});
