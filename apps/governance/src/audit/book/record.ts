/** Converts a record of a journal to the form of the audit. */
import { hash } from "node:crypto";
import { AuditRecord, AuditResult } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { anchorKind } from "@tutti/machine-entities/anchor";
import { callRefused, refusalKind } from "@tutti/machine-entities/refusal";
import { recordId } from "@tutti/policy/audit";
import type { BookRecord } from "./intake.ts";

/** The fields that a search checks first. */
export interface RecordAbout {
  readonly namespace: string;
  readonly cause: Cause | undefined;
  readonly action: string;
}

/** A journal by its service and partition. */
export interface JournalName {
  readonly service: string;
  readonly partition: number;
}

export function nameOf({ service, partition }: JournalName): string {
  return `${service}/${partition}`;
}

/** Returns the fields. For a record of a refusal, they are those of the refused call. */
export function aboutRecord(record: JournalRecord): RecordAbout {
  const { namespace, kind, type, cause } = record;
  const refused = refusedIn(record);
  if (refused !== undefined) return { namespace, cause: refused.cause, action: refused.action };
  return { namespace, cause, action: `${kind}.${type}` };
}

/** Returns an actor as text for comparisons, with the kind as its number. */
export function actorText(cause: Pick<Cause, "actor"> | undefined): string {
  return `${cause?.actor?.kind ?? 0}:${cause?.actor?.id ?? ""}`;
}

/** Returns whether the record is about a refused call, which it contains. */
export function isRefusal({ kind, type }: Pick<JournalRecord, "kind" | "type">): boolean {
  return kind === refusalKind && type === callRefused.type;
}

function refusedIn(record: JournalRecord): AuditRecord | undefined {
  return isRefusal(record) ? AuditRecord.decode(record.payload) : undefined;
}

/** Maximum of anchors that are left for the next checkpoint. */
const anchorsMax = 16;

/** Returns whether all of the records anchor checkpoints. */
export function areAnchors(records: readonly Pick<BookRecord, "encoded">[]): boolean {
  if (records.length === 0 || records.length > anchorsMax) return false;
  return records.every((record) => decodedRecord(record).kind === anchorKind);
}

export function decodedRecord({ encoded }: Pick<BookRecord, "encoded">): JournalRecord {
  return JournalRecord.decode(encoded);
}

/** Returns the view of a record. Payloads appear as hashes: their content needs the right to the work. */
export function auditRecordOf(
  { service, partition }: JournalName,
  { batch, index, timeMs }: BookRecord,
  record: JournalRecord,
): AuditRecord {
  const { namespace, kind, id, event, type, version, payload } = record;
  const place = recordId(service, partition, { batch, index });
  const refused = refusedIn(record);
  if (refused !== undefined)
    return {
      ...refused,
      recordId: place,
      json: JSON.stringify({ error: refused.error, count: refused.count }),
    };
  const fields = {
    kind,
    id,
    event,
    type,
    version,
    payload: { sha256: hash("sha256", payload, "hex"), bytes: payload.length },
  };
  const { cause, action } = aboutRecord(record);
  return AuditRecord.fromPartial({
    namespace,
    recordId: place,
    time: toTimestamp(timeMs),
    cause,
    action,
    work: { namespace, kind, id },
    result: AuditResult.AUDIT_RESULT_DONE,
    count: 1,
    json: JSON.stringify(fields),
  });
}
