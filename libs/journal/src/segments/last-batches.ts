import { hashBytes, hashOfBatch } from "../batch/hash.ts";
import type { Ledger } from "../ledger.ts";
import type { GroupBuffer, Waiting } from "./group.ts";
import type { WriterHost } from "./host.ts";

/**
 * Places of the last durable batch of each partition, as long as its ledger does not have its hash. The journal's
 * thread computes the hashes of a group after all waiters are notified, and they are rarely needed earlier.
 *
 * 1. A batch is kept here as it was written. Its hash is computed on request.
 * 2. Before its group is filled again, another one has become durable since, and the thread has computed the hashes.
 */
export class LastBatches {
  readonly #ledgers: readonly Ledger[];
  readonly #host: WriterHost;
  /** Indexed by partition. */
  readonly #batches: (Waiting | undefined)[];
  readonly #groups: (GroupBuffer | undefined)[];

  constructor(ledgers: readonly Ledger[], host: WriterHost) {
    this.#ledgers = ledgers;
    this.#host = host;
    this.#batches = ledgers.map(() => undefined);
    this.#groups = ledgers.map(() => undefined);
  }

  /** These batches have become durable in this group. */
  add(group: GroupBuffer, batches: readonly Waiting[]): void {
    for (const batch of batches) {
      this.#batches[batch.partition] = batch;
      this.#groups[batch.partition] = group;
    }
  }

  /** The group will be filled with other batches. */
  release(group: GroupBuffer): void {
    const { hashes } = this.#host;
    for (const ledger of this.#ledgers) {
      const { index } = ledger;
      if (this.#groups[index] !== group) continue;
      this.#groups[index] = undefined;
      this.#batches[index] = undefined;
      ledger.hash.set(hashes.subarray(index * hashBytes, (index + 1) * hashBytes));
    }
  }

  /** Sets the hash of a ledger's last batch. */
  hash({ index, hash }: Ledger): void {
    const batch = this.#batches[index];
    const group = this.#groups[index];
    if (batch === undefined || group === undefined) return;
    this.#batches[index] = undefined;
    this.#groups[index] = undefined;
    hash.set(hashOfBatch(group.bytes.subarray(batch.from, batch.from + batch.bytes)));
  }
}
