/**
 * The lines of an export of the audit: one JSON document each, so that any program can read them.
 *
 * 1. `export`, once: the request, and the tree as it was before the first head.
 * 2. `key`, for each key that was signed with, the oldest first.
 * 3. For each checkpoint its heads, and after them the checkpoint. For each head: `head`. `leaves`, the
 *    hashes of all its records, with the place of those that are in the export. `record`, for each of these,
 *    in order. Leaves are left out where none is.
 * 4. `missing`, after a head, for records under it that the audit has lost: their hashes are there, their
 *    bytes are not, and no retention removed them.
 * 5. `end`, once: how many lines came before, and a signature over all of them.
 *
 * A record has its original bytes from the journal, and their content as text. A text that does not match the
 * bytes is a fault like changed bytes.
 */

import type { Checkpoint, JournalHead, SigningKey } from "@tutti/contracts/governance/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";
import { type RecordAt, recordId } from "../checkpoints.ts";

export const exportVersion = 1;
/** Maximum of hashes in a line. */
export const leavesPerLine = 1_000;

export interface ExportLine {
  readonly version: number;
  readonly namespace: string;
  /** The request, in the form of the contract. */
  readonly filter: unknown;
  /** The tree before the first head: its number of leaves, and the roots of its parts from the left. */
  readonly before: { readonly size: number; readonly parts: readonly string[] };
}

export interface HeadLine {
  readonly service: string;
  readonly partition: number;
  readonly batch: number;
  readonly hash: string;
  readonly record_count: number;
  readonly records_root: string;
  /** Number of its records in the export. */
  readonly included: number;
}

/** The hash of a record, with its place if it is in the export: `10423/3 <hash>`. */
export type LeavesLine = readonly string[];

export interface RecordLine {
  readonly id: string;
  readonly time: string;
  readonly time_ms: number;
  readonly actor: string;
  readonly decision: string;
  readonly reason: string;
  readonly traceparent: string;
  readonly namespace: string;
  readonly work: string;
  readonly event: number;
  readonly action: string;
  readonly version: number;
  readonly encoded: string;
}

/** Records or checkpoints that are missing in the audit. */
export interface MissingLine {
  /** The last batch under the head, `workflow/3/120`. Empty for a checkpoint. */
  readonly id: string;
  /** The loss, as a text. */
  readonly message: string;
}

export interface CheckpointLine {
  readonly number: number;
  readonly time_ms: number;
  readonly tree_size: number;
  readonly root_hash: string;
  readonly signature: string;
  readonly signing_key_id: string;
}

export interface KeyLine {
  readonly signing_key_id: string;
  readonly public_key: string;
  readonly start_time_ms: number | null;
  readonly end_time_ms: number | null;
  readonly endorsement: string;
}

export interface EndLine {
  readonly lines: number;
  readonly time_ms: number;
  readonly signature: string;
  readonly signing_key_id: string;
}

/** A record of a journal, with its cause filled in. */
export interface ExportedRecord extends RecordAt {
  readonly timeMs: number;
  readonly encoded: Uint8Array;
}

/** Returns the text form of a record. Undefined for invalid bytes. */
export function recordLineOf(
  service: string,
  partition: number,
  { batch, index, timeMs, encoded }: ExportedRecord,
): RecordLine | undefined {
  const record = decoded(encoded);
  if (record === undefined) return;
  const { cause, namespace, kind, id, event, type, version } = record;
  const actor = cause?.actor;
  return {
    id: recordId(service, partition, { batch, index }),
    time: timeText(timeMs),
    time_ms: timeMs,
    actor: actor === undefined ? "" : `${kindNames[actor.kind] ?? "unknown"}:${actor.id}`,
    decision: cause?.decision ?? "",
    reason: cause?.reason ?? "",
    traceparent: cause?.traceparent ?? "",
    namespace,
    work: `${kind}/${id}`,
    event,
    action: `${kind}.${type}`,
    version,
    encoded: toText(encoded),
  };
}

export function headLineOf(
  { service, partition, batch, hash, recordCount, recordsRoot }: JournalHead,
  included: number,
): HeadLine {
  const place = { service, partition, batch, hash: toText(hash) };
  return { ...place, record_count: recordCount, records_root: toText(recordsRoot), included };
}

export function headOf({
  service,
  partition,
  batch,
  hash,
  record_count,
  records_root,
}: HeadLine): JournalHead {
  const place = { service: String(service), partition: numeric(partition), batch: numeric(batch) };
  const records = { recordCount: numeric(record_count), recordsRoot: toBytes(records_root) };
  return { ...place, hash: toBytes(hash), ...records };
}

export function checkpointLineOf(checkpoint: Checkpoint): CheckpointLine {
  const { number, createTime, treeSize, rootHash, signature, signingKeyId } = checkpoint;
  return {
    number,
    time_ms: createTime === undefined ? 0 : fromTimestamp(createTime),
    tree_size: treeSize,
    root_hash: toText(rootHash),
    signature: toText(signature),
    signing_key_id: signingKeyId,
  };
}

export function keyLineOf({ signingKeyId, publicKey, startTime, endTime, endorsement }: SigningKey): KeyLine {
  return {
    signing_key_id: signingKeyId,
    public_key: toText(publicKey),
    start_time_ms: startTime === undefined ? null : fromTimestamp(startTime),
    end_time_ms: endTime === undefined ? null : fromTimestamp(endTime),
    endorsement: toText(endorsement),
  };
}

export function keyOf({
  signing_key_id,
  public_key,
  start_time_ms,
  end_time_ms,
  endorsement,
}: KeyLine): SigningKey {
  return {
    signingKeyId: signing_key_id,
    publicKey: toBytes(public_key),
    startTime: start_time_ms === null ? undefined : toTimestamp(numeric(start_time_ms)),
    endTime: end_time_ms === null ? undefined : toTimestamp(numeric(end_time_ms)),
    endorsement: toBytes(endorsement),
  };
}

export function checkpointFrom(line: CheckpointLine): Checkpoint {
  return {
    number: numeric(line.number),
    createTime: toTimestamp(numeric(line.time_ms)),
    heads: [],
    treeSize: numeric(line.tree_size),
    rootHash: toBytes(line.root_hash),
    signature: toBytes(line.signature),
    signingKeyId: line.signing_key_id,
  };
}

function timeText(timeMs: number): string {
  if (timeMs === latest.timeMs) return latest.text;
  const date = new Date(timeMs);
  latest = { timeMs, text: Number.isNaN(date.getTime()) ? String(timeMs) : date.toISOString() };
  return latest.text;
}

/** The last time with its text: all records of a batch have one time. */
let latest = { timeMs: 0, text: new Date(0).toISOString() };

/** Returns a number. Lines may come from anywhere: any other value throws, and the line is invalid. */
function numeric(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError("expected a number");
}

export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

const kindNames: Readonly<Partial<Record<ActorKind, string>>> = {
  [ActorKind.ACTOR_KIND_PERSON]: "person",
  [ActorKind.ACTOR_KIND_SERVICE]: "service",
  [ActorKind.ACTOR_KIND_AGENT]: "agent",
};

function decoded(bytes: Uint8Array): JournalRecord | undefined {
  try {
    return JournalRecord.decode(bytes);
  } catch {
    return;
  }
}
