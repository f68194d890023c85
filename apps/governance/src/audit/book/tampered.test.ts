/**
 * Checks that a record that is removed from the book, or exchanged in it, is named. The start, an export and a
 * verification name it.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AuditFaultKind } from "@tutti/contracts/governance/v1";
import { ExportVerifier, ExportWriter } from "@tutti/policy/audit";
import { signer, startMs, TestBook, TestJournal } from "./book.fixture.ts";

const { AUDIT_FAULT_KIND_CHANGED: changed, AUDIT_FAULT_KIND_REMOVED: removed } = AuditFaultKind;
type Named = readonly [recordId: string, kind: AuditFaultKind];

/** Two journals with three batches under three checkpoints: six heads, with a block of two records each. */
async function filled(): Promise<TestBook> {
  const fixture = await TestBook.open();
  const journals = [new TestJournal(0), new TestJournal(1)];
  for (let number = 0; number < 3; number++) {
    const timeMs = startMs + number * 1_000;
    const parts = journals.map((journal) =>
      journal.part(journal.batch(timeMs, { actor: "ada", id: `run-${number}` }, { id: "run-9" })),
    );
    fixture.sign(timeMs + 500, ...parts);
  }
  return fixture;
}

const verifiedBy = (fixture: TestBook) => [...fixture.book.verify(0)].flatMap(({ faults }) => faults);

function exportedBy(fixture: TestBook) {
  const parts = [...fixture.book.export({ namespace: "default", filter: undefined, isCloudEvents: false })];
  const verifier = new ExportVerifier(signer.publicKey);
  const end = new ExportWriter(parts.at(-1)?.state).writeEnd(startMs + 9_000, {
    signingKeyId: "key-1",
    key: signer,
  });
  for (const text of [...parts.map((part) => part.text), end]) verifier.bytes(Buffer.from(text));
  return verifier.finish().faults;
}

const namesOf = (faults: readonly { recordId: string; kind: AuditFaultKind }[]): Named[] =>
  faults.map(({ recordId, kind }) => [recordId, kind]);

const swap = (column: string) => [
  "CREATE TEMP TABLE held AS SELECT leaf, bytes, records FROM block WHERE leaf IN (1, 4)",
  `UPDATE block SET ${column} = (SELECT ${column} FROM held WHERE held.leaf = 5 - block.leaf) WHERE leaf IN (1, 4)`,
];

/** For each: the change of the file, the finding of all three, and the finding with recomputed hashes. */
const table: Readonly<Record<string, { sql: readonly string[]; gone: readonly Named[]; more?: number }>> = {
  "a row deleted": { sql: ["DELETE FROM block WHERE leaf = 2"], gone: [["workflow/0/2", removed]] },
  "the first row deleted": { sql: ["DELETE FROM block WHERE leaf = 0"], gone: [["workflow/0/1", removed]] },
  "the last row deleted": { sql: ["DELETE FROM block WHERE leaf = 5"], gone: [["workflow/1/3", removed]] },
  "a range deleted": {
    sql: ["DELETE FROM block WHERE leaf BETWEEN 1 AND 3"],
    gone: [
      ["workflow/1/1", removed],
      ["workflow/0/2", removed],
      ["workflow/1/2", removed],
    ],
  },
  "all rows deleted": {
    sql: ["DELETE FROM block WHERE leaf > 3"],
    gone: [
      ["workflow/0/3", removed],
      ["workflow/1/3", removed],
    ],
  },
  "bytes removed as retention does": {
    sql: ["UPDATE block SET bytes = NULL WHERE leaf = 2"],
    gone: [["workflow/0/2", removed]],
  },
  "bytes removed under a forged retention": {
    sql: [
      "UPDATE block SET bytes = NULL, last_ms = 1 WHERE leaf = 2",
      "INSERT INTO retention VALUES (1, 9e15, 1, zeroblob(64), 'key-1')",
    ],
    gone: [["workflow/0/2", removed]],
  },
  "bytes cut": {
    sql: ["UPDATE block SET bytes = substr(bytes, 1, 20) WHERE leaf = 2"],
    gone: [],
    more: 1,
  },
  "two rows swapped": { sql: swap("bytes"), gone: [], more: 4 },
  "a row said to be shorter": {
    sql: ["UPDATE block SET records = 1 WHERE leaf = 2"],
    gone: [["workflow/0/2", removed]],
    more: 1,
  },
  "a checkpoint deleted": { sql: ["DELETE FROM checkpoint WHERE number = 2"], gone: [["", removed]] },
};

describe("a book that was tampered with", () => {
  for (const [title, { sql, gone, more = 0 }] of Object.entries(table))
    it(`names ${title}`, async () => {
      await using fixture = await filled();
      assert.deepEqual(
        [fixture.book.status().faults, exportedBy(fixture), verifiedBy(fixture)],
        [[], [], []],
      );
      await fixture.tamper(...sql);
      // Also while it is open.
      const verified = namesOf(verifiedBy(fixture)).filter(
        ([, kind]) => kind === removed || kind === changed,
      );
      assert.ok(verified.length >= gone.length + more, JSON.stringify(verified));
      for (const name of gone)
        assert.deepEqual(
          verified.find(([id]) => id === name[0]),
          name,
        );
      const exported = namesOf(exportedBy(fixture));
      for (const name of gone)
        assert.deepEqual(
          exported.find(([id]) => id === name[0]),
          name,
        );
      assert.ok(exported.length > 0);
      await fixture.reopen();
      const started = namesOf(fixture.book.status().faults);
      for (const name of gone)
        assert.deepEqual(
          started.find(([id]) => id === name[0]),
          name,
        );
    });

  const fatal: Readonly<Record<string, string>> = {
    "a head deleted": "DELETE FROM head WHERE leaf = 2",
    "the last head deleted": "DELETE FROM head WHERE leaf = 5",
    "the last checkpoint deleted": "DELETE FROM checkpoint WHERE number = 3",
    "a head exchanged": "UPDATE head SET encoded = (SELECT encoded FROM head WHERE leaf = 1) WHERE leaf = 3",
    "all heads deleted": "DELETE FROM head",
  };
  for (const [title, sql] of Object.entries(fatal))
    it(`is not opened with ${title}, and a verification names it`, async () => {
      await using fixture = await filled();
      await fixture.tamper(sql);
      assert.ok(verifiedBy(fixture).length > 0);
      await assert.rejects(fixture.reopen(), { code: "audit.book_damaged" });
      await fixture.restore();
    });

  it("names no record that a signed retention removed, and each that was removed after it", async () => {
    await using fixture = await filled();
    assert.equal(fixture.drop(startMs + 1_500), 2);
    await fixture.reopen();
    assert.deepEqual([fixture.book.status().faults, exportedBy(fixture), verifiedBy(fixture)], [[], [], []]);
    await fixture.tamper("UPDATE block SET bytes = NULL WHERE leaf IN (1, 2)");
    assert.deepEqual(namesOf(verifiedBy(fixture)), [["workflow/0/2", removed]]);
  });
});
