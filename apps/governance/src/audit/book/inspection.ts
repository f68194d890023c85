/** Inspects the audit log of an unused data directory, for `tutti data verify`. Changes nothing. */
import { existsSync } from "node:fs";
import { type AuditFault, Checkpoint, type JournalHead } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { type Finding, type InspectedData, problem, sound } from "@tutti/host";
import { RecordScanner } from "@tutti/journal/batches";
import { errorFromUnknown } from "@tutti/kernel";
import { anchorKind, bookGivenUp, checkpointAnchored } from "@tutti/machine-entities/anchor";
import { sameHash } from "@tutti/policy/audit";
import { BookStore } from "./book-store.ts";
import { openBookReadOnly } from "./schema.ts";
import { verified } from "./verifying.ts";

const advice =
  "Stop the process, and restore the folder audit from a backup that is as recent as the journal.";
const reportedFaultsMax = 20;

export async function inspectBook(file: string, data: InspectedData): Promise<readonly Finding[]> {
  const anchor = anchorIn(data);
  if (!existsSync(file)) {
    if (anchor === undefined) return [];
    const message = `The audit log ${file} is missing, and the journal has its checkpoint ${anchor.number}.`;
    return [problem("audit-damaged", message, advice)];
  }
  let store: BookStore | undefined;
  try {
    store = new BookStore(await openBookReadOnly(file));
    const faults = [...verified(store, 0)].flatMap((progress) => progress.faults);
    const found = [...faults.map(textOf), ...joinFaults(store, data), ...anchorFaults(store, anchor)];
    if (found.length === 0) return [sound("audit-sound", soundText(file, store))];
    const more = found.length - reportedFaultsMax;
    if (more > 0) found.splice(reportedFaultsMax, more, `and ${more} more`);
    return found.map((text) => problem("audit-damaged", `The audit log ${file}: ${text}.`, advice));
  } catch (error) {
    const message = `The audit log ${file} cannot be read: ${errorFromUnknown(error).message}`;
    return [problem("audit-damaged", message, advice)];
  } finally {
    store?.close();
  }
}

function soundText(file: string, store: BookStore): string {
  const last = store.checkpoint(0)?.number ?? 0;
  return `The audit log ${file} is sound: ${last} checkpoints. Each record is unchanged, or was removed by retention.`;
}

function textOf({ recordId, message }: AuditFault): string {
  return recordId === "" ? message : `${recordId}: ${message}`;
}

/** Checks that the journal contained all batches that the audit has. */
function joinFaults(store: BookStore, { partitions }: InspectedData): string[] {
  const ends = new Map<string, JournalHead>();
  for (const { head } of store.heads()) ends.set(`${head.service}/${head.partition}`, head);
  return partitions.flatMap(({ service, partition, last }) => {
    const batch = ends.get(`${service}/${partition}`)?.batch ?? 0;
    return batch <= last
      ? []
      : [`it has batch ${batch} of ${service}/${partition}, and the journal ends with ${last}`];
  });
}

function anchorFaults(store: BookStore, anchor: Checkpoint | undefined): string[] {
  if (anchor === undefined) return [];
  const { number, rootHash } = anchor;
  const found = store.checkpoint(number);
  const last = store.checkpoint(0)?.number ?? 0;
  if (found === undefined)
    return [`it ends with checkpoint ${last}, and the journal has checkpoint ${number}`];
  return sameHash(found.rootHash, rootHash)
    ? []
    : [`its checkpoint ${number} is not the one that the journal has`];
}

/** Returns the last checkpoint in the journal, unless its anchor was cut after archiving. */
function anchorIn(data: InspectedData): Checkpoint | undefined {
  let anchor: Checkpoint | undefined;
  const scanner = new RecordScanner();
  data.readJournal("governance", (records) => {
    scanner.open(records);
    while (scanner.next()) {
      if (scanner.key.kind !== anchorKind) continue;
      const { type, payload } = JournalRecord.decode(scanner.record);
      // A copy: the reader overwrites its bytes.
      if (type === checkpointAnchored.type) anchor = Checkpoint.decode(payload.slice());
      if (type === bookGivenUp.type) anchor = undefined;
    }
  });
  return anchor;
}
