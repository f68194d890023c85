import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toTimestamp } from "@tutti/kernel";
import { checkpointOf, MerkleTree } from "@tutti/policy/audit";
import type { DraftPage } from "../shared/shared-book.ts";
import { signer, signingKey, startMs, TestBook, TestJournal } from "./book.fixture.ts";
import type { JournalPart } from "./intake.ts";
import { decodePage, encodePage } from "./page.ts";

/** Returns a checkpoint of a book as a page for others. The book itself has not added it yet. */
function drafted({ book }: TestBook, timeMs: number, ...parts: readonly JournalPart[]) {
  const { number, heads, size, parts: before } = book.prepare(parts);
  const contents = { number, createTime: toTimestamp(timeMs), heads };
  const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
  const checkpoint = checkpointOf(contents, MerkleTree.after(size, before), signed);
  return { checkpoint, draft: book.draft(checkpoint) };
}

const recordsOf = ({ records }: DraftPage) => records.map(({ bytes }) => bytes);
const deed = { actor: "ada", id: "run-1" };

describe("a page from another process", () => {
  it("produces the same book, with the same searches and proofs, and either process continues it", async () => {
    await using one = await TestBook.open();
    await using other = await TestBook.open();
    const journal = new TestJournal();
    for (const [index, [signer, receiver]] of [
      [one, other],
      [other, one],
    ].entries()) {
      assert.ok(signer !== undefined && receiver !== undefined);
      const part = journal.part(journal.batch(startMs + index, deed, { id: "run-2" }));
      const { checkpoint, draft } = drafted(signer, startMs + index, part);
      signer.book.commit(checkpoint);
      const [head] = receiver.book.addPage(draft.page, recordsOf(draft), 0);
      assert.equal(head?.batch, index + 1);
    }
    const request = { namespace: "default", filter: undefined, isOldestFirst: true, size: 10, token: "" };
    const { records } = one.book.search(request);
    assert.equal(records.length, 4);
    assert.deepEqual(other.book.search(request).records, records);
    for (const { recordId } of records)
      assert.deepEqual(
        other.book.proveInclusion("default", recordId, 0),
        one.book.proveInclusion("default", recordId, 0),
      );
    assert.deepEqual(
      [...other.book.verify(0)].flatMap(({ faults }) => faults),
      [],
    );
  });

  it("can come from a book of a single process, and may lack removed records", async () => {
    await using alone = await TestBook.open();
    await using shared = await TestBook.open();
    const [journal, second] = [new TestJournal(), new TestJournal(1)];
    const dayMs = 86_400_000;
    for (const count of [0, 1, 2]) {
      const timeMs = startMs + count * dayMs;
      alone.sign(
        timeMs,
        journal.part(journal.batch(timeMs, deed)),
        second.part(second.batch(timeMs, deed, deed)),
      );
    }
    const keptFromMs = startMs + dayMs;
    assert.ok(alone.drop(keptFromMs) > 0);
    shared.drop(keptFromMs);
    for (const number of [1, 2, 3]) {
      const page = alone.book.page(number);
      assert.equal(page.number, number);
      shared.book.addPage(page.page, recordsOf(page), keptFromMs);
    }
    const request = { namespace: "default", filter: undefined, isOldestFirst: true, size: 10, token: "" };
    const { records } = alone.book.search(request);
    assert.equal(records.length, 6);
    assert.deepEqual(shared.book.search(request).records, records);
    assert.deepEqual(
      [...shared.book.verify(0)].flatMap(({ faults }) => faults),
      [],
    );
    assert.deepEqual(shared.book.checkpointWithHeads(3), alone.book.checkpointWithHeads(3));
  });

  it("replaces the prepared page with the same number", async () => {
    await using one = await TestBook.open();
    await using late = await TestBook.open();
    const journal = new TestJournal();
    const first = journal.part(journal.batch(startMs, deed));
    const { draft } = drafted(one, startMs, first);
    late.book.prepare([first]);
    late.book.addPage(draft.page, recordsOf(draft), 0);
    late.sign(startMs + 1, journal.part(journal.batch(startMs + 1, deed)));
    assert.equal(late.book.records, 2);
    assert.deepEqual(
      [...late.book.verify(0)].flatMap(({ faults }) => faults),
      [],
    );
  });

  it("is rejected if any part differs from the signed page, and the book remains unchanged", async () => {
    await using one = await TestBook.open();
    await using other = await TestBook.open();
    const [journal, second] = [new TestJournal(), new TestJournal(1)];
    const { checkpoint, draft } = drafted(
      one,
      startMs,
      journal.part(journal.batch(startMs, deed, { id: "run-2" })),
      second.part(second.batch(startMs, deed)),
    );
    one.book.commit(checkpoint);
    const page = decodePage(1, draft.page);
    const records = recordsOf(draft);
    const later = drafted(one, startMs + 1, journal.part(journal.batch(startMs + 1, deed))).draft;
    const [head, ...heads] = checkpoint.heads;
    assert.ok(head !== undefined);
    const altered = (change: Partial<typeof page>) => encodePage({ ...page, ...change });
    const cases: readonly [string, Uint8Array, readonly (Uint8Array | undefined)[]][] = [
      ["page 2", later.page, recordsOf(later)],
      [
        "another signature",
        altered({ checkpoint: { ...checkpoint, rootHash: new Uint8Array(32) } }),
        records,
      ],
      [
        "heads that do not follow",
        altered({ checkpoint: { ...checkpoint, heads: [...heads, head] } }),
        records,
      ],
      ["other hashes", altered({ leaves: page.leaves.toReversed() }), records],
      ["other records", draft.page, records.toReversed()],
      ["or none", draft.page, records.map(() => undefined)],
      ["cannot be read", draft.page.subarray(0, 40), records],
      ["cannot be read", new Uint8Array(0), records],
    ];
    for (const [found, bytes, records] of cases)
      assert.throws(() => other.book.addPage(bytes, records, 0), {
        code: "audit.page_unsound",
        message: new RegExp(found),
      });
    assert.equal(other.book.lastNumber(), 0);
    // Records that may be removed are not missed.
    other.book.addPage(
      draft.page,
      records.map(() => undefined),
      startMs + 1,
    );
    assert.equal(other.book.records, 3);
    assert.ok(other.book.endsWith(draft.page) && !other.book.endsWith(undefined));
  });
});
