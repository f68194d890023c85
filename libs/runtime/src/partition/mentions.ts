/**
 * Reports the blobs that records of a partition name to the blob store, so that they are kept as long as their
 * instances.
 *
 * 1. Before the archive contains a record, its blobs are mentioned durably. Mentions that a crash loses are folded
 *    again from the journal and repeated.
 * 2. A mention may come before its record is durable, and then for nothing: the sweep finds that it is unused.
 * 3. An instance that is not kept after its end and is gone by then has mentioned nothing.
 */
import type { BlobMention, Blobs, MentionSource } from "@tutti/journal";
import { assert, type InstanceKey, textOf } from "@tutti/kernel";

const hashBytes = 32;

export class Mentions {
  readonly #source: MentionSource;
  readonly #blobs: Pick<Blobs, "mention"> | undefined;
  readonly #mayExist: (key: InstanceKey) => boolean;
  #open = new Map<string, BlobMention>();
  #writing: Promise<void> = Promise.resolve();

  /** @param mayExist false if there is certainly nothing under the key, here or in the archive */
  constructor(
    { service, partition }: MentionSource,
    blobs: Pick<Blobs, "mention"> | undefined,
    mayExist: (key: InstanceKey) => boolean,
  ) {
    this.#source = { service, partition };
    this.#blobs = blobs;
    this.#mayExist = mayExist;
  }

  /** Whether anything waits to be mentioned. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  add(key: InstanceKey, hashes: Iterable<Uint8Array>): void {
    // Hardly any event names a blob, and an iteration would allocate two objects for each event.
    if (Array.isArray(hashes) && hashes.length === 0) return;
    for (const sha256 of hashes) {
      assert(sha256.length === hashBytes, "a blob is named by a SHA-256", { bytes: sha256.length });
      const name = `${Buffer.from(sha256).toString("hex")} ${textOf(key)}`;
      if (!this.#open.has(name))
        this.#open.set(name, { ...this.#source, ...key, sha256: new Uint8Array(sha256) });
    }
  }

  /** Resolves when all blobs named so far are mentioned. */
  flush(): Promise<void> {
    if (this.#open.size === 0) return this.#writing;
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const written = this.#open;
    this.#open = new Map();
    for (const [name, mention] of written) if (!this.#mayExist(mention)) written.delete(name);
    if (written.size === 0) return;
    try {
      assert(this.#blobs !== undefined, "a host of machines that name blobs has a store of blobs", {
        ...this.#source,
      });
      await this.#blobs.mention([...written.values()]);
    } catch (error) {
      for (const [name, mention] of written) this.#open.set(name, mention);
      throw error;
    }
  }
}
