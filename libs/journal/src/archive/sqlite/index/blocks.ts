import type { InstanceKey } from "@tutti/kernel";
import { archiveErrors } from "../../errors.ts";
import { rowSum } from "../checksum.ts";
import type { ArchiveDatabase, Row, Statement } from "../database.ts";
import { type BlockInfo, decodeInfo, encodeInfo, encodeStates, infoOf, nextOf, state } from "./block-info.ts";
import { BlockParts, part } from "./block-parts.ts";
import { field, joined, keyAt, type Lines, plainText } from "./lines.ts";

/** Place of a line. */
export interface LinePlace {
  readonly block: BlockInfo;
  readonly line: number;
}

/** From this size on, a block is not merged any more. */
const fullCount = 2_048;
const mergedAtOnce = 8;
const cachedVersions = 32;

/**
 * The lines of the index, packed into blocks.
 *
 * 1. A line is never changed: a newer line is added, and the older line's state becomes `dropped`. Each instance has at
 *    most one line that is not gone.
 * 2. Lines of a partition have ascending versions. A block has a range of them, and blocks of a partition are in order.
 *    So merging neighbours does not break references.
 * 3. The facts about each block (`BlockInfo`) are in memory: a few hundred bytes per thousands of lines.
 */
export class Blocks {
  readonly parts: BlockParts;
  readonly #database: ArchiveDatabase;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #delete: Statement;
  readonly #all: Statement;
  /** By partition, in order of versions. */
  readonly #byPartition = new Map<number, BlockInfo[]>();
  readonly #changed = new Set<BlockInfo>();
  readonly #versions = new Map<number, Float64Array>();
  readonly #ids = new Set<number>();
  #nextId = 1;

