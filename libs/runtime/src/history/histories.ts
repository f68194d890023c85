/**
 * Histories of the instances of a partition: first the part that is packed in the archive, then the part in the
 * journal. In the journal each record names the place of the one before.
 */
import { FlatWriter } from "@tutti/contracts/wire";
import {
  type ArchivePartition,
  type HistoryRecord,
  type JournalBatch,
  type JournalPartition,
  journalErrors,
  type RecordPlace,
  RecordScanner,
} from "@tutti/journal";
import { assert, type InstanceKey, textOf } from "@tutti/kernel";
import { runtimeErrors } from "../errors.ts";

/** Place of the last record of an instance, and the number of its event. */
export interface LastRecord extends RecordPlace {
  readonly event: number;
}

/**
 * The journal may be cut between the look-up in the archive and the look-up in the journal. This bounds the
 * repetitions.
 */
const triesMax = 5;
/** Number of cached batches: records of an instance are often close together. */
const cachedBatchesMax = 64;
/** Batches may be large, so their bytes are bounded too. */
const cachedBytesMax = 4 * 1024 * 1024;
/** Number of batches kept of those that were read ahead with one. */
const batchesAhead = 8;

export class Histories {
  readonly #log: JournalPartition;
  readonly #archive: ArchivePartition;
  readonly #batches = new Map<number, JournalBatch>();
  #cachedBytes = 0;
  readonly #scanner = new RecordScanner();
  readonly #writer = new FlatWriter(4_096);

  constructor(log: JournalPartition, archive: ArchivePartition) {
    this.#log = log;
    this.#archive = archive;
  }

  /**
   * Returns at most `limit` events of an instance in order, from the one after `afterEvent` on. `last` is its last
   * record, which is durable.
   */
  async read(
    key: InstanceKey,
    last: LastRecord,
    afterEvent: number,
    limit: number,
  ): Promise<readonly HistoryRecord[]> {
    for (let tries = 0; tries < triesMax; tries++) {
      const packed = await this.#archive.history({ key, last, afterEvent, limit });
      if (packed.length >= limit) return packed;
      const known = packed.at(-1)?.event ?? afterEvent;
      const walked = await this.#walk(last, known, afterEvent + limit);
      // Otherwise the journal was cut between the two: the missing part is packed by now.
      if (walked !== undefined) return packed.length === 0 ? walked : [...packed, ...walked];
    }
    const { service, partition } = this.#log;
    throw runtimeErrors.gap({ service, partition, what: `a hole in the history of ${textOf(key)}` });
  }

  /**
   * Walks from the last record backwards to the one after `afterEvent`, and keeps records up to `upToEvent`. Undefined
   * if the walk reaches a part of the journal that has been cut.
   */
  async #walk(last: LastRecord, afterEvent: number, upToEvent: number): Promise<HistoryRecord[] | undefined> {
    const found: HistoryRecord[] = [];
    let { event } = last;
    let place: RecordPlace | undefined = last;
    for (; place !== undefined && event > afterEvent; event--) {
      const batch = await this.#batch(place.batch);
      if (batch === undefined) return;
      const record = this.#record(batch, place);
      if (record.event <= upToEvent) found.push(record.found());
      place = record.before;
    }
    return found.reverse();
  }

  /** Undefined when it has been cut. */
  async #batch(number: number): Promise<JournalBatch | undefined> {
    const cached = this.#batches.get(number);
    if (cached !== undefined) return cached;
    if (number < this.#log.first) return;
    try {
      for await (const slice of this.#log.read(number)) {
        const [batch] = slice;
        assert(batch?.number === number, "a batch that a record names is in the journal", { number });
        for (const readAhead of slice.slice(0, batchesAhead)) this.#cache(readAhead);
        return batch;
      }
    } catch (error) {
      if (!journalErrors.truncated.is(error)) throw error;
    }
    return;
  }

  #cache(batch: JournalBatch): void {
    if (this.#batches.has(batch.number)) return;
    this.#batches.set(batch.number, batch);
    this.#cachedBytes += batch.records.length;
    for (const [number, { records }] of this.#batches) {
      if (this.#batches.size <= cachedBatchesMax && this.#cachedBytes <= cachedBytesMax) return;
      this.#batches.delete(number);
      this.#cachedBytes -= records.length;
    }
  }

  #record(batch: JournalBatch, place: RecordPlace) {
    const scanner = this.#scanner;
    scanner.open(batch.records);
    let cause: Uint8Array = nothing;
    while (scanner.next()) {
      if (scanner.causeEnd > 0) cause = scanner.cause;
      if (scanner.index === place.index) break;
    }
    assert(scanner.index === place.index, "a record that another names is in its batch", {
      batch: place.batch,
      index: place.index,
    });
    const { event, record: bytes, previousBatch, previousIndex } = scanner;
    const hasCause = scanner.causeEnd > 0;
    const before = previousBatch === 0 ? undefined : { batch: previousBatch, index: previousIndex };
    const found = (): HistoryRecord => ({
      event,
      timeMs: batch.timeMs,
      place,
      record: hasCause ? new Uint8Array(bytes) : this.#withCause(bytes, cause),
    });
    return { event, before, found };
  }

  /** A record that is read alone must carry its cause. */
  #withCause(record: Uint8Array, cause: Uint8Array): Uint8Array {
    if (cause.length === 0) return record.slice();
    this.#writer.reset();
    return this.#writer.raw(record).uint32(82).bytes(cause).finish();
  }
}

const nothing = new Uint8Array(0);
