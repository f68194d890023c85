import { hashBatchInto, hashBytes } from "../batch/hash.ts";

/**
 * The hashes of the partitions' last batches, computed as late as possible: the hashes of a group are needed when the
 * next group is sealed, and nothing waits for them before. Sealing, writing and syncing come first.
 *
 * 1. The bytes of an added batch stay unchanged until its hash is computed.
 */
export class HashChain {
  readonly #hashes: Uint8Array;
  /** By partition: the last batch, as long as its hash is not computed. A length of 0 means none. */
  readonly #from: Uint32Array;
  readonly #bytes: Uint32Array;
  readonly #open: number[] = [];
  #group: Uint8Array = new Uint8Array(0);

  /** @param hashes 32 bytes for each partition, of their last batches */
  constructor(hashes: Uint8Array) {
    this.#hashes = hashes;
    this.#from = new Uint32Array(hashes.length / hashBytes);
    this.#bytes = new Uint32Array(hashes.length / hashBytes);
  }

  /** Later batches are in this group. */
  startGroup(group: Uint8Array): void {
    this.finish();
    this.#group = group;
  }

  /** Writes the hash of a partition's last batch into the next one. */
  name(partition: number, at: number): void {
    if (this.#bytes[partition] !== 0) this.#computeHash(partition);
    const from = partition * hashBytes;
    for (let byte = 0; byte < hashBytes; byte++) this.#group[at + byte] = this.#hashes[from + byte] as number;
  }

  /** Adds a batch of a partition. Its bytes are final. */
  add(partition: number, from: number, bytes: number): void {
    if (this.#bytes[partition] !== 0) this.#computeHash(partition);
    this.#from[partition] = from;
    this.#bytes[partition] = bytes;
    this.#open.push(partition);
  }

  /** Computes the missing hashes. */
  finish(): void {
    for (const partition of this.#open) if (this.#bytes[partition] !== 0) this.#computeHash(partition);
    this.#open.length = 0;
  }

  #computeHash(partition: number): void {
    const from = this.#from[partition] as number;
    const batch = this.#group.subarray(from, from + (this.#bytes[partition] as number));
    hashBatchInto(batch, this.#hashes, partition * hashBytes);
    this.#bytes[partition] = 0;
  }
}
