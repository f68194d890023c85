import { assert } from "@tutti/kernel";
import type { JournalBatch } from "../../../port.ts";
import { archiveErrors } from "../../errors.ts";
import type { HistoryQuery, HistoryRecord, RecordPlace } from "../../port.ts";
import type { ArchiveDatabase } from "../database.ts";
import { ByteSink } from "./byte-sink.ts";
import { ChunkWriter, eventsOf, type PlainEvent, prefixOf, recordOf } from "./chunk.ts";
import { groupRecords, type RecordGroup } from "./groups.ts";
import {
  type ChunkPlace,
  chunkField,
  chunkNumber,
  chunkRange,
  isBehind,
  type NewChunk,
  PackedRows,
  sameChunk,
} from "./packed-rows.ts";
import { SolidRows, solidEvents } from "./solid-rows.ts";

/** The instance that owns the records of a group. */
export interface GroupOwner {
  /** Partition and incarnation. */
  readonly id: number;
  readonly incarnation: number;
}

/** The packed part of an instance. */
export interface PackedEnd {
  readonly group: RecordGroup;
  readonly owner: GroupOwner;
  readonly last: RecordPlace;
  readonly events: number;
}

/**
 * The history of all instances.
 *
 * 1. A chunk has an instance's events of one packing. A row has the chunks of many instances, in the order of their
 *    last records. A chunk names the record before its first.
 * 2. As soon as 64 events are complete (1 to 64, 65 to 128 …) they move into a solid row. Their chunks are then
 *    removed. So a chain of chunks never has more than 63 events, and any page of a life of any length is a few rows.
 * 3. The last chunk of an instance stays a chunk, even if all its events moved: the instance is found by its place.
 */
export class History {
  readonly packed: PackedRows;
  readonly solid: SolidRows;
  readonly #file: string;
  readonly #sink = new ByteSink();
  readonly #writer = new ChunkWriter(this.#sink);

  constructor(database: ArchiveDatabase) {
    this.#file = database.file;
    this.packed = new PackedRows(database);
    this.solid = new SolidRows(database);
  }

  /** Packs the records with a known owner, and reports the new end of each. */
  pack(
    partition: number,
    batches: readonly JournalBatch[],
    ownerOf: (group: RecordGroup) => GroupOwner | undefined,
  ): PackedEnd[] {
    const owned: { group: RecordGroup; owner: GroupOwner }[] = [];
    const groups = groupRecords(batches, (group) => {
      const owner = ownerOf(group);
      if (owner !== undefined) owned.push({ group, owner });
      return owner !== undefined;
    });
    const before = this.#removeChains(partition, groups);
    const chunks = owned.map(({ group, owner }) =>
      this.#chunk(partition, group, owner, before.get(group) ?? []),
    );
    const ends = owned.map(({ group, owner }) => {
      const { batch, index, event } = group.events.at(-1) as PlainEvent;
      return { group, owner, last: { batch, index }, events: event };
    });
    this.#addRows(partition, chunks);
    this.packed.flush();
    return ends;
  }

  /**
   * Returns a page of events up to a place. `packed` is the instance's last packed record, `events` the number of its
   * events up to there.
   */
  page(
    id: number,
    partition: number,
    packed: RecordPlace,
    events: number,
    query: HistoryQuery,
  ): HistoryRecord[] {
    const first = query.afterEvent + 1;
    const last = Math.min(events, query.afterEvent + query.limit);
    if (first > last) return [];
    const solidTo = events - (events % solidEvents);
    const records: HistoryRecord[] = [];
    const collect = (chunk: Uint8Array, start: number, end: number): void => {
      const prefix = prefixOf(chunk, start);
      for (const plainEvent of eventsOf(chunk, start, end)) {
        if (plainEvent.event < first || plainEvent.event > last) continue;
        const record = recordOf(prefix, plainEvent);
        if (!isBehind(record.place, query.last)) records.push(record);
      }
    };
    if (first <= solidTo) {
      const range = this.solid.range(id, partOf(first), partOf(Math.min(last, solidTo)));
      for (const chunk of range) collect(chunk, 0, chunk.length);
    }
    if (last > solidTo) {
      for (const place of this.#chain(partition, packed, events).reverse()) {
        const { start, end } = chunkRange(place);
        collect(place.row.data, start, end);
      }
    }
    return records;
  }

