import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AuditFaultKind, AuditFilter } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import {
  checkpointFault,
  consistencyFault,
  ExportVerifier,
  ExportWriter,
  inclusionFault,
  TrustedKeys,
} from "@tutti/policy/audit";
import { signer, signingKey, startMs, TestBook, TestJournal } from "./book.fixture.ts";
import { AuditBook } from "./book.ts";

const trusted = new TrustedKeys(signer.publicKey, [signingKey]);
const people = ["ada", "bob", "eve"];

/** Three journals with ten batches each, under three checkpoints. */
async function filled(): Promise<TestBook> {
  const fixture = await TestBook.open();
  const journals = [0, 1, 2].map((partition) => new TestJournal(partition));
  for (let number = 0; number < 3; number++) {
    const parts = journals.map((journal) =>
      journal.part(
        ...Array.from({ length: 10 }, (_, index) =>
          journal.batch(
            startMs + number * 1_000 + index * 10 + journal.partition,
            { actor: people[index % 3] ?? "", id: `run-${index}`, type: "task_started" },
            { id: `run-${index}`, namespace: index % 5 === 0 ? "shop" : "default" },
          ),
        ),
      ),
    );
    fixture.sign(startMs + number * 1_000 + 500, ...parts);
  }
  return fixture;
}

function searched(fixture: TestBook, filter: Partial<AuditFilter> = {}, size = 1_000, isOldestFirst = false) {
  const ids: string[] = [];
  let token = "";
  do {
    const request = {
      namespace: "default",
      filter: AuditFilter.fromPartial(filter),
      isOldestFirst,
      size,
      token,
    };
    const { records, nextToken } = fixture.book.search(request);
    assert.ok(records.length <= size);
    ids.push(...records.map(({ recordId }) => recordId));
    token = nextToken;
  } while (token !== "");
  return ids;
}

function exportedLines(fixture: TestBook, filter?: Partial<AuditFilter>): string[] {
  const request = { namespace: "default", isCloudEvents: false };
  const parts = [...fixture.book.export({ ...request, filter: filter && AuditFilter.fromPartial(filter) })];
  const state = parts.at(-1)?.state;
  assert.ok(state !== undefined);
  const end = new ExportWriter(state).writeEnd(startMs + 9_000, { signingKeyId: "key-1", key: signer });
  const text = parts.map((part) => part.text).join("") + end;
  return text.trimEnd().split("\n");
}

function verdictOn(lines: readonly string[]) {
  const verifier = new ExportVerifier(signer.publicKey);
  for (const line of lines) verifier.line(line);
  return verifier.finish();
}

