import { archiveErrors } from "../../errors.ts";
import type { RecordPlace } from "../../port.ts";
import { rowSum } from "../checksum.ts";
import { decodeColumn, encodeColumns } from "../columns.ts";
import type { ArchiveDatabase, Row, Statement } from "../database.ts";
import { checked } from "../index/block-parts.ts";

/** The numbers that a row stores for each of its chunks. */
export const chunkField = {
  lastBatch: 0,
  lastIndex: 1,
  firstEvent: 2,
  lastEvent: 3,
  incarnation: 4,
  /** The record before its first. 0 at the end of the chain. */
  previousBatch: 5,
  previousIndex: 6,
  /** Its start among the row's chunks. */
  begin: 7,
} as const;
const chunkFields = 8;

/** A chunk that is to be packed. */
export interface NewChunk {
  readonly fields: readonly number[];
  readonly bytes: Uint8Array;
}

/** A row with chunks of many instances, in the order of their last records. */
export interface PackedRow {
  readonly id: number;
  readonly partition: number;
  /** The last record of its last chunk, which is the row's place. */
  readonly place: RecordPlace;
  readonly count: number;
  readonly columns: readonly Float64Array[];
  readonly data: Uint8Array;
  /** Start of the chunks in the data. */
  readonly base: number;
  /** A 1 for each chunk that is no longer needed. */
  readonly states: Uint8Array;
  obsolete: number;
  isChanged: boolean;
}

/** A chunk in its row. */
export interface ChunkPlace {
  readonly row: PackedRow;
  readonly chunk: number;
}

const cachedRows = 12;

/** The tables `packed` and `packed_place`. */
export class PackedRows {
  readonly #file: string;
  readonly #statements: Readonly<Record<keyof typeof statements, Statement>>;
  /** The rows used last, the oldest first. */
  readonly #cache = new Map<number, PackedRow>();
  #nextId: number;

  constructor(database: ArchiveDatabase) {
    this.#file = database.file;
    const prepared = Object.entries(statements).map(
      ([name, sql]) => [name, database.statement(sql)] as const,
    );
    // The cast: the same names as in the table above.
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof statements, Statement>;
    this.#nextId = 0;
  }

  load(): void {
    this.#cache.clear();
    this.#nextId = Number(this.#statements.last.get()?.["id"] ?? 0) + 1;
  }

  count(): number {
    return Number(this.#statements.count.get()?.["count"] ?? 0);
  }

  /** Adds a row of chunks, in the order of their last records. */
  add(partition: number, chunks: readonly NewChunk[]): void {
    const last = chunks.at(-1);
    if (last === undefined) return;
    const count = chunks.length;
    const columns = Array.from({ length: chunkFields }, () => new Float64Array(count));
    let bytes = 0;
    for (const [index, chunk] of chunks.entries()) {
      for (const [at, column] of columns.entries()) column[index] = chunk.fields[at] ?? 0;
      (columns[chunkField.begin] as Float64Array)[index] = bytes;
      bytes += chunk.bytes.length;
    }
    const directory = encodeColumns(columns);
    const data = new Uint8Array(4 + directory.length + bytes);
    new DataView(data.buffer).setUint32(0, directory.length, true);
    data.set(directory, 4);
    let at = 4 + directory.length;
    for (const chunk of chunks) {
      data.set(chunk.bytes, at);
      at += chunk.bytes.length;
    }
    const id = this.#nextId++;
    this.#statements.insert.run(id, data, rowSum([id], data));
    const place = {
      batch: last.fields[chunkField.lastBatch] ?? 0,
      index: last.fields[chunkField.lastIndex] ?? 0,
    };
    this.#writePlace({ id, partition, place, count, obsolete: 0 }, new Uint8Array(count));
  }

  /** Returns the chunk that ends with the record at this place. */
  find(partition: number, place: RecordPlace): ChunkPlace | undefined {
    for (const row of this.#cache.values()) {
      if (row.partition !== partition || isBehind(place, row.place)) continue;
      const chunk = chunkAt(row, place);
      if (chunk >= 0) return { row, chunk };
    }
    const found = this.#statements.find.get(partition, place.batch, place.index);
    if (found === undefined) return;
    const row = this.#row(found);
    const chunk = chunkAt(row, place);
    return chunk < 0 ? undefined : { row, chunk };
  }

  /** Marks a chunk as unneeded. Stored with `flush`. */
  markObsolete({ row, chunk }: ChunkPlace): void {
    if (row.states[chunk] === 1) return;
    row.states[chunk] = 1;
    row.obsolete++;
    row.isChanged = true;
  }

  flush(): void {
    for (const row of this.#cache.values()) {
      if (!row.isChanged) continue;
      row.isChanged = false;
      this.#store(row);
    }
  }

  /** Returns some row of which at least half is unneeded. */
  sparse(): PackedRow | undefined {
    const found = this.#statements.sparse.get();
    return found === undefined ? undefined : this.#row(found);
  }

  /** Returns the next row of the partition, if it has at most `bytesMax` bytes. */
  after({ partition, place }: PackedRow, bytesMax: number): PackedRow | undefined {
    const found = this.#statements.after.get(partition, place.batch, place.index);
    if (found === undefined) return;
    const size = this.#statements.size.get(Number(found["packed"]));
    return Number(size?.["bytes"] ?? 0) > bytesMax ? undefined : this.#row(found);
  }

  remove({ id, partition, place }: PackedRow): void {
    this.#statements.delete.run(id);
    this.#statements.deletePlace.run(partition, place.batch, place.index);
    this.#cache.delete(id);
  }

  /** Checks all rows, some at a time. */
  *verify(limit: number): Generator<void> {
    let after = [-1, 0, 0];
    for (;;) {
      const rows = this.#statements.some.all(...after, limit);
      for (const row of rows) this.#read(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = [Number(last["partition"]), Number(last["batch"]), Number(last["place"])];
      yield;
    }
  }

  #row(found: Row): PackedRow {
    const id = Number(found["packed"]);
    const cached = this.#cache.get(id);
    if (cached !== undefined) {
      this.#cache.delete(id);
      this.#cache.set(id, cached);
      return cached;
    }
    const row = this.#read(found);
    const [oldest] = this.#cache.values();
    if (this.#cache.size >= cachedRows && oldest !== undefined) {
      if (oldest.isChanged) this.#store(oldest);
      this.#cache.delete(oldest.id);
    }
    this.#cache.set(id, row);
    return row;
  }

