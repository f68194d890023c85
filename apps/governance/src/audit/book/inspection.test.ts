import assert from "node:assert/strict";
import { it } from "node:test";
import { Checkpoint } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { anchorKind, checkpointAnchored } from "@tutti/machine-entities/anchor";
import { startMs, TestBook, TestJournal } from "./book.fixture.ts";
import { inspectBook } from "./inspection.ts";

it("compares the audit log with its anchor, whose bytes the journal's reader overwrites", async () => {
  await using fixture = await TestBook.open();
  const checkpoint = fixture.sign(
    startMs,
    new TestJournal().part(new TestJournal().batch(startMs, { actor: "ada" })),
  );
  const findings = (anchor: Checkpoint) =>
    inspectBook(fixture.file, {
      directory: "",
      partitions: [],
      readJournal(_, visit) {
        const records = recordsOf(anchor);
        visit(records);
        records.fill(0);
      },
    });
  assert.deepEqual(
    (await findings(checkpoint)).map(({ code }) => code),
    ["audit-sound"],
  );
  const [finding] = await findings({ ...checkpoint, rootHash: new Uint8Array(32) });
  assert.equal(finding?.code, "audit-damaged");
});

function recordsOf(anchor: Checkpoint): Uint8Array {
  const payload = Checkpoint.encode(anchor).finish();
  const { type, version } = checkpointAnchored;
  const key = { namespace: "system", kind: anchorKind, id: "book" };
  const record = JournalRecord.fromPartial({ ...key, event: 1, type, version, payload });
  return new FlatWriter(1024).uint32(18).bytes(JournalRecord.encode(record).finish()).finish();
}