  /** Returns the chunk that ends with this record: its instance, and the number of events up to it. */
  at(partition: number, place: RecordPlace): { incarnation: number; events: number } | undefined {
    const found = this.packed.find(partition, place);
    if (found === undefined || found.row.states[found.chunk] === 1) return;
    return {
      incarnation: chunkNumber(found, chunkField.incarnation),
      events: chunkNumber(found, chunkField.lastEvent),
    };
  }

  /** Drops the chunks of an instance, from its last packed record back. Its solid rows are removed separately. */
  dropChain(partition: number, last: RecordPlace, events: number): void {
    for (const place of this.#chain(partition, last, events)) this.packed.markObsolete(place);
  }

  /**
   * Rewrites a row of which at least half is unneeded, together with its neighbour if both are small. Returns whether
   * there was one.
   */
  compact(): boolean {
    this.packed.flush();
    const row = this.packed.sparse();
    if (row === undefined) return false;
    const needed = chunksOf(row);
    let bytes = needed.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    const rows = [row];
    while (needed.length > 0 && bytes < rowBytes / 2) {
      const next = this.packed.after(rows.at(-1) ?? row, rowBytes - bytes);
      if (next === undefined) break;
      const more = chunksOf(next);
      bytes += more.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
      needed.push(...more);
      rows.push(next);
    }
    for (const packedRow of rows) this.packed.remove(packedRow);
    this.packed.add(row.partition, needed);
    return true;
  }

  /** Moves the events that complete groups of 64 into solid rows. The rest becomes the chunk of the group. */
  #chunk(
    partition: number,
    group: RecordGroup,
    { id, incarnation }: GroupOwner,
    before: readonly PlainEvent[],
  ): NewChunk {
    const { events, prefix, prefixStart, prefixEnd, previous } = group;
    const first = events[0] as PlainEvent;
    const last = events.at(-1) as PlainEvent;
    const solidTo = last.event - (last.event % solidEvents);
    const isMore = first.event > 1;
    let start = 0;
    if (solidTo >= first.event) {
      start = solidTo - first.event + 1;
      this.#solidify(id, group, [...before, ...events.slice(0, start)]);
    } else if (isMore && (first.event - 1) % solidEvents === 0) {
      // The old end was kept when all its events became solid. It is not reached any more.
      const oldEnd = this.packed.find(partition, previous);
      if (oldEnd !== undefined) this.packed.markObsolete(oldEnd);
    }
    this.#sink.reset();
    this.#writer.startChunk(prefix, prefixStart, prefixEnd);
    for (let index = start; index < events.length; index++) this.#writer.add(events[index] as PlainEvent);
    const firstEvent = first.event + start;
    const isChainEnd = (firstEvent - 1) % solidEvents === 0;
    const link = isChainEnd ? { batch: 0, index: 0 } : previous;
    const fields = [last.batch, last.index, firstEvent, last.event, incarnation, link.batch, link.index];
    return { fields, bytes: this.#sink.copy() };
  }

  #solidify(
    id: number,
    { prefix, prefixStart, prefixEnd }: RecordGroup,
    events: readonly PlainEvent[],
  ): void {
    for (let from = 0; from < events.length; from += solidEvents) {
      const some = events.slice(from, from + solidEvents);
      const [first] = some;
      assert(
        first !== undefined && some.length === solidEvents && first.event % solidEvents === 1,
        "64 events in a row become solid",
        { event: first?.event, events: some.length },
      );
      this.#sink.reset();
      this.#writer.startChunk(prefix, prefixStart, prefixEnd);
      for (const plainEvent of some) this.#writer.add(plainEvent);
      this.solid.write(id, partOf(first.event), this.#sink.copy());
    }
  }

  /**
   * Returns the events that become solid together with those of each group, and drops their chunks. The chains are
   * followed together, always continuing from the latest record, because their chunks lie in the same rows. One after
   * the other, 200 chains through 63 rows took a second.
   */
  #removeChains(
    partition: number,
    groups: readonly RecordGroup[],
  ): ReadonlyMap<RecordGroup, readonly PlainEvent[]> {
    const removed = new Map<RecordGroup, PlainEvent[]>();
    let open = groups.flatMap((group) => {
      const { event: first } = group.events[0] as PlainEvent;
      const { event: last } = group.events.at(-1) as PlainEvent;
      const isPart = (first - 1) % solidEvents > 0 && last - (last % solidEvents) >= first;
      return isPart ? [{ group, place: group.previous, events: first - 1 }] : [];
    });
    while (open.length > 0) {
      open.sort((one, other) => (isBehind(one.place, other.place) ? -1 : 1));
      open = open.flatMap(({ group, place, events }) => {
        const found = this.#chunkAt(partition, place, events);
        const { start, end } = chunkRange(found);
        this.packed.markObsolete(found);
        removed.set(group, [...eventsOf(found.row.data, start, end), ...(removed.get(group) ?? [])]);
        const before = chunkNumber(found, chunkField.firstEvent) - 1;
        return before % solidEvents === 0 ? [] : [{ group, place: placeBefore(found), events: before }];
      });
    }
    return removed;
  }

