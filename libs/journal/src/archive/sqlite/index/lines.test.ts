import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import type { IndexEntry } from "../../port.ts";
import { entryAt, joined, LineWriter } from "./lines.ts";

// Includes all characters that separate texts.
const text = fc.string({
  unit: fc.constantFrom("a", "b", "\u0000", "\u0001", "\u0002", "\u0003", "3", "ü"),
  maxLength: 6,
});
const own = { noNullPrototype: true } as const;
const place = fc.record({ batch: fc.maxSafeNat(), index: fc.nat() }, own);
const entry: fc.Arbitrary<IndexEntry> = fc.record(
  {
    key: fc.record({ namespace: text, kind: text, id: text }, own),
    incarnation: fc.nat(),
    status: fc.constantFrom(WorkStatus.WORK_STATUS_RUNNING, WorkStatus.WORK_STATUS_FAILED),
    definition: text,
    labels: fc.dictionary(text, text, own),
    startMs: fc.maxSafeNat(),
    endMs: fc.maxSafeNat(),
    events: fc.nat(),
    last: place,
    startedBy: fc.uint8Array({ maxLength: 4 }),
    keepUntilMs: fc.maxSafeNat(),
    idKeptUntilMs: fc.maxSafeNat(),
  },
  own,
);

const linesOf = (entries: readonly IndexEntry[]) => new LineWriter().write(entries);

describe("lines of the index", () => {
  it("decode to the original entries, with any texts", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const lines = linesOf(entries);
        assert.deepEqual(
          entries.map((_, line) => entryAt(lines, line)),
          entries,
        );
      }),
    );
  });

  it("decode to the same entries after a join with other lines", () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 4 }), (lists) => {
        // Every other line of each list.
        const chosen = lists.map((list) => list.map((_, line) => line).filter((line) => line % 2 === 0));
        const all = joined(
          lists.map((list, index) => ({ lines: linesOf(list), chosen: chosen[index] ?? [] })),
        );
        assert.deepEqual(
          Array.from({ length: all.count }, (_, line) => entryAt(all, line)),
          lists.flatMap((list) => list.filter((_, line) => line % 2 === 0)),
        );
      }),
    );
  });
});
