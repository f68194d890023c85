import type { Clock } from "@tutti/kernel";
import { archiveErrors } from "../errors.ts";
import type { RecordPlace } from "../port.ts";
import { rowSum } from "./checksum.ts";
import type { Statement } from "./database.ts";
import { solidEvents } from "./history/solid-rows.ts";
import { type BlockInfo, state } from "./index/block-info.ts";
import { refreshNext } from "./index/blocks.ts";
import { field, type Lines, lastAt, numberAt } from "./index/lines.ts";
import { incarnationOf, instanceId, partitionOf } from "./schema.ts";
import type { Tables } from "./tables.ts";

/** Bounds of a slice, so that it takes less than 5 ms together with its write. */
const sliceMs = 1.5;
const linesAtOnce = 512;
const removalsAtOnce = 16;
const solidRowsAtOnce = 128;
const stepsAtOnce = 16;

/**
 * Removes expired data and frees space, a slice at a time.
 *
 * 1. No instance is removed whose end is not covered: a restart would find that end in the journal and repeat it.
 * 2. The history of an instance is removed with its line, or is recorded in `removal` in the same transaction.
 */
export class Purge {
  readonly #tables: Tables;
  readonly #clock: Clock;
  /** End of the slice under way. */
  #endMs = 0;
  readonly #insert: Statement;
  readonly #some: Statement;
  readonly #delete: Statement;

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
    const { database } = tables;
    this.#insert = database.statement("INSERT OR IGNORE INTO removal VALUES (?, ?, ?, ?, ?)");
    this.#some = database.statement("SELECT * FROM removal LIMIT ?");
    this.#delete = database.statement("DELETE FROM removal WHERE id = ?");
  }

  /** Runs a slice. Returns whether it found anything to do: then there may be more. */
  slice(nowMs: number): boolean {
    const { blocks, history } = this.#tables;
    this.#endMs = this.#clock.monotonic() + sliceMs;
    let steps = 0;
    while (this.#expire(nowMs) || this.#removals() || history.compact() || blocks.mergeSparse()) {
      if (++steps === stepsAtOnce || this.#isOver) break;
    }
    history.packed.flush();
    blocks.flush();
    return steps > 0;
  }

  get #isOver(): boolean {
    return this.#clock.monotonic() >= this.#endMs;
  }

  /** Records that the history of an instance must be removed soon. */
  dropLater(id: number, packed: RecordPlace, events: number): void {
    if (events === 0) return;
    const values = [id, packed.batch, packed.index, events];
    this.#insert.run(...values, rowSum(values));
  }

  /** Removes expired lines. */
  #expire(nowMs: number): boolean {
    const { blocks, progressRows } = this.#tables;
    for (const block of blocks.all()) {
      const { coveredTo } = progressRows.of(block.partition);
      if (block.nextMs > nowMs || block.waitsFor > coveredTo) continue;
      if (this.#expireLines(block, nowMs) > 0) return true;
    }
    return false;
  }

  #expireLines(block: BlockInfo, nowMs: number): number {
    const { blocks, progressRows } = this.#tables;
    const progress = progressRows.of(block.partition);
    const lines = blocks.parts.numbers(block.id);
    let done = 0;
    let waitsFor = Number.POSITIVE_INFINITY;
    for (let line = 0; line < lines.count && done < linesAtOnce && !(done > 0 && this.#isOver); line++) {
      const at = block.states[line];
      if (at === state.dropped || numberAt(lines, field.end, line) === 0) continue;
      const untilMs = numberAt(lines, at === state.present ? field.keepUntil : field.idKeptUntil, line);
      if (untilMs > nowMs) continue;
      const { batch } = lastAt(lines, line);
      if (batch > progress.coveredTo) {
        waitsFor = Math.min(waitsFor, batch);
        continue;
      }
      done++;
      if (at === state.present) {
        progress.ended--;
        this.#remove(block.partition, progress.packedTo, lines, line);
      }
      const idKeptMs = numberAt(lines, field.idKeptUntil, line);
      const isIdKept = idKeptMs > nowMs && idKeptMs > numberAt(lines, field.keepUntil, line);
      blocks.mark({ block, line }, isIdKept ? state.removed : state.dropped);
    }
    if (done === 0) {
      block.waitsFor = waitsFor;
      return 0;
    }
    block.waitsFor = 0;
    refreshNext(block, lines);
    progressRows.store(progress);
    return done;
  }

  /** Removes all data of an instance except its line. */
  #remove(partition: number, packedTo: number, lines: Lines, line: number): void {
    const { instances, recent, history } = this.#tables;
    const incarnation = numberAt(lines, field.incarnation, line);
    const id = instanceId(partition, incarnation);
    const events = numberAt(lines, field.events, line);
    const last = lastAt(lines, line);
    const isPacked = last.batch <= packedTo;
    const hasRow = !isPacked || numberAt(lines, field.hasRow, line) === 1;
    const row = hasRow ? instances.get(id) : undefined;
    if (row !== undefined) instances.delete(id);
    recent.remove(partition, incarnation);
    if (!isPacked) this.dropLater(id, row?.packed ?? last, row?.packedEvents ?? 0);
    else if (events >= solidEvents) this.dropLater(id, last, events);
    else history.dropChain(partition, last, events);
  }

  /** Removes recorded histories. */
  #removals(): boolean {
    const { history } = this.#tables;
    const rows = this.#some.all(removalsAtOnce);
    let solidRows = 0;
    for (const row of rows) {
      const values = ["id", "batch", "place", "event"].map((name) => Number(row[name]));
      const [id = 0, batch = 0, index = 0, events = 0] = values;
      if (rowSum(values) !== row["sum"]) {
        const place = { file: this.#tables.database.file, table: "removal", row: id };
        throw archiveErrors.damaged({ place, found: "a row whose checksum does not match" });
      }
      const partition = partitionOf(id);
      const end = history.at(partition, { batch, index });
      // Its chunks are removed first. They are gone already if the slice ended among its solid rows.
      if (end?.incarnation === incarnationOf(id)) history.dropChain(partition, { batch, index }, events);
      const removed = events < solidEvents ? 0 : history.solid.delete(id, solidRowsAtOnce - solidRows);
      solidRows += removed;
      if (solidRows >= solidRowsAtOnce) return true;
      this.#delete.run(id);
      if (this.#isOver) return true;
    }
    return rows.length > 0;
  }
}