  constructor(database: ArchiveDatabase) {
    this.#database = database;
    this.parts = new BlockParts(database);
    this.#insert = database.statement(
      "INSERT INTO block (id, partition, about, states, sum) VALUES (?, ?, ?, ?, ?)",
    );
    this.#update = database.statement("UPDATE block SET about = ?, states = ?, sum = ? WHERE id = ?");
    this.#delete = database.statement("DELETE FROM block WHERE id = ?");
    this.#all = database.statement("SELECT id, partition, about, states, sum FROM block ORDER BY id");
  }

  /** Reads the facts of all blocks. */
  load(): void {
    this.#byPartition.clear();
    this.#changed.clear();
    this.#versions.clear();
    this.#ids.clear();
    this.#nextId = 1;
    for (const row of this.#all.all()) {
      const info = this.#info(row);
      this.of(info.partition).push(info);
      this.#ids.add(info.id);
      this.#nextId = Math.max(this.#nextId, info.id + 1);
    }
    for (const blocks of this.#byPartition.values())
      blocks.sort((one, other) => one.firstVersion - other.firstVersion);
  }

  of(partition: number): BlockInfo[] {
    let blocks = this.#byPartition.get(partition);
    if (blocks === undefined) {
      blocks = [];
      this.#byPartition.set(partition, blocks);
    }
    return blocks;
  }

  /** Returns whether a block still exists. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }

  *all(): Generator<BlockInfo> {
    for (const blocks of this.#byPartition.values()) yield* blocks;
  }

  /** Adds lines with ascending versions behind all others of the partition. */
  add(partition: number, lines: Lines, states: Uint8Array): void {
    if (lines.count === 0) return;
    this.of(partition).push(this.#store(partition, lines, states));
    this.#mergeSmall(partition);
  }

  /** Returns the place of the line with this version. */
  place(partition: number, version: number): LinePlace | undefined {
    const blocks = this.of(partition);
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((blocks[middle] as BlockInfo).lastVersion < version) low = middle + 1;
      else high = middle;
    }
    const block = blocks[low];
    if (block === undefined || version < block.firstVersion || version > block.lastVersion) return;
    const line = this.#lineOf(block, version);
    return line < 0 ? undefined : { block, line };
  }

  /** Returns the line of an instance that is not gone. Slow: for instances without their own row. */
  placeOfIncarnation(partition: number, incarnation: number): LinePlace | undefined {
    for (const block of this.of(partition).toReversed()) {
      if (incarnation < block.minIncarnation || incarnation > block.maxIncarnation) continue;
      const column = this.parts.column(block.id, part.keys, field.incarnation);
      for (let line = column.indexOf(incarnation); line >= 0; line = column.indexOf(incarnation, line + 1)) {
        if (block.states[line] !== state.dropped) return { block, line };
      }
    }
    return;
  }

  /** Returns the newest line under a key that is not gone. */
  placeOfKey(partition: number, hash: number, key: InstanceKey): LinePlace | undefined {
    const idText = plainText(key.id);
    for (const block of this.of(partition).toReversed()) {
      if (block.dropped === block.count) continue;
      const column = this.parts.column(block.id, part.keys, field.hash);
      for (
        let line = column.lastIndexOf(hash);
        line >= 0;
        line = line === 0 ? -1 : column.lastIndexOf(hash, line - 1)
      ) {
        if (block.states[line] === state.dropped) continue;
        const lines = this.parts.some(block.id, [line]);
        const found = keyAt(lines, 0);
        if (lines.ids[0] === idText && found.kind === key.kind && found.namespace === key.namespace) {
          return { block, line };
        }
      }
    }
    return;
  }

  /** Marks a line. Stored with `flush`. */
  mark({ block, line }: LinePlace, next: number): void {
    if (block.states[line] === state.dropped) return;
    block.states[line] = next;
    if (next === state.dropped) block.dropped++;
    this.#changed.add(block);
  }

  changed(block: BlockInfo): void {
    this.#changed.add(block);
  }

  /** Stores the marks, and deletes blocks without remaining lines. */
  flush(): void {
    for (const block of this.#changed) {
      if (block.dropped === block.count) this.#remove(block);
      else {
        const about = encodeInfo(block);
        const states = encodeStates(block.states);
        this.#update.run(about, states, rowSum([block.id, block.partition], about, states), block.id);
      }
    }
    this.#changed.clear();
  }

  /** Merges neighbours with few remaining lines. Returns whether it found any. */
  mergeSparse(): boolean {
    for (const [partition, blocks] of this.#byPartition) {
      for (let index = 0; index + 1 < blocks.length; index++) {
        const [one, other] = [blocks[index] as BlockInfo, blocks[index + 1] as BlockInfo];
        const isSparse = (block: BlockInfo): boolean => block.dropped * 2 > block.count;
        const remaining = one.count - one.dropped + other.count - other.dropped;
        if ((!isSparse(one) && !isSparse(other)) || remaining > fullCount) continue;
        this.#merge(partition, index, index + 2);
        return true;
      }
    }
    return false;
  }

  /** Merges the last blocks while several have a similar size: each line is written again only a few times. */
  #mergeSmall(partition: number): void {
    const blocks = this.of(partition);
    for (;;) {
      const last = blocks.at(-1);
      if (last === undefined || last.count >= fullCount) return;
      let from = blocks.length - 1;
      let sum = last.count;
      while (from > 0) {
        const before = blocks[from - 1] as BlockInfo;
        if (before.count >= fullCount || tierOf(before.count) > tierOf(last.count)) break;
        from--;
        sum += before.count;
      }
      const many = blocks.length - from;
      if (many < 2 || (many < mergedAtOnce && sum < fullCount)) return;
      this.#merge(partition, from, blocks.length);
    }
  }

  #merge(partition: number, from: number, to: number): void {
    const blocks = this.of(partition);
    const merged = blocks.slice(from, to);
    const sources = merged.map((block) => ({
      lines: this.parts.lines(block.id),
      chosen: indexesWhere(block.states, (lineState) => lineState !== state.dropped),
    }));
    const lines = joined(sources);
    const states = Uint8Array.from(
      merged.flatMap(({ states: all }, index) =>
        (sources[index]?.chosen ?? []).map((line) => all[line] ?? 0),
      ),
    );
    for (const block of merged) this.#drop(block);
    blocks.splice(from, to - from, ...(lines.count === 0 ? [] : [this.#store(partition, lines, states)]));
  }

  #store(partition: number, lines: Lines, states: Uint8Array): BlockInfo {
    const info = infoOf(this.#nextId++, partition, lines, states);
    this.#ids.add(info.id);
    this.parts.write(info.id, lines);
    const about = encodeInfo(info);
    const packed = encodeStates(states);
    this.#insert.run(info.id, partition, about, packed, rowSum([info.id, partition], about, packed));
    return info;
  }

  #remove(block: BlockInfo): void {
    const blocks = this.of(block.partition);
    const index = blocks.indexOf(block);
    if (index >= 0) blocks.splice(index, 1);
    this.#drop(block);
  }

  #drop({ id }: BlockInfo): void {
    this.#delete.run(id);
    this.#ids.delete(id);
    this.parts.delete(id);
    this.#versions.delete(id);
    for (const block of this.#changed) if (block.id === id) this.#changed.delete(block);
  }

  #lineOf(block: BlockInfo, version: number): number {
    const { id, firstVersion, lastVersion, count } = block;
    if (lastVersion - firstVersion + 1 === count) return version - firstVersion;
    let versions = this.#versions.get(id);
    if (versions === undefined) {
      versions = this.parts.column(id, part.keys, field.version);
      const [oldest] = this.#versions.keys();
      if (this.#versions.size >= cachedVersions && oldest !== undefined) this.#versions.delete(oldest);
      this.#versions.set(id, versions);
    }
    let low = 0;
    let high = versions.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((versions[middle] as number) < version) low = middle + 1;
      else high = middle;
    }
    return versions[low] === version ? low : -1;
  }

  #info(row: Row): BlockInfo {
    const { id, partition, about, states, sum } = row;
    const isSound =
      about instanceof Uint8Array &&
      states instanceof Uint8Array &&
      rowSum([Number(id), Number(partition)], about, states) === sum;
    if (isSound) return decodeInfo(Number(id), Number(partition), about, states);
    const place = { file: this.#database.file, table: "block", row: Number(id) };
    throw archiveErrors.damaged({ place, found: "a row whose checksum does not match" });
  }
}

/** Updates the time of the next removal after lines were removed. */
export function refreshNext(block: BlockInfo, lines: Lines): void {
  block.nextMs = nextOf(lines, block.states);
}

function tierOf(count: number): number {
  return Math.floor(Math.log2(Math.max(1, count)) / 3);
}

function indexesWhere(states: Uint8Array, predicate: (state: number) => boolean): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < states.length; index++)
    if (predicate(states[index] as number)) indexes.push(index);
  return indexes;
}
