/**
 * Reads the new batches of a journal: checks that they continue where the audit ended, and makes a head of
 * them.
 *
 * 1. A batch has the next number, and contains the hash of the one before. The first of all is accepted
 *    unchecked: batches that were cut before the audit started are unknown.
 * 2. The cause of each record is filled in: the journal stores it only in the first of several records with
 *    the same cause.
 */
import type { JournalHead } from "@tutti/contracts/governance/v1";
import { hashOfBatch, RecordScanner, readHeader } from "@tutti/journal/batches";
import { ByteBlocks } from "@tutti/kernel";
import { emptyRoot, MerkleTree, recordHashText, sameHash } from "@tutti/policy/audit";
import { auditErrors } from "../errors.ts";

/** The encoded batches of a journal after the last one in the book. */
export interface JournalPart {
  readonly service: string;
  readonly partition: number;
  readonly batches: readonly Uint8Array[];
}

/** A record of a journal, with its cause filled in. */
export interface BookRecord {
  readonly batch: number;
  readonly index: number;
  readonly timeMs: number;
  readonly encoded: Uint8Array;
}

export interface ParsedPart {
  readonly head: JournalHead;
  /** Hashes of the records as leaves, concatenated. */
  readonly leaves: Uint8Array;
  readonly records: readonly BookRecord[];
}

const hashBytes = 32;
const noBytes = new Uint8Array(0);

export function parsePart(
  { service, partition, batches }: JournalPart,
  before: Pick<JournalHead, "batch" | "hash"> | undefined,
): ParsedPart {
  let last = before;
  const records: BookRecord[] = [];
  const tree = new MerkleTree();
  const hashes: string[] = [];
  const memory = new ByteBlocks();
  for (const bytes of batches) {
    const header = readHeader(bytes);
    const batch = header?.number ?? (last?.batch ?? 0) + 1;
    const broken = (reason: string) => auditErrors.chainBroken({ service, partition, batch, reason });
    if (header === undefined) throw broken("its bytes are not a batch");
    if (header.service !== service || header.partition !== partition)
      throw broken(`a batch of ${header.service}/${header.partition}`);
    if (last !== undefined && batch !== last.batch + 1) throw broken(`the last one was ${last.batch}`);
    if (last !== undefined && !sameHash(header.previousHash, last.hash))
      throw broken("it follows another batch than the audited one");
    last = { batch, hash: hashOfBatch(bytes) };
    const at = { batch, timeMs: header.timeMs };
    for (const record of recordsOf(bytes.subarray(header.headerBytes), at, memory)) {
      const hash = recordHashText(record, record.encoded);
      tree.appendText(hash);
      hashes.push(hash);
      records.push(record);
    }
  }
  const head: JournalHead = {
    service,
    partition,
    batch: last?.batch ?? 0,
    hash: last?.hash ?? noBytes,
    recordCount: records.length,
    recordsRoot: records.length === 0 ? emptyRoot : tree.rootAt(),
  };
  return { head, leaves: Buffer.from(hashes.join(""), "latin1"), records };
}

function* recordsOf(
  encodedRecords: Uint8Array,
  at: Pick<BookRecord, "batch" | "timeMs">,
  memory: ByteBlocks,
): Generator<BookRecord, void> {
  const scanner = new RecordScanner();
  scanner.open(encodedRecords);
  let cause: Uint8Array = noBytes;
  while (scanner.next()) {
    const { record, index, causeStart, causeEnd } = scanner;
    if (causeEnd > causeStart) cause = scanner.bytes.subarray(causeStart, causeEnd);
    const added = causeEnd > causeStart ? noBytes : cause;
    const encoded = memory.take(record.length + added.length);
    encoded.set(record);
    encoded.set(added, record.length);
    yield { ...at, index, encoded };
  }
}

/** Returns the hash of one leaf of concatenated hashes. */
export function leafAt(leaves: Uint8Array, index: number): Uint8Array {
  return leaves.slice(index * hashBytes, (index + 1) * hashBytes);
}

export function treeOf(leaves: Uint8Array): MerkleTree {
  const tree = new MerkleTree();
  for (let index = 0; index * hashBytes < leaves.length; index++) tree.appendHash(leafAt(leaves, index));
  return tree;
}
