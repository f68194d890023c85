import type { RecordPlace } from "../port.ts";
import { state } from "./index/block-info.ts";
import type { LinePlace } from "./index/blocks.ts";
import { field, joined, keyAt, type Lines, lastAt, numberAt } from "./index/lines.ts";
import { type InstanceRow, stage, unpacked } from "./instances.ts";
import type { PartitionProgress } from "./progress-rows.ts";
import type { Purge } from "./purge.ts";
import { instanceId } from "./schema.ts";
import type { Tables } from "./tables.ts";

/** An encoded commit for another thread. */
export interface EncodedChanges {
  readonly coveredTo: number;
  readonly partitionSnapshot: Uint8Array | undefined;
  readonly lines: Lines;
  readonly snapshots: readonly EncodedSnapshot[];
}

export interface EncodedSnapshot {
  readonly incarnation: number;
  readonly snapshot: Uint8Array;
  readonly dueMs: number;
  readonly outstanding: boolean;
}

/** A commit with more lines gets several blocks. */
const linesMax = 4_096;

/** Executes commits: inserts, replacements, and removals of entries that expire at once. */
export class Committer {
  readonly #tables: Tables;
  readonly #purge: Purge;

  constructor(tables: Tables, purge: Purge) {
    this.#tables = tables;
    this.#purge = purge;
  }

  commit(partition: number, { coveredTo, partitionSnapshot, lines, snapshots }: EncodedChanges): void {
    const { progressRows, blocks } = this.#tables;
    const progress = progressRows.of(partition);
    progress.coveredTo = Math.max(progress.coveredTo, coveredTo);
    if (partitionSnapshot !== undefined) progress.snapshot = partitionSnapshot;
    this.#index(progress, lines, new Map(snapshots.map((snapshot) => [snapshot.incarnation, snapshot])));
    this.#store(partition, snapshots);
    blocks.flush();
    progressRows.store(progress);
  }

