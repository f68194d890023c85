/**
 * Checks that the book has everything that was signed.
 *
 * 1. Each record has its hash under a head. A record without bytes is missing, unless retention removed it.
 * 2. Retention is signed: it names a time, and covers only records under checkpoints before that time.
 * 3. Numbers of checkpoints and leaves of heads have no gap.
 */
import {
  type AuditFault,
  AuditFaultKind,
  type Checkpoint,
  type JournalHead,
  type SigningKey,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { fault, type Signer, TrustedKeys } from "@tutti/policy/audit";
import type { BookStore, PlacedHead, RecordPlaces, Retention } from "./book-store.ts";

const removed = AuditFaultKind.AUDIT_FAULT_KIND_REMOVED;

export function signedRetention(
  times: Pick<Retention, "keptFromMs" | "signTimeMs">,
  { signingKeyId, key }: { readonly signingKeyId: string; readonly key: Signer },
): Retention {
  return { ...times, signature: key.sign("retention", contentOf(times)), signingKeyId };
}

function contentOf({ keptFromMs, signTimeMs }: Pick<Retention, "keptFromMs" | "signTimeMs">): Uint8Array {
  return Buffer.from(`kept from ${keptFromMs}, said at ${signTimeMs}`);
}

export function trustedOf(keys: readonly SigningKey[]): TrustedKeys {
  return new TrustedKeys(keys[0]?.publicKey ?? new Uint8Array(0), keys);
}

/** Returns the first leaf that must still have its records, or why the stated retention is not accepted. */
export function retainedBefore(
  store: BookStore,
  trusted: TrustedKeys,
): { readonly leaf: number; readonly faults: AuditFault[] } {
  const retention = store.retention();
  if (retention === undefined) return { leaf: 0, faults: [] };
  const { signature, signingKeyId, signTimeMs } = retention;
  const wrong = trusted.fault(
    { signature, signingKeyId, timeMs: signTimeMs },
    "retention",
    contentOf(retention),
  );
  if (wrong === undefined) return { leaf: store.leafAt(retention.keptFromMs), faults: [] };
  const message = `start of the retention period: ${wrong}`;
  return { leaf: 0, faults: [fault("", AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE, message)] };
}

/** Returns the missing records under a head. */
export function missingUnder({ leaf, head, places }: PlacedHead, retained: number): AuditFault[] {
  if (leaf < retained) return [];
  const gaps: [from: number, to: number][] = [];
  const add = (from: number, to: number): void => {
    const last = gaps.at(-1);
    if (last?.[1] === from) last[1] = to;
    else gaps.push([from, to]);
  };
  let next = 0;
  for (const { first, records, isDeleted } of places) {
    if (first > next) add(next, first);
    if (isDeleted) add(first, first + records);
    next = Math.max(next, first + records);
  }
  if (next < head.recordCount) add(next, head.recordCount);
  return gaps.map(([from, to]) => missing(head, from, to));
}

function missing(
  { service, partition, batch, recordCount }: JournalHead,
  from: number,
  to: number,
): AuditFault {
  const isSingle = from + 1 === to;
  const which = isSingle ? `record ${to}` : `records ${from + 1} to ${to}`;
  const lost = isSingle ? "is missing: its hash is" : "are missing: their hashes are";
  const message = `${which} of the ${recordCount} up to this batch ${lost} there, and no retention removed ${isSingle ? "it" : "them"}`;
  return fault(`${service}/${partition}/${batch}`, removed, message);
}

/** Returns the fault of records with changed bytes. */
export function unreadableFault(
  { service, partition, batch, recordCount }: JournalHead,
  { first, records }: Pick<RecordPlaces, "first" | "records">,
): AuditFault {
  const message = `records ${first + 1} to ${first + records} of the ${recordCount} up to this batch cannot be read`;
  return fault(`${service}/${partition}/${batch}`, AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message);
}

export function missingCheckpoint(number: number): AuditFault {
  return fault("", removed, `checkpoint ${number} is missing`);
}

/** Returns a checkpoint whose columns differ from the signed content. */
export function columnsFault(
  { number, createTime, treeSize }: Checkpoint,
  columns: { readonly number: number; readonly timeMs: number; readonly treeSize: number },
): AuditFault | undefined {
  const timeMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  if (columns.number === number && columns.timeMs === timeMs && columns.treeSize === treeSize) return;
  const message = `checkpoint ${columns.number} is listed with another number, time or size than it was signed with`;
  return fault("", AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message);
}
