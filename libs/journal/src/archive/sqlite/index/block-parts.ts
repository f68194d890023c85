import { archiveErrors } from "../../errors.ts";
import { rowSum } from "../checksum.ts";
import { countOf, decodeColumn, encodeColumns } from "../columns.ts";
import type { ArchiveDatabase, Row, Statement } from "../database.ts";
import { shapesOf } from "./label-shapes.ts";
import { columnOf, field, fields, type Lines, textEdge } from "./lines.ts";

/** A block is stored in parts, so that a search reads only the parts that it needs. */
export const part = {
  keys: 0,
  scan: 1,
  facts: 2,
  words: 3,
  labels: 4,
  ids: 5,
  actors: 6,
  labelPlaces: 7,
} as const;
export const partsMax = 8;

/** The columns of each part, in order. */
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

/** Joined texts: words (and behind them the shapes of labels), labels or ids. */
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
    const ids = encoder.encode(lines.ids.join(textEdge));
    for (const which of numberParts) {
      const columns = columnsOfPart[which].map((index) => columnOf(lines, index));
      // After the facts: the start of each id.
      if (which === part.facts) columns.push(placesIn(ids, lines.count));
      this.#write(block, which, encodeColumns(columns));
    }
    const shaped = shapesOf(lines.labels);
    const words = [...lines.words, ...(shaped?.shapes ?? [])];
    this.#write(block, part.words, encoder.encode(words.join(textEdge)));
    const labels = encoder.encode(lines.labels.join(textEdge));
    this.#write(block, part.labels, labels);
    const aboutLabels = [placesIn(labels, lines.labels.length)];
    if (shaped !== undefined) aboutLabels.push(shaped.numbers);
    this.#write(block, part.labelPlaces, encodeColumns(aboutLabels));
    this.#write(block, part.ids, ids);
    this.#write(block, part.actors, encodeActors(lines.actors));
  }

  delete(block: number): void {
    this.#delete.run(block * partsMax, (block + 1) * partsMax);
  }

  /** Returns the bytes of one part. */
  bytes(block: number, which: number): Uint8Array {
    const id = block * partsMax + which;
    return checked(this.#database.file, "part", id, this.#select.get(id));
  }

  /** Returns the same bytes as a Buffer for searches. */
  buffer(block: number, which: number): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes(block, which);
    return Buffer.from(buffer, byteOffset, byteLength);
  }

  /** Reads every part of a block. Throws if a part is damaged. */
  verify(block: number): void {
    for (const which of Object.values(part)) this.bytes(block, which);
  }

  text(block: number, which: TextPart): string {
    return textOf(this.bytes(block, which));
  }

  column(block: number, which: keyof typeof columnsOfPart, index: number): Float64Array {
    const columns: readonly number[] = columnsOfPart[which];
    return decodeColumn(this.bytes(block, which), columns.indexOf(index));
  }

  /**
   * Returns the hashes of the keys, valid until the next call. The memory is reused, so that a pass through all blocks
   * leaves no garbage: a collection comes only after tens of megabytes, and the process keeps that memory.
   */
  hashes(block: number): Float64Array {
    const bytes = this.bytes(block, part.keys);
    const hashes = decodeColumn(bytes, columnsOfPart[part.keys].indexOf(field.hash), scratch);
    if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
      bytes.buffer.transfer(0);
    }
    return hashes;
  }

  /** Returns the start of each of the labels among the joined ones. */
  labelPlaces(block: number): Float64Array {
    return decodeColumn(this.bytes(block, part.labelPlaces), 0);
  }

  /** Returns the shape of each of the labels. Only if there are shapes among the words. */
  labelShapes(block: number): Float64Array {
    return decodeColumn(this.bytes(block, part.labelPlaces), 1);
  }

  /** Returns some lines of a block, in this order, without decoding the texts of the others. */
  some(block: number, chosen: readonly number[]): Lines {
    const count = chosen.length;
    const numbers = new Float64Array(fields * count);
    let idPlaces: Float64Array = numbers;
    for (const which of numberParts) {
      const bytes = this.bytes(block, which);
      for (const [at, index] of columnsOfPart[which].entries()) {
        const column = decodeColumn(bytes, at, scratch);
        for (let line = 0; line < count; line++) {
          numbers[index * count + line] = column[chosen[line] as number] as number;
        }
      }
      if (which === part.facts) idPlaces = decodeColumn(bytes, columnsOfPart[which].length);
    }
    const words = this.text(block, part.words).split(textEdge);
    const ids = this.bytes(block, part.ids);
    const labels = this.bytes(block, part.labels);
    const labelPlaces = this.labelPlaces(block);
    const texts = chosen.map((_, line) => {
      const at = field.labels * count + line;
      const text = textAt(labels, labelPlaces, numbers[at] ?? 0);
      // Each line has its own labels here.
      numbers[at] = line;
      return text;
    });
    return {
      count,
      numbers,
      words,
      labels: texts,
      ids: chosen.map((line) => textAt(ids, idPlaces, line)),
      actors: decodeActors(this.bytes(block, part.actors)),
    };
  }

  /** Returns the whole block. */
  lines(block: number): Lines {
    const words = this.text(block, part.words).split(textEdge);
    const ids = this.text(block, part.ids).split(textEdge);
    const labels = this.text(block, part.labels).split(textEdge);
    const actors = decodeActors(this.bytes(block, part.actors));
    return { ...this.numbers(block), words, ids, labels, actors };
  }

  /** Returns the whole block without texts. */
  numbers(block: number): Lines {
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
    return { count, numbers, words: [], labels: [], ids: [], actors: [] };
  }

  #write(block: number, which: number, data: Uint8Array): void {
    const id = block * partsMax + which;
    this.#insert.run(id, data, rowSum([id], data));
  }
}

/** Returns the bytes of a row that has an id, bytes and a checksum. Throws if it is damaged. */
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

/** Returns one of the joined texts. */
function textAt(joined: Uint8Array, places: Float64Array, index: number): string {
  const end = places[index + 1];
  return textOf(joined.subarray(places[index], end === undefined ? joined.length : end - 1));
}

const scratch = new Float64Array(4_096);

/** Returns the start of each of the joined texts. */
function placesIn(joined: Uint8Array, count: number): Float64Array<ArrayBuffer> {
  const places = new Float64Array(count);
  for (let index = 1; index < count; index++) {
    places[index] = joined.indexOf(edgeByte, places[index - 1] as number) + 1;
  }
  return places;
}

const edgeByte = textEdge.charCodeAt(0);

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