  #index(progress: PartitionProgress, lines: Lines, snapshots: ReadonlyMap<number, EncodedSnapshot>): void {
    const { partition } = progress;
    const states = new Uint8Array(lines.count);
    const chosen: number[] = [];
    const latest = latestLines(lines);
    let { incarnation: highest, version } = progress;
    const before = highest;
    for (let line = 0; line < lines.count; line++) {
      const incarnation = numberAt(lines, field.incarnation, line);
      if (latest !== undefined && latest.get(incarnation) !== line) continue;
      const isNew = incarnation > before;
      if (isNew && incarnation > highest) highest = incarnation;
      const lineState = this.#lineState(
        progress,
        lines,
        line,
        isNew,
        version + 1,
        snapshots.has(incarnation),
      );
      if (lineState === state.dropped) continue;
      lines.numbers[field.version * lines.count + line] = ++version;
      states[chosen.length] = lineState;
      chosen.push(line);
    }
    progress.version = version;
    progress.incarnation = highest;
    for (let from = 0; from < chosen.length; from += linesMax) {
      const some = chosen.slice(from, from + linesMax);
      const isAll = some.length === lines.count;
      const block = isAll ? lines : joined([{ lines, chosen: some }]);
      this.#tables.blocks.add(partition, block, states.slice(from, from + some.length));
    }
  }

  /** Retires the older line for a new one, and returns the state of the new line. */
  #lineState(
    progress: PartitionProgress,
    lines: Lines,
    line: number,
    isNew: boolean,
    version: number,
    hasSnapshot: boolean,
  ): number {
    const { instances, blocks, recent } = this.#tables;
    const { partition, packedTo } = progress;
    const incarnation = numberAt(lines, field.incarnation, line);
    const id = instanceId(partition, incarnation);
    const before = isNew ? undefined : instances.get(id);
    const older = isNew ? undefined : this.#older(partition, incarnation, before);
    const was = older === undefined ? state.dropped : older.block.states[older.line];
    // It was removed already: the process repeats its last commit from the journal.
    if (older !== undefined && was === state.removed) return state.dropped;
    const hadEnded = older !== undefined && this.#hasEnded(older, before);
    if (older !== undefined) {
      if (hadEnded) progress.ended--;
      else progress.live--;
      blocks.mark(older, state.dropped);
    }
    // This includes an instance that has ended again: its later records are packed only if they follow the packed ones.
    const packed = hadEnded ? this.#packedEnd(older, packedTo) : undefined;
    const row =
      packed === undefined
        ? before
        : { ...this.#row(lines, line, id, version, stage.ended, before), ...packed };
    const endMs = numberAt(lines, field.end, line);
    if (endMs === 0) {
      progress.live++;
      const isSnapshotted = hasSnapshot || row?.stage === stage.snapshotted;
      instances.upsert(
        this.#row(lines, line, id, version, isSnapshotted ? stage.snapshotted : stage.live, row),
      );
      if (hadEnded) recent.remove(partition, incarnation);
      return state.present;
    }
    const last = lastAt(lines, line);
    if (numberAt(lines, field.keepUntil, line) <= endMs) return this.#removeNow(partition, lines, line, row);
    progress.ended++;
    if (last.batch > packedTo) recent.add(partition, incarnation, last);
    this.#storeEnded(lines, line, id, version, row, hasSnapshot, last.batch > packedTo);
    return state.present;
  }

  /** Returns the packed end of an instance that had ended and was resumed: its row no longer contains it. */
  #packedEnd(
    { block, line }: LinePlace,
    packedTo: number,
  ): Pick<InstanceRow, "packed" | "packedEvents"> | undefined {
    const before = this.#tables.blocks.parts.some(block.id, [line]);
    const packed = lastAt(before, 0);
    if (packed.batch > packedTo) return;
    return { packed, packedEvents: numberAt(before, field.events, 0) };
  }

  /** An ended instance has its own row only with a snapshot, or until its last records are packed. */
  #storeEnded(
    lines: Lines,
    line: number,
    id: number,
    version: number,
    row: InstanceRow | undefined,
    hasSnapshot: boolean,
    isUnpacked: boolean,
  ): void {
    const { instances } = this.#tables;
    if (row !== undefined) instances.deleteSnapshot(id);
    if (hasSnapshot) {
      lines.numbers[field.hasRow * lines.count + line] = 1;
      instances.upsert(this.#row(lines, line, id, version, stage.endedWithSnapshot, row));
    } else if (row !== undefined) {
      if (isUnpacked && row.packedEvents > 0) instances.upsert({ ...row, version, stage: stage.ended });
      else instances.delete(id);
    }
  }

  #removeNow(partition: number, lines: Lines, line: number, row: InstanceRow | undefined): number {
    const { instances, recent } = this.#tables;
    recent.remove(partition, numberAt(lines, field.incarnation, line));
    if (row !== undefined) {
      this.#purge.dropLater(row.id, row.packed, row.packedEvents);
      instances.delete(row.id);
    }
    const isIdKept = numberAt(lines, field.idKeptUntil, line) > numberAt(lines, field.keepUntil, line);
    return isIdKept ? state.removed : state.dropped;
  }

  /** Returns the line that a newer one replaces. */
  #older(partition: number, incarnation: number, row: InstanceRow | undefined): LinePlace | undefined {
    const { blocks } = this.#tables;
    const place = row === undefined || row.version === 0 ? undefined : blocks.place(partition, row.version);
    if (place !== undefined && place.block.states[place.line] !== state.dropped) return place;
    return blocks.placeOfIncarnation(partition, incarnation);
  }

  #hasEnded(older: LinePlace, row: InstanceRow | undefined): boolean {
    if (row !== undefined) return row.stage === stage.ended || row.stage === stage.endedWithSnapshot;
    return numberAt(this.#tables.blocks.parts.some(older.block.id, [older.line]), field.end, 0) > 0;
  }

  #row(
    lines: Lines,
    line: number,
    id: number,
    version: number,
    at: number,
    row: InstanceRow | undefined,
  ): InstanceRow {
    const hash = numberAt(lines, field.hash, line);
    const packed: RecordPlace = row?.packed ?? unpacked;
    const key = row?.key ?? keyAt(lines, line);
    return { id, hash, version, stage: at, packed, packedEvents: row?.packedEvents ?? 0, key };
  }

  #store(partition: number, snapshots: readonly EncodedSnapshot[]): void {
    const { instances } = this.#tables;
    for (const snapshot of snapshots) {
      const id = instanceId(partition, snapshot.incarnation);
      const row = instances.get(id);
      if (row === undefined || row.stage === stage.ended) continue;
      if (row.stage === stage.live) instances.upsert({ ...row, stage: stage.snapshotted });
      instances.writeSnapshot(id, snapshot);
    }
  }
}

/** Returns the last line of each instance that has several lines in one commit. */
function latestLines(lines: Lines): Map<number, number> | undefined {
  const latest = new Map<number, number>();
  for (let line = 0; line < lines.count; line++) latest.set(numberAt(lines, field.incarnation, line), line);
  return latest.size === lines.count ? undefined : latest;
}
