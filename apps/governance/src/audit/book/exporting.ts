/** An export of the book, part by part. The holder of the key writes the last line, which is signed. */
import {
  type AuditFault,
  type AuditFilter,
  AuditFilter as AuditFilterCodec,
} from "@tutti/contracts/governance/v1";
import {
  type ExportedLeaf,
  type ExportState,
  ExportWriter,
  type MerkleTree,
  recordLineOf,
} from "@tutti/policy/audit";
import { recordsIn } from "./blocks.ts";
import type { BookStore, StoredHead } from "./book-store.ts";
import {
  missingCheckpoint,
  missingUnder,
  retainedBefore,
  trustedOf,
  unreadableFault,
} from "./completeness.ts";
import { RecordFilter } from "./filter.ts";
import { type BookRecord, leafAt } from "./intake.ts";
import { matchingRecord } from "./searching.ts";

export interface ExportRequest {
  readonly namespace: string;
  readonly filter: AuditFilter | undefined;
  readonly isCloudEvents: boolean;
}

export interface ExportPart {
  /** Whole lines. */
  readonly text: string;
  /** Number of records so far. */
  readonly records: number;
  readonly state: ExportState;
}

const partLength = 256 * 1024;
/** Clocks of processes differ, and a record may be under a checkpoint with an earlier time. */
const clocksDifferMs = 60_000;

export function* exported(
  store: BookStore,
  tree: MerkleTree,
  request: ExportRequest,
): Generator<ExportPart, void> {
  const { namespace, isCloudEvents } = request;
  const filter = new RecordFilter(namespace, request.filter);
  const last = store.checkpoint(0);
  const first = Math.max(1, store.checkpointFrom(filter.fromMs - clocksDifferMs) || (last?.number ?? 1));
  const size = first === 1 ? 0 : (store.checkpoint(first - 1)?.treeSize ?? 0);
  const writer = new ExportWriter();
  let records = 0;
  let text = "";
  const add = (line: string): void => {
    if (!isCloudEvents) text += line;
  };
  const part = (): ExportPart => {
    const part = { text, records, state: writer.state };
    text = "";
    return part;
  };
  const filterJson = request.filter === undefined ? {} : AuditFilterCodec.toJSON(request.filter);
  add(writer.writeHead({ namespace, filter: filterJson, tree, size }));
  for (const key of store.keys()) add(writer.key(key));
  const retained = retainedBefore(store, trustedOf(store.keys())).leaf;
  const miss = (found: readonly AuditFault[]): void => {
    for (const { recordId, message } of found)
      text += isCloudEvents ? missingEventOf(recordId, message) : writer.missing({ id: recordId, message });
  };
  let from = size;
  for (let number = first; number <= (last?.number ?? 0); number++) {
    const checkpoint = store.checkpoint(number);
    if (checkpoint === undefined) {
      // Its heads are under the next one.
      miss([missingCheckpoint(number)]);
      continue;
    }
    for (const stored of store.placedHeads(from, checkpoint.treeSize)) {
      const { included, unreadable } = recordsUnder(store, stored, filter);
      add(writer.head(stored.head, leavesOf(store, stored, included)));
      for (const { record } of included) {
        text += isCloudEvents ? cloudEventOf(stored, record) : writer.record(stored.head, record);
        records++;
        if (text.length >= partLength) yield part();
      }
      miss([...missingUnder(stored, retained), ...unreadable]);
    }
    from = checkpoint.treeSize;
    add(writer.checkpoint(checkpoint));
    if (text.length >= partLength) yield part();
  }
  yield part();
}

interface Included {
  /** Index among the records of the head. */
  readonly place: number;
  readonly record: BookRecord;
}

function recordsUnder(
  store: BookStore,
  { leaf, head }: StoredHead,
  filter: RecordFilter,
): { readonly included: Included[]; readonly unreadable: AuditFault[] } {
  const included: Included[] = [];
  const unreadable: AuditFault[] = [];
  if (head.recordCount === 0) return { included, unreadable };
  for (const block of store.blocksUnder(leaf).filter((block) => filter.mayHave(block)))
    try {
      const records = recordsIn(store.bytesOf(block)).map((record, index) => ({
        place: block.first + index,
        record,
      }));
      included.push(...records.filter(({ record }) => matchingRecord(filter, head, record) !== undefined));
    } catch {
      unreadable.push(unreadableFault(head, block));
    }
  return { included, unreadable };
}

/** Returns the leaves. Records outside of the export are represented by their hashes. */
function leavesOf(
  store: BookStore,
  { leaf, head }: StoredHead,
  included: readonly Included[],
): ExportedLeaf[] {
  if (included.length === 0) return [];
  const leaves = store.leavesUnder(leaf);
  const at = new Map(included.map(({ place, record }) => [place, record]));
  return Array.from({ length: head.recordCount }, (_, place) => {
    const record = at.get(place);
    return { hash: leafAt(leaves, place), at: record && { batch: record.batch, index: record.index } };
  });
}

/** Returns an event for a missing record: programs that read only events are informed too. */
function missingEventOf(id: string, message: string): string {
  const event = {
    specversion: "1.0",
    id: `missing/${id || message}`,
    source: "/tutti/audit",
    type: "tutti.audit.missing",
    datacontenttype: "application/json",
    data: { id, message },
  };
  return `${JSON.stringify(event)}\n`;
}

function cloudEventOf({ head }: StoredHead, record: BookRecord): string {
  const line = recordLineOf(head.service, head.partition, record);
  if (line === undefined) return "";
  const { id, time, action, work } = line;
  const event = {
    specversion: "1.0",
    id,
    source: `/tutti/${head.service}/${head.partition}`,
    type: `tutti.audit.${action}`,
    subject: work,
    time,
    datacontenttype: "application/json",
    data: line,
  };
  return `${JSON.stringify(event)}\n`;
}
