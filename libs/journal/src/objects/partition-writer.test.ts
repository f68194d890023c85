import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PartitionWriter, type PartitionWriterParts } from "./partition-writer.ts";

/** Returns the owner of an idle log, with a copy that contains all of it. */
function tenancy(): PartitionWriter {
  const head = { sequence: 1 };
  const log = { head, refresh: () => Promise.resolve(head) };
  const cache = { opening: () => Promise.resolve({ coveredTo: 7, packedTo: 7 }) };
  return new PartitionWriter({ partition: 0, epoch: 1, log, cache } as unknown as PartitionWriterParts);
}

describe("the archive of a partition under one owner", () => {
  for (const microtasks of [0, 1, 2, 3, 4])
    it(`processes work that arrives ${microtasks} microtasks after the last work was done`, async () => {
      const owner = tenancy();
      await owner.settle();
      for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
      let settled: number | undefined;
      void owner.settle().then((upTo) => {
        settled = upTo;
      });
      await nextTurn();
      assert.equal(settled, 7);
    });
});
