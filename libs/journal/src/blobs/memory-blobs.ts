import { createHash } from "node:crypto";
import type { Clock } from "@tutti/kernel";
import { blobErrors } from "./errors.ts";
import { mentionerOf, nameOf, sliceName } from "./names.ts";
import type {
  Blob,
  BlobContent,
  BlobMention,
  Blobs,
  MentionedThrough,
  MentionSource,
  StoredBlob,
  Sweep,
} from "./port.ts";
import { blobName, checkAnnounced, earliestOf, mentionedBlobs } from "./sweeping.ts";

interface MemoryBlob {
  readonly content: Uint8Array;
  putMs: number;
}

/** Content that outlives its store. */
export interface MemoryBlobStore {
  readonly blobs: Map<string, MemoryBlob>;
  readonly mentions: Map<string, { readonly mention: BlobMention }>;
  readonly through: Map<string, MentionedThrough>;
}

const partBytes = 1024 * 1024;

/** Blobs in memory, for tests, simulations, and data that need not outlive its process. */
export class MemoryBlobs implements Blobs {
  readonly #clock: Clock;
  readonly store: MemoryBlobStore;

  /** With the content of an earlier store, it continues as after a restart of the process. */
  constructor(
    clock: Clock,
    store: MemoryBlobStore = { blobs: new Map(), mentions: new Map(), through: new Map() },
  ) {
    this.#clock = clock;
    this.store = store;
  }

  async put(namespace: string, content: BlobContent, announced: Partial<Blob> = {}): Promise<Blob> {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part.slice());
    const bytes = Uint8Array.from(Buffer.concat(parts));
    const sha256 = Uint8Array.from(createHash("sha256").update(bytes).digest());
    const blob = { sha256, size: bytes.length };
    checkAnnounced(blob, announced);
    const putMs = this.#clock.now();
    this.store.blobs.set(blobName(namespace, nameOf(sha256)), { content: bytes, putMs });
    return blob;
  }

  async *read(namespace: string, sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const stored = this.store.blobs.get(blobName(namespace, name));
    await Promise.resolve();
    if (stored === undefined) throw blobErrors.missing({ name });
    const found = createHash("sha256").update(stored.content).digest("hex");
    if (found !== name) throw blobErrors.damaged({ name, place: "memory", found });
    for (let at = 0; at < stored.content.length; at += partBytes)
      yield stored.content.slice(at, at + partBytes);
  }

  readNow(sha256: Uint8Array): Uint8Array | undefined {
    const name = nameOf(sha256);
    for (const [blob, { content }] of this.store.blobs) {
      if (!blob.startsWith(`${name}.`)) continue;
      const found = createHash("sha256").update(content).digest("hex");
      if (found !== name) throw blobErrors.damaged({ name, place: "memory", found });
      return content.slice();
    }
    return undefined;
  }

  find(namespace: string, sha256: Uint8Array): Promise<StoredBlob | undefined> {
    const stored = this.store.blobs.get(blobName(namespace, nameOf(sha256)));
    return Promise.resolve(stored && { size: stored.content.length, putMs: stored.putMs });
  }

  mention(mentions: readonly BlobMention[]): Promise<void> {
    for (const mention of mentions)
      this.store.mentions.set(`${nameOf(mention.sha256)}.${mentionerOf(mention)}`, { mention });
    return Promise.resolve();
  }

  recordThrough({ service, partition }: MentionSource, throughMs: number): Promise<void> {
    this.store.through.set(`${service}/${partition}`, { service, partition, throughMs });
    return Promise.resolve();
  }

  through(): Promise<MentionedThrough | undefined> {
    return Promise.resolve(earliestOf(this.store.through.values()));
  }

  async sweep(slice: number, { beforeMs, isReferenced }: Sweep): Promise<number> {
    const start = sliceName(slice);
    const { blobs, mentions } = this.store;
    const found = [...mentions]
      .filter(([name]) => name.startsWith(start))
      .map(([name, entry]) => ({ name, entry, mention: entry.mention }));
    const mentioned = await mentionedBlobs(found, isReferenced, async ({ name, entry, mention }) => {
      if (mentions.get(name) !== entry) return false;
      mentions.delete(name);
      const blob = blobs.get(blobName(mention.namespace, nameOf(mention.sha256)));
      if (blob !== undefined) blob.putMs = this.#clock.now();
      return true;
    });
    let removed = 0;
    for (const [name, { putMs }] of blobs) {
      if (!name.startsWith(start) || putMs >= beforeMs || mentioned.has(name)) continue;
      blobs.delete(name);
      removed++;
    }
    return removed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
