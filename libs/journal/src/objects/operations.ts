/** Operations on a partition of the archive, as bytes. Each later owner applies the same operations to its own copy. */
import { archiveErrors } from "../archive/errors.ts";
import { decodeColumn, encodeColumns } from "../archive/sqlite/columns.ts";
import type { EncodedChanges } from "../archive/sqlite/committer.ts";
import { ByteSink, ByteSource } from "../archive/sqlite/history/byte-sink.ts";
import { columnOf, fields, type Lines } from "../archive/sqlite/index/lines.ts";
import type { JournalBatch } from "../port.ts";

export type Operation =
  | { readonly kind: "commit"; readonly changes: EncodedChanges }
  | { readonly kind: "pack"; readonly batches: readonly JournalBatch[] }
  | { readonly kind: "purge"; readonly nowMs: number };

const kinds = { commit: 1, pack: 2, purge: 3 } as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Encodes operations of one kind: several commits, or one other operation. */
export function encodeOperations(operations: readonly Operation[]): Uint8Array<ArrayBuffer> {
  const sink = new ByteSink();
  for (const operation of operations) {
    sink.number(kinds[operation.kind]);
    if (operation.kind === "commit") writeChanges(sink, operation.changes);
    else if (operation.kind === "pack") writeBatches(sink, operation.batches);
    else sink.number(operation.nowMs);
  }
  return sink.copy();
}

export function decodeOperations(data: Uint8Array): Operation[] {
  // Data from the network is a `Buffer`, whose parts are never copies.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const source = new ByteSource(bytes);
  const operations: Operation[] = [];
  while (source.at < bytes.length) operations.push(readOperation(source));
  return operations;
}

function readOperation(source: ByteSource): Operation {
  const kind = source.number();
  if (kind === kinds.commit) return { kind: "commit", changes: readChanges(source) };
  if (kind === kinds.pack) return { kind: "pack", batches: readBatches(source) };
  if (kind === kinds.purge) return { kind: "purge", nowMs: source.number() };
  throw archiveErrors.failed({ reason: `an operation of the kind ${kind}, which a newer version wrote` });
}

function writeChanges(sink: ByteSink, changes: EncodedChanges): void {
  const { coveredTo, partitionSnapshot, lines, snapshots } = changes;
  sink.number(coveredTo);
  sink.number(partitionSnapshot === undefined ? 0 : 1);
  if (partitionSnapshot !== undefined) sink.bytes(partitionSnapshot);
  writeLines(sink, lines);
  const numbers = Float64Array.from(snapshots, ({ incarnation }) => incarnation);
  const dues = Float64Array.from(snapshots, ({ dueMs }) => dueMs);
  const outstanding = Float64Array.from(snapshots, (snapshot) => (snapshot.outstanding ? 1 : 0));
  sink.bytes(encodeColumns([numbers, dues, outstanding]));
  for (const { snapshot } of snapshots) sink.bytes(snapshot);
}

function readChanges(source: ByteSource): EncodedChanges {
  const coveredTo = source.number();
  const partitionSnapshot = source.number() === 0 ? undefined : source.view().slice();
  const lines = readLines(source);
  const columns = source.view().slice();
  const [numbers, dues, outstanding] = [0, 1, 2].map((index) => decodeColumn(columns, index));
  const snapshots = Array.from(numbers ?? [], (incarnation, index) => ({
    incarnation,
    snapshot: source.view().slice(),
    dueMs: dues?.[index] ?? 0,
    outstanding: outstanding?.[index] === 1,
  }));
  return { coveredTo, partitionSnapshot, lines, snapshots };
}

function writeLines(sink: ByteSink, lines: Lines): void {
  const { count, words, labels, ids, actors } = lines;
  sink.number(count);
  if (count === 0) return;
  sink.bytes(encodeColumns(Array.from({ length: fields }, (_, index) => columnOf(lines, index))));
  for (const texts of [words, labels, ids]) {
    sink.number(texts.length);
    for (const text of texts) sink.bytes(encoder.encode(text));
  }
  sink.number(actors.length);
  for (const actor of actors) sink.bytes(actor);
}

function readLines(source: ByteSource): Lines {
  const count = source.number();
  const numbers = new Float64Array(fields * count);
  if (count === 0) return { count, numbers, words: [], labels: [], ids: [], actors: [] };
  const columns = source.view().slice();
  for (let index = 0; index < fields; index++) numbers.set(decodeColumn(columns, index), index * count);
  const list = <Item>(read: () => Item): Item[] => Array.from({ length: source.number() }, read);
  const text = (): string => decoder.decode(source.view());
  const [words, labels, ids] = [list(text), list(text), list(text)];
  return { count, numbers, words, labels, ids, actors: list(() => source.view().slice()) };
}

/** In the order of their columns. Packing does not need the hash of the batch before. */
const batchColumns = ["number", "epoch", "timeMs", "behaviour", "count"] as const;

function writeBatches(sink: ByteSink, batches: readonly JournalBatch[]): void {
  const columns = batchColumns.map((name) => Float64Array.from(batches, (batch) => batch[name]));
  columns.push(Float64Array.from(batches, ({ seal }) => (seal ? 1 : 0)));
  sink.bytes(encodeColumns(columns));
  for (const { records } of batches) sink.bytes(records);
}

function readBatches(source: ByteSource): JournalBatch[] {
  const encoded = source.view().slice();
  const columns = Array.from({ length: batchColumns.length + 1 }, (_, index) => decodeColumn(encoded, index));
  return Array.from(columns[0] ?? [], (number, index) => {
    const at = (column: number): number => columns[column]?.[index] ?? 0;
    return {
      number,
      epoch: at(1),
      timeMs: at(2),
      behaviour: at(3),
      count: at(4),
      seal: at(5) === 1,
      previousHash: new Uint8Array(0),
      records: source.view(),
    };
  });
}