  #read(found: Row): PackedRow {
    const numbers = ["partition", "batch", "place", "packed", "chunks", "gone", "sparse"].map((name) =>
      Number(found[name]),
    );
    const [partition = 0, batch = 0, index = 0, id = 0, count = 0, obsolete = 0] = numbers;
    const states = found["states"];
    if (!(states instanceof Uint8Array) || rowSum(numbers, states) !== found["sum"]) {
      const place = { file: this.#file, table: "packed_place", row: `${partition}/${batch}/${index}` };
      throw archiveErrors.damaged({ place, found: "a row whose checksum does not match" });
    }
    const data = checked(this.#file, "packed", id, this.#statements.data.get(id));
    const directoryBytes = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    // A copy, because columns must start at multiples of eight.
    const directory = data.slice(4, 4 + directoryBytes);
    const columns = Array.from({ length: chunkFields }, (_, at) => decodeColumn(directory, at));
    const base = 4 + directoryBytes;
    const unpacked = decodeStates(states, count);
    const place = { batch, index };
    return { id, partition, place, count, columns, data, base, states: unpacked, obsolete, isChanged: false };
  }

  #store(row: PackedRow): void {
    this.#writePlace(row, row.states);
  }

  #writePlace(
    {
      id,
      partition,
      place,
      count,
      obsolete,
    }: Pick<PackedRow, "id" | "partition" | "place" | "count" | "obsolete">,
    states: Uint8Array,
  ): void {
    const numbers = [partition, place.batch, place.index, id, count, obsolete, obsolete * 2 >= count ? 1 : 0];
    const packed = encodeStates(states, obsolete);
    this.#statements.putPlace.run(...numbers, packed, rowSum(numbers, packed));
  }
}

export function chunkNumber({ row, chunk }: ChunkPlace, field: number): number {
  return row.columns[field]?.[chunk] ?? 0;
}

/** Returns the position of a chunk's bytes in its row's data. */
export function chunkRange({ row, chunk }: ChunkPlace): { start: number; end: number } {
  const starts = row.columns[chunkField.begin];
  const next = starts?.[chunk + 1];
  return {
    start: row.base + (starts?.[chunk] ?? 0),
    end: next === undefined ? row.data.length : row.base + next,
  };
}

/** Returns a chunk in the form for packing it again. */
export function sameChunk(place: ChunkPlace): NewChunk {
  const { start, end } = chunkRange(place);
  return {
    fields: place.row.columns.map((column) => column[place.chunk] ?? 0),
    bytes: place.row.data.subarray(start, end),
  };
}

function chunkAt({ columns, count }: PackedRow, { batch, index }: RecordPlace): number {
  const batches = columns[chunkField.lastBatch] as Float64Array;
  const indexes = columns[chunkField.lastIndex] as Float64Array;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = batches[middle] as number;
    if (at < batch || (at === batch && (indexes[middle] as number) < index)) low = middle + 1;
    else high = middle;
  }
  return batches[low] === batch && indexes[low] === index ? low : -1;
}

export function isBehind(one: RecordPlace, other: RecordPlace): boolean {
  return one.batch > other.batch || (one.batch === other.batch && one.index > other.index);
}

function encodeStates(states: Uint8Array, obsolete: number): Uint8Array {
  if (obsolete === 0) return new Uint8Array(0);
  const packed = new Uint8Array(Math.ceil(states.length / 8));
  for (let at = 0; at < states.length; at++) {
    packed[at >> 3] = (packed[at >> 3] as number) | ((states[at] as number) << (at & 7));
  }
  return packed;
}

function decodeStates(packed: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => ((packed[at >> 3] ?? 0) >> (at & 7)) & 1);
}

const statements = {
  last: "SELECT max(id) AS id FROM packed",
  count: "SELECT count(*) AS count FROM packed_place",
  insert: "INSERT INTO packed VALUES (?, ?, ?)",
  data: "SELECT data, sum FROM packed WHERE id = ?",
  delete: "DELETE FROM packed WHERE id = ?",
  putPlace: "INSERT OR REPLACE INTO packed_place VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  deletePlace: "DELETE FROM packed_place WHERE partition = ? AND batch = ? AND place = ?",
  find: `SELECT * FROM packed_place WHERE partition = ? AND (batch, place) >= (?, ?)
         ORDER BY batch, place LIMIT 1`,
  after: `SELECT * FROM packed_place WHERE partition = ? AND (batch, place) > (?, ?)
          ORDER BY batch, place LIMIT 1`,
  size: "SELECT length(data) AS bytes FROM packed WHERE id = ?",
  sparse: "SELECT * FROM packed_place INDEXED BY packed_sparse WHERE sparse = 1 LIMIT 1",
  some: `SELECT * FROM packed_place WHERE (partition, batch, place) > (?, ?, ?)
         ORDER BY partition, batch, place LIMIT ?`,
} as const;
