import { hashBatchInto, hashBytes } from "../batch/hash.ts";

/**
 * The hashes of the partitions' last batches, made as late as can be: of a group's batches they are wanted when the next
 * group is sealed, and until then nothing waits for them. What is sealed, written and synced goes out before.
 *
 * 1. The bytes of a batch that was added stay as they are until its hash is made.
 */
export class HashChain {
  readonly #hashes: Uint8Array;
  /** By partition: where its last batch is, as long as its hash is not made. Nothing while the length is 0. */
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

  /** Batches from here on are in this group. */
  startGroup(group: Uint8Array): void {
    this.finish();
    this.#group = group;
  }

  /** Writes the hash of a partition's last batch where the next one names it. */
  name(partition: number, at: number): void {
    if (this.#bytes[partition] !== 0) this.#make(partition);
    const from = partition * hashBytes;
    for (let byte = 0; byte < hashBytes; byte++) this.#group[at + byte] = this.#hashes[from + byte] as number;
  }

  /** A batch follows in its partition. Its bytes are final. */
  add(partition: number, from: number, bytes: number): void {
    if (this.#bytes[partition] !== 0) this.#make(partition);
    this.#from[partition] = from;
    this.#bytes[partition] = bytes;
    this.#open.push(partition);
  }

  /** Makes what is to be made. */
  finish(): void {
    for (const partition of this.#open) if (this.#bytes[partition] !== 0) this.#make(partition);
    this.#open.length = 0;
  }

  #make(partition: number): void {
    const from = this.#from[partition] as number;
    const batch = this.#group.subarray(from, from + (this.#bytes[partition] as number));
    hashBatchInto(batch, this.#hashes, partition * hashBytes);
    this.#bytes[partition] = 0;
  }
}
