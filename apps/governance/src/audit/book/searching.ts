/**
 * Searches the book: by time, latest or oldest first, and records of the same time in the order of their ids.
 *
 * 1. Blocks are read in the order of their time that is nearest to the start of the search. A page is
 *    complete when it is full and no later block can contain an earlier record.
 * 2. A page ends with the number of its last record, and the next one continues after that: later records
 *    change nothing.
 * 3. One call reads a bounded number of records. A page that ends for that reason may be empty, and the next
 *    one continues there.
 */
import type { AuditFilter, AuditRecord } from "@tutti/contracts/governance/v1";
import { auditErrors } from "../errors.ts";
import { recordsIn } from "./blocks.ts";
import type { BookStore, StoredBlock } from "./book-store.ts";
import { RecordFilter } from "./filter.ts";
import type { BookRecord } from "./intake.ts";
import { aboutRecord, auditRecordOf, decodedRecord, type JournalName } from "./record.ts";

export interface RecordSearch {
  readonly namespace: string;
  readonly filter: AuditFilter | undefined;
  readonly isOldestFirst: boolean;
  readonly size: number;
  /** Token of the previous page. Empty for the first. */
  readonly token: string;
}

export interface FoundRecords {
  readonly records: readonly AuditRecord[];
  readonly nextToken: string;
}

/** The position of a record in the order of a search. */
interface SearchPosition extends JournalName {
  readonly timeMs: number;
  readonly batch: number;
  readonly index: number;
}

const recordsMax = 200_000;
const blocksPerRead = 128;

export function searchRecords(
  store: BookStore,
  search: RecordSearch,
  journalOf: (leaf: number) => JournalName,
): FoundRecords {
  const { isOldestFirst, size, token } = search;
  const filter = new RecordFilter(search.namespace, search.filter);
  const after = token === "" ? undefined : positionIn(token);
  const sign = isOldestFirst ? 1 : -1;
  const isBehind = (one: SearchPosition, other: SearchPosition): boolean => sign * compared(one, other) > 0;
  const found: { readonly at: SearchPosition; readonly record: AuditRecord }[] = [];
  let scanned = 0;
  for (const block of blocks(store, isOldestFirst)) {
    const nearestMs = isOldestFirst ? block.firstMs : block.lastMs;
    // One more than the size of the page shows whether there is another page.
    const beyond = found[size];
    if (beyond !== undefined && sign * (nearestMs - beyond.at.timeMs) > 0) break;
    if (scanned >= recordsMax) {
      // Records from this block on belong to the next page, including those that were found already.
      const sure = found.filter(({ at }) => sign * (nearestMs - at.timeMs) > 0).slice(0, size);
      const last = sure.length === size ? sure.at(-1) : undefined;
      const nextToken = last === undefined ? tokenBefore(nearestMs, isOldestFirst) : tokenOf(last.at);
      return { records: sure.map(({ record }) => record), nextToken };
    }
    const farthestMs = isOldestFirst ? block.lastMs : block.firstMs;
    if (!filter.mayHave(block) || (after !== undefined && sign * (after.timeMs - farthestMs) > 0)) continue;
    const journal = journalOf(block.leaf);
    for (const record of recordsIn(store.bytesOf(block))) {
      scanned++;
      const at = { ...journal, ...placeOf(record) };
      if (after !== undefined && !isBehind(at, after)) continue;
      const match = matchingRecord(filter, journal, record);
      if (match !== undefined) found.push({ at, record: match });
    }
    found.sort((one, other) => sign * compared(one.at, other.at));
    // Records after a full page are found again by the next one.
    found.splice(size + 1);
  }
  const page = found.slice(0, size);
  const last = page.at(-1);
  const nextToken = found.length > size && last !== undefined ? tokenOf(last.at) : "";
  return { records: page.map(({ record }) => record), nextToken };
}

/** Returns the record in its view, if it matches. */
export function matchingRecord(
  filter: RecordFilter,
  journal: JournalName,
  record: BookRecord,
): AuditRecord | undefined {
  const decoded = decodedRecord(record);
  if (!filter.mayBe(aboutRecord(decoded), record.timeMs)) return;
  const view = auditRecordOf(journal, record, decoded);
  return filter.is(view) ? view : undefined;
}

function* blocks(store: BookStore, isOldestFirst: boolean): Generator<StoredBlock, void> {
  let last: StoredBlock | undefined;
  for (;;) {
    const some = store.blocksInOrder(isOldestFirst, last, blocksPerRead);
    yield* some;
    last = some.at(-1);
    if (some.length < blocksPerRead) return;
  }
}

function placeOf({ timeMs, batch, index }: BookRecord): Omit<SearchPosition, keyof JournalName> {
  return { timeMs, batch, index };
}

function compared(one: SearchPosition, other: SearchPosition): number {
  if (one.timeMs !== other.timeMs) return one.timeMs - other.timeMs;
  if (one.service !== other.service) return one.service < other.service ? -1 : 1;
  return one.partition - other.partition || one.batch - other.batch || one.index - other.index;
}

function tokenOf({ timeMs, service, partition, batch, index }: SearchPosition): string {
  return [timeMs, service, partition, batch, index].join("/");
}

/** Returns a token before all records of a time, without a record of its own. */
function tokenBefore(timeMs: number, isOldestFirst: boolean): string {
  return [timeMs, isOldestFirst ? "" : "~", 0, 0, 0].join("/");
}

function positionIn(token: string): SearchPosition {
  const [, timeMs, service = "", ...places] =
    /^(\d+(?:\.\d+)?)\/([a-z0-9-]*|~)\/(\d+)\/(\d+)\/(\d+)$/.exec(token) ?? [];
  if (timeMs === undefined) throw auditErrors.pageUnknown();
  const [partition = 0, batch = 0, index = 0] = places.map(Number);
  return { timeMs: Number(timeMs), service, partition, batch, index };
}
