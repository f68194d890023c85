/** A record of a journal as the audit shows it. */
import { hash } from "node:crypto";
import { AuditRecord, AuditResult } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { anchorKind } from "@tutti/machine-entities/anchor";
import { callRefused, refusalKind } from "@tutti/machine-entities/refusal";
import { recordId } from "@tutti/policy/audit";
import type { BookRecord } from "./intake.ts";

/** What a search looks at before anything else. */
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

/** A refusal is about what was refused, and not about its being recorded. */
export function aboutRecord(record: JournalRecord): RecordAbout {
  const { namespace, kind, type, cause } = record;
  const refused = refusedIn(record);
  if (refused !== undefined) return { namespace, cause: refused.cause, action: refused.action };
  return { namespace, cause, action: `${kind}.${type}` };
}

/** Returns the kind as its number, since what is compared is this text alone. */
export function actorText(cause: Pick<Cause, "actor"> | undefined): string {
  return `${cause?.actor?.kind ?? 0}:${cause?.actor?.id ?? ""}`;
}

/** Returns whether it is about a call that was refused, and says so in what it carries. */
export function isRefusal({ kind, type }: Pick<JournalRecord, "kind" | "type">): boolean {
  return kind === refusalKind && type === callRefused.type;
}

function refusedIn(record: JournalRecord): AuditRecord | undefined {
  return isRefusal(record) ? AuditRecord.decode(record.payload) : undefined;
}

/** Each checkpoint leaves so many behind at most, and few of them fail to be under the next. */
const anchorsMax = 16;

/** Returns whether all of some records anchor checkpoints. */
export function areAnchors(records: readonly Pick<BookRecord, "encoded">[]): boolean {
  if (records.length === 0 || records.length > anchorsMax) return false;
  return records.every((record) => decodedRecord(record).kind === anchorKind);
}

export function decodedRecord({ encoded }: Pick<BookRecord, "encoded">): JournalRecord {
  return JournalRecord.decode(encoded);
}

/** Payloads are there by hash alone: their content is for callers that may see the work itself. */
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
