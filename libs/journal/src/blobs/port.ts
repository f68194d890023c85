/**
 * Blobs: content too large for a record, stored by namespace and named by its hash.
 *
 * Every implementation guarantees, and its conformance suite checks:
 * 1. When `put` has resolved, the content is kept until it is swept, after any crash: a record may name it.
 * 2. A read returns the content that was put, or reports damage. The last part is returned after all of it was checked.
 * 3. `sweep` removes blobs without a mention that were last put before a moment. The end of the last mention counts as
 *    another put. So a caller that names the blob again has as much time as after a first put.
 * 4. A put or mention during a sweep protects its blob.
 * 5. The same content in two namespaces is two blobs.
 */
export interface Blobs {
  /**
   * Stores content that arrives in parts. Storing the same content again counts as another put of one blob. Throws
   * `blobs.not_as_said`. While the store is unavailable it waits until the signal is aborted.
   */
  put(
    namespace: string,
    content: BlobContent,
    announced?: Partial<Blob>,
    signal?: AbortSignal,
  ): Promise<Blob>;
  /**
   * Returns the content in parts of 1 MiB at most. A part may be used until the next one is requested: later parts may
   * reuse its memory. Throws `blobs.missing` and `blobs.damaged`.
   */
  read(namespace: string, sha256: Uint8Array): AsyncIterable<Uint8Array>;
  /**
   * Returns the content synchronously, for work that cannot wait. Content of any namespace is returned, so never pass
   * it to a caller. Undefined if it is missing or would have to be fetched. Throws `blobs.damaged`.
   */
  readNow(sha256: Uint8Array): Uint8Array | undefined;
  /** Returns size and type of a blob, without reading it. Undefined if there is none. */
  find(namespace: string, sha256: Uint8Array): Promise<StoredBlob | undefined>;
  /**
   * Records that instances have records that name blobs. Durable when it resolves. A repetition refreshes the mention.
   */
  mention(mentions: readonly BlobMention[]): Promise<void>;
  /** Records that the service has mentioned all blobs that its records named before this moment. */
  recordThrough(from: MentionSource, throughMs: number): Promise<void>;
  /** Returns the earliest of these moments over all partitions. Undefined if there is none. */
  through(): Promise<MentionedThrough | undefined>;
  /** Sweeps one slice of all blobs and mentions, 0 to 255. Resolves with the number of removed blobs. */
  sweep(slice: number, options: Sweep): Promise<number>;
  close(): Promise<void>;
}

/** Returns all of a small blob. */
export async function wholeBlob(
  blobs: Pick<Blobs, "read">,
  namespace: string,
  sha256: Uint8Array,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.read(namespace, sha256)) parts.push(Uint8Array.from(part));
  return Buffer.concat(parts);
}

export type BlobContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A reference to a blob, as in records. */
export interface Blob {
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  readonly size: number;
}

export interface StoredBlob {
  readonly size: number;
  /** When it was last put, or when its last mention ended. */
  readonly putMs: number;
}

/** A partition whose records may name blobs. */
export interface MentionSource {
  readonly service: string;
  readonly partition: number;
}

/** The moment up to which a partition has mentioned all blobs that its records name. */
export interface MentionedThrough extends MentionSource {
  readonly throughMs: number;
}

/** An instance with records that name a blob of its namespace. */
export interface BlobMention extends MentionSource {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
  readonly sha256: Uint8Array;
}

export interface Sweep {
  /** Blobs that were put at this moment or later stay. */
  readonly beforeMs: number;
  /** Returns which of these count: false if the instance is gone, true if that is unknown. */
  isReferenced(mentions: readonly BlobMention[]): Promise<readonly boolean[]>;
}

/** Number of slices of a sweep. */
export const sweepSlices = 256;
