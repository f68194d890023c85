import type { RecordPlace } from "../port.ts";
import { state } from "./index/block-info.ts";
import { part } from "./index/block-parts.ts";
import type { Blocks } from "./index/blocks.ts";
import { field } from "./index/lines.ts";
import type { ProgressRows } from "./progress-rows.ts";

/** Ended and kept instances whose last record is not packed yet: by incarnation, with that record. */
export class RecentlyEnded {
  readonly #byPartition = new Map<number, Map<number, RecordPlace>>();

  /** Finds such instances among the lines of the index. */
  load(progressRows: ProgressRows, blocks: Blocks): void {
    this.#byPartition.clear();
    for (const { partition, packedTo } of progressRows.all()) {
      for (const block of blocks.of(partition)) {
        if (block.maxBatch <= packedTo || block.maxEnd === 0) continue;
        const ends = blocks.parts.column(block.id, part.scan, field.end);
        const batches = blocks.parts.column(block.id, part.facts, field.lastBatch);
        const indexes = blocks.parts.column(block.id, part.facts, field.lastIndex);
        const incarnations = blocks.parts.column(block.id, part.keys, field.incarnation);
        for (let line = 0; line < block.count; line++) {
          if (block.states[line] !== state.present || ends[line] === 0) continue;
          const last = { batch: batches[line] as number, index: indexes[line] as number };
          if (last.batch > packedTo) this.add(partition, incarnations[line] as number, last);
        }
      }
    }
  }

  add(partition: number, incarnation: number, last: RecordPlace): void {
    this.#of(partition).set(incarnation, last);
  }

  /** Returns whether there are any. */
  some(partition: number): boolean {
    return (this.#byPartition.get(partition)?.size ?? 0) > 0;
  }

  has(partition: number, incarnation: number): boolean {
    return this.#byPartition.get(partition)?.has(incarnation) ?? false;
  }

  lastOf(partition: number, incarnation: number): RecordPlace | undefined {
    return this.#byPartition.get(partition)?.get(incarnation);
  }

  remove(partition: number, incarnation: number): void {
    this.#byPartition.get(partition)?.delete(incarnation);
  }

  /** Removes instances whose last record is in a batch up to this one: those are packed now. */
  evict(partition: number, upToBatch: number): void {
    const recent = this.#of(partition);
    for (const [incarnation, { batch }] of recent) if (batch <= upToBatch) recent.delete(incarnation);
  }

  #of(partition: number): Map<number, RecordPlace> {
    let recent = this.#byPartition.get(partition);
    if (recent === undefined) {
      recent = new Map();
      this.#byPartition.set(partition, recent);
    }
    return recent;
  }
}