  /** Returns the chunks from this record back to the solid rows or the beginning, the last one first. */
  #chain(partition: number, last: RecordPlace, events: number): ChunkPlace[] {
    const chain: ChunkPlace[] = [];
    let place = last;
    let next = events;
    for (;;) {
      const found = this.#chunkAt(partition, place, next);
      chain.push(found);
      next = chunkNumber(found, chunkField.firstEvent) - 1;
      if (next % solidEvents === 0) return chain;
      place = placeBefore(found);
    }
  }

  /** Returns the chunk that ends with this record, which is this event. */
  #chunkAt(partition: number, place: RecordPlace, event: number): ChunkPlace {
    const found = this.packed.find(partition, place);
    if (found !== undefined && chunkNumber(found, chunkField.lastEvent) === event) return found;
    const row = `${partition}/${place.batch}/${place.index}`;
    throw archiveErrors.damaged({
      place: { file: this.#file, table: "packed_place", row },
      found: `no chunk that ends with event ${event}`,
    });
  }

  #addRows(partition: number, chunks: readonly NewChunk[]): void {
    const ordered = chunks.toSorted(
      ({ fields: one }, { fields: other }) =>
        (one[chunkField.lastBatch] ?? 0) - (other[chunkField.lastBatch] ?? 0) ||
        (one[chunkField.lastIndex] ?? 0) - (other[chunkField.lastIndex] ?? 0),
    );
    let from = 0;
    let bytes = 0;
    for (const [index, chunk] of ordered.entries()) {
      bytes += chunk.bytes.length;
      if (bytes < rowBytes && index + 1 < ordered.length) continue;
      this.packed.add(partition, ordered.slice(from, index + 1));
      from = index + 1;
      bytes = 0;
    }
  }
}

/** A row is written at this size. Larger rows make pages of history slow, smaller ones cost more each. */
const rowBytes = 64 * 1024;

function placeBefore(chunk: ChunkPlace): RecordPlace {
  const batch = chunkNumber(chunk, chunkField.previousBatch);
  return { batch, index: chunkNumber(chunk, chunkField.previousIndex) };
}

function partOf(event: number): number {
  return Math.ceil(event / solidEvents);
}

/** Returns the needed chunks of a row. */
function chunksOf(row: ChunkPlace["row"]): NewChunk[] {
  return Array.from({ length: row.count }, (_, chunk) => chunk)
    .filter((chunk) => row.states[chunk] !== 1)
    .map((chunk) => sameChunk({ row, chunk }));
}