describe("the book of the audit", () => {
  it("finds records by actor, action, work and time, in either order and in pages of any size", async () => {
    await using fixture = await filled();
    const all = searched(fixture);
    // Two records a batch. Records in another namespace have no reader here.
    assert.equal(all.length, 90 * 2 - 18);
    assert.equal(new Set(all).size, all.length);
    for (const size of [1, 7, 100]) assert.deepEqual(searched(fixture, {}, size), all);
    assert.deepEqual(searched(fixture, {}, 13, true), [...all].reverse());
    assert.equal(all[0], "workflow/2/30/1");
    const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    // The second record of a batch has the cause of the first, although only that one contains it.
    assert.equal(searched(fixture, { actor: ada, action: "run.task_*" }).length, 4 * 9 * 2 - 9);
    assert.equal(searched(fixture, { action: "run.task_started" }).length, 90);
    assert.equal(searched(fixture, { action: "pool.*" }).length, 0);
    assert.equal(
      searched(fixture, { work: { namespace: "", kind: "run", id: "run-3", task: "" } }).length,
      18,
    );
    const time = { from: toTimestamp(startMs + 1_000), to: toTimestamp(startMs + 1_010) };
    assert.equal(searched(fixture, { time }).length, 3);
    assert.equal(searched(fixture, { text: "RUN-4" }).length, 18);
  });

  it("proves each record under each later checkpoint, and each checkpoint under each later one", async () => {
    await using fixture = await filled();
    for (const recordId of searched(fixture)) {
      const { checkpoint: first } = fixture.book.get("default", recordId);
      for (let number = first; number <= 3; number++)
        assert.equal(
          inclusionFault(fixture.book.proveInclusion("default", recordId, number), trusted),
          undefined,
        );
    }
    assert.equal(consistencyFault(fixture.book.proveConsistency(1, 3), trusted), undefined);
    assert.equal(checkpointFault(fixture.book.checkpoint(2), trusted), undefined);
    assert.throws(() => fixture.book.proveInclusion("default", "workflow/0/30/0", 1), {
      code: "audit.record_newer",
    });
    assert.throws(() => fixture.book.get("shop", "workflow/0/30/0"), { code: "audit.record_unknown" });
    assert.throws(() => fixture.book.get("default", "../../etc"), { code: "audit.record_unknown" });
    assert.throws(() => fixture.book.checkpoint(4), { code: "audit.checkpoint_unknown" });
  });

  it("exports records that verify with the public key alone, all or a part of them", async () => {
    await using fixture = await filled();
    const all = verdictOn(exportedLines(fixture));
    assert.deepEqual([all.faults, all.records, all.checkpoints], [[], 162, 3]);
    const some = exportedLines(fixture, { time: { from: toTimestamp(startMs + 70_000), to: undefined } });
    assert.deepEqual(verdictOn(some).faults, []);
    assert.equal(verdictOn(exportedLines(fixture, { action: "run.task_started" })).records, 90);
  });

  it("exports CloudEvents for other programs, each record once, with its subject and position", async () => {
    await using fixture = await filled();
    const text = [...fixture.book.export({ namespace: "default", isCloudEvents: true, filter: undefined })]
      .map((part) => part.text)
      .join("");
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(events.map(({ id }) => id).sort(), searched(fixture).sort());
    for (const { specversion, id, source, type, time, datacontenttype } of events) {
      assert.deepEqual([specversion, datacontenttype], ["1.0", "application/json"]);
      assert.ok(String(id).startsWith(String(source).replace("/tutti/", "")));
      assert.match(String(type), /^tutti\.audit\.[a-z_.]+$/);
      assert.ok(!Number.isNaN(Date.parse(String(time))));
    }
    const ofRun = events.find(({ type }) => type === "tutti.audit.run.task_started");
    assert.match(String(ofRun?.["subject"]), /run-\d/);
  });

  it("exports enough to identify a changed, removed, swapped or inserted record", async () => {
    await using fixture = await filled();
    const lines = exportedLines(fixture);
    const places = lines.flatMap((line, place) => (line.startsWith('{"record"') ? [place] : []));
    const [, , , at = 0, next = 0] = places;
    const { record } = JSON.parse(lines[at] ?? "");
    const named = (kind: AuditFaultKind, altered: readonly string[]) =>
      assert.ok(
        verdictOn(altered).faults.some((fault) => fault.kind === kind && fault.recordId === record.id),
        `fault of kind ${kind}`,
      );
    const changed = (lines[at] ?? "").replace(record.actor, `${record.actor}x`);
    named(AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, lines.with(at, changed));
    named(AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, lines.toSpliced(at, 1));
    named(AuditFaultKind.AUDIT_FAULT_KIND_INSERTED, lines.toSpliced(next, 0, lines[at] ?? ""));
    const swapped = verdictOn(lines.with(at, lines[next] ?? "").with(next, lines[at] ?? ""));
    assert.ok(swapped.faults.some(({ kind }) => kind === AuditFaultKind.AUDIT_FAULT_KIND_SWAPPED));
  });

  it("rejects a journal that does not continue at the last position, and accepts one that does", async () => {
    await using fixture = await TestBook.open();
    const journal = new TestJournal();
    fixture.sign(startMs, journal.part(journal.batch(startMs, { actor: "ada" })));
    const other = new TestJournal();
    other.batch(startMs, { actor: "eve" });
    const forged = other.part(other.batch(startMs + 1, { actor: "eve" }));
    assert.throws(() => fixture.book.prepare([forged]), {
      code: "audit.chain_broken",
      message: /Batch 2 of workflow\/0/,
    });
    const [second, third] = [
      journal.batch(startMs + 1, { actor: "ada" }),
      journal.batch(startMs + 2, { actor: "ada" }),
    ];
    assert.throws(() => fixture.book.prepare([journal.part(third)]), {
      message: /audited journal: the last one was 1/,
    });
    assert.throws(
      () => fixture.book.prepare([{ ...journal.part(second), partition: 1 }]),
      /a batch of workflow\/0/,
    );
    assert.equal(fixture.sign(startMs + 3, journal.part(second, third)).number, 2);
  });

  it("contains after a crash the signed records, and no prepared ones", async () => {
    await using fixture = await filled();
    const before = searched(fixture);
    const journal = new TestJournal(9);
    const batch = journal.batch(startMs + 5_000, { actor: "ada" });
    fixture.book.prepare([journal.part(batch)]);
    await fixture.reopen();
    assert.deepEqual(searched(fixture), before);
    assert.equal(fixture.sign(startMs + 6_000, journal.part(batch)).number, 4);
    assert.equal(fixture.book.records, 181);
    assert.equal(consistencyFault(fixture.book.proveConsistency(2, 4), trusted), undefined);
    assert.deepEqual(verdictOn(exportedLines(fixture)).faults, []);
  });

  it("removes records after their retention time, and every proof of the remaining records is valid", async () => {
    await using fixture = await filled();
    assert.ok(fixture.drop(startMs + 1_501) > 0);
    const remaining = searched(fixture);
    assert.ok(remaining.length === 54 && remaining.every((id) => Number(id.split("/")[2]) > 20));
    for (const id of remaining)
      assert.equal(inclusionFault(fixture.book.proveInclusion("default", id, 0), trusted), undefined);
    assert.throws(() => fixture.book.get("default", "workflow/0/1/0"), {
      message: /not there any more|any more/,
    });
    assert.equal(consistencyFault(fixture.book.proveConsistency(1, 3), trusted), undefined);
    const verdict = verdictOn(exportedLines(fixture));
    assert.deepEqual([verdict.faults, verdict.records], [[], 54]);
    assert.deepEqual(
      [...fixture.book.verify(0)].flatMap(({ faults }) => faults),
      [],
    );
  });

  it("reports changes that were made to its file", async () => {
    await using fixture = await filled();
    await fixture.tamper("UPDATE head SET leaves = zeroblob(length(leaves)) WHERE leaf = 4");
    const faults = [...fixture.book.verify(0)].flatMap((progress) => progress.faults);
    assert.equal(faults[0]?.recordId, "workflow/1/20");
    assert.equal(faults.length, 21);
    assert.deepEqual(
      [...fixture.book.verify(3)].flatMap((progress) => progress.faults),
      [],
    );
  });

  it("is not opened with another key, or by a release that does not know its format", async () => {
    await using fixture = await TestBook.open();
    const other = { ...signingKey, signingKeyId: "key-2", publicKey: new Uint8Array(32).fill(9) };
    await assert.rejects(AuditBook.open(fixture.file, other), { code: "audit.key_changed" });
    await fixture.tamper("PRAGMA user_version = 3");
    await assert.rejects(AuditBook.open(fixture.file, signingKey), { code: "audit.book_newer" });
  });
});
