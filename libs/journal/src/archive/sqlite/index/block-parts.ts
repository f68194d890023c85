import { archiveErrors } from "../../errors.ts";
import { rowSum } from "../checksum.ts";
import { countOf, decodeColumn, encodeColumns } from "../columns.ts";
import type { ArchiveDatabase, Row, Statement } from "../database.ts";
import { columnOf, field, fields, type Lines, textEdge } from "./lines.ts";

/** A block is kept in parts, so that a search reads no more of it than it asks about. */
export const part = { keys: 0, scan: 1, facts: 2, words: 3, labels: 4, ids: 5, actors: 6 } as const;
const partsMax = 8;

/** Which columns are in which part, in order. */
export const columnsOfPart = {
  [part.keys]: [field.version, field.incarnation, field.hash],
  [part.scan]: [
    field.namespace,
    field.kind,
    field.definition,
    field.labels,
    field.status,
    field.start,
    field.end,
  ],
  [part.facts]: [
    field.events,
    field.lastBatch,
    field.lastIndex,
    field.keepUntil,
    field.idKeptUntil,
    field.actor,
    field.hasRow,
  ],
} as const;

const encoder = new TextEncoder();
const numberParts = [part.keys, part.scan, part.facts] as const;

/** Words, labels or ids, still joined. */
type TextPart = typeof part.words | typeof part.labels | typeof part.ids;

export function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

/** Writes and reads the parts of blocks. */
export class BlockParts {
  readonly #database: ArchiveDatabase;
  readonly #insert: Statement;
  readonly #select: Statement;
  readonly #delete: Statement;

  constructor(database: ArchiveDatabase) {
    this.#database = database;
    this.#insert = database.statement("INSERT INTO part (id, data, sum) VALUES (?, ?, ?)");
    this.#select = database.statement("SELECT data, sum FROM part WHERE id = ?");
    this.#delete = database.statement("DELETE FROM part WHERE id >= ? AND id < ?");
  }

  write(block: number, lines: Lines): void {
    for (const which of numberParts) {
      this.#put(block, which, encodeColumns(columnsOfPart[which].map((index) => columnOf(lines, index))));
    }
    this.#put(block, part.words, encoder.encode(lines.words.join(textEdge)));
    this.#put(block, part.labels, encoder.encode(lines.labels.join(textEdge)));
    this.#put(block, part.ids, encoder.encode(lines.ids.join(textEdge)));
    this.#put(block, part.actors, encodeActors(lines.actors));
  }

  delete(block: number): void {
    this.#delete.run(block * partsMax, (block + 1) * partsMax);
  }

  /** One part's bytes, as they were written. */
  bytes(block: number, which: number): Uint8Array {
    const id = block * partsMax + which;
    return checked(this.#database.file, "part", id, this.#select.get(id));
  }

  text(block: number, which: TextPart): string {
    return textOf(this.bytes(block, which));
  }

  column(block: number, which: keyof typeof columnsOfPart, index: number): Float64Array {
    const columns: readonly number[] = columnsOfPart[which];
    return decodeColumn(this.bytes(block, which), columns.indexOf(index));
  }

  /** The whole block. */
  lines(block: number): Lines {
    let count = 0;
    let numbers = new Float64Array(0);
    for (const which of numberParts) {
      const bytes = this.bytes(block, which);
      if (which === part.keys) {
        count = countOf(bytes);
        numbers = new Float64Array(fields * count);
      }
      for (const [at, index] of columnsOfPart[which].entries()) {
        decodeColumn(bytes, at, numbers.subarray(index * count, (index + 1) * count));
      }
    }
    const words = this.text(block, part.words).split(textEdge);
    const ids = this.text(block, part.ids).split(textEdge);
    const labels = this.text(block, part.labels).split(textEdge);
    return { count, numbers, words, labels, ids, actors: decodeActors(this.bytes(block, part.actors)) };
  }

  #put(block: number, which: number, data: Uint8Array): void {
    const id = block * partsMax + which;
    this.#insert.run(id, data, rowSum([id], data));
  }
}

/** The bytes of a row that has an id, bytes and a checksum; or the damage. */
export function checked(file: string, table: string, id: number, row: Row | undefined): Uint8Array {
  const data = row?.["data"];
  if (!(data instanceof Uint8Array)) {
    throw archiveErrors.damaged({ place: { file, table, row: id }, found: "no row where one was written" });
  }
  if (rowSum([id], data) !== row?.["sum"]) {
    throw archiveErrors.damaged({
      place: { file, table, row: id },
      found: "bytes whose checksum does not match",
    });
  }
  return data;
}

function encodeActors(actors: readonly Uint8Array[]): Uint8Array {
  const bytes = actors.reduce((sum, actor) => sum + 4 + actor.length, 0);
  const encoded = new Uint8Array(bytes);
  const view = new DataView(encoded.buffer);
  let at = 0;
  for (const actor of actors) {
    view.setUint32(at, actor.length, true);
    encoded.set(actor, at + 4);
    at += 4 + actor.length;
  }
  return encoded;
}

function decodeActors(encoded: Uint8Array): Uint8Array[] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const actors: Uint8Array[] = [];
  for (let at = 0; at < encoded.length; ) {
    const length = view.getUint32(at, true);
    actors.push(encoded.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return actors;
}
