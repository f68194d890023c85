import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { BatchSource } from "../../archive/source.ts";
import type { JournalBatch } from "../../port.ts";

/** A record before encoding. Without a cause, it has that of the record before. */
export type PlainRecord = Omit<JournalRecord, "cause"> & { readonly cause: Cause | undefined };

/** Batches of some partitions, as a journal would give them. */
export class BatchFeed {
  readonly #logs = new Map<number, JournalBatch[]>();

  /** Source for the archive. Batches come in slices of a few. */
  readonly source: BatchSource = (partition) => ({
    read: (from) => slicesOf((this.#logs.get(partition) ?? []).filter(({ number }) => number >= from)),
  });

  last(partition: number): number {
    return this.#logs.get(partition)?.length ?? 0;
  }

  append(partition: number, timeMs: number, records: readonly PlainRecord[]): number {
    const log = this.#logs.get(partition) ?? [];
    this.#logs.set(partition, log);
    const number = log.length + 1;
    log.push({
      number,
      epoch: 1,
      timeMs,
      behaviour: 1,
      seal: records.length === 0,
      previousHash: new Uint8Array(0),
      records: encodeRecords(records),
      count: records.length,
    });
    return number;
  }
}

async function* slicesOf(batches: readonly JournalBatch[]): AsyncGenerator<readonly JournalBatch[]> {
  for (let at = 0; at < batches.length; at += sliceBatches) {
    await Promise.resolve();
    yield batches.slice(at, at + sliceBatches);
  }
}

const sliceBatches = 7;
const writer = new FlatWriter(1024);

function encodeRecords(records: readonly PlainRecord[]): Uint8Array {
  for (const record of records) {
    writer.uint32(18).fork();
    JournalRecord.encode(record, writer);
    writer.join();
  }
  return writer.finish();
}
