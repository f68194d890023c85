/**
 * Blobs: content too large for a record, kept by namespace and named by what it contains.
 *
 * What every implementation owes, and its conformance suite checks:
 * 1. When `put` has resolved the content is there until it is swept, after any crash: a record may name it.
 * 2. What is read is what was put, or it is reported as damaged. The last part is handed out after all of it was
 *    checked.
 * 3. `sweep` removes unmentioned blobs and was last put before a moment. The end of its last mention counts like
 *    another put: a caller that is about to name it again has the same time as after a first one.
 * 4. What is put or mentioned while a sweep is under way is not lost to it.
 * 5. The same content in two namespaces is two blobs.
 */
export interface Blobs {
  /**
   * Takes content in parts. The same content twice is one blob, put again. Throws `blobs.not_as_said`. While the store
   * does not answer it waits, until the signal is aborted.
   */
  put(
    namespace: string,
    content: BlobContent,
    announced?: Partial<Blob>,
    signal?: AbortSignal,
  ): Promise<Blob>;
  /**
   * Returns the content in parts of 1 MiB at most. A part may be used until the next one is requested: its memory may be
   * that of a later one. Throws `blobs.missing` and `blobs.damaged`.
   */
  read(namespace: string, sha256: Uint8Array): AsyncIterable<Uint8Array>;
  /**
   * Returns the content at once, for work that waits for nothing: whichever namespace has it, so never for a caller.
   * Undefined where it would have to be fetched, or is not there. Throws `blobs.damaged`.
   */
  readNow(sha256: Uint8Array): Uint8Array | undefined;
  /** Size and type of a blob, without reading it. Undefined when there is none. */
  find(namespace: string, sha256: Uint8Array): Promise<StoredBlob | undefined>;
  /** Instances have records that name blobs. Durable when it resolves. The same again is mentioned again. */
  mention(mentions: readonly BlobMention[]): Promise<void>;
  /** The mentioning service has mentioned all that its records named before this moment. */
  noteThrough(from: MentionSource, throughMs: number): Promise<void>;
  /** Returns the earliest of these moments, over all that ever noted one. Undefined if there is none. */
  through(): Promise<MentionedThrough | undefined>;
  /** Looks at one part of all blobs and mentions, 0 to 255, and resolves with how many blobs it has removed. */
  sweep(slice: number, how: Sweep): Promise<number>;
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

/** As records name it. */
export interface Blob {
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  readonly size: number;
}

export interface StoredBlob {
  readonly size: number;
  /** When it was last put, or the last mention of it ended. */
  readonly putMs: number;
}

/** A partition whose records may name blobs. */
export interface MentionSource {
  readonly service: string;
  readonly partition: number;
}

/** Up to when a partition has mentioned all that its records name. */
export interface MentionedThrough extends MentionSource {
  readonly throughMs: number;
}

/** An instance has records that name a blob of its namespace. */
export interface BlobMention extends MentionSource {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
  readonly sha256: Uint8Array;
}

export interface Sweep {
  /** What was put at this moment or later stays. */
  readonly beforeMs: number;
  /** Which of these count: false for those of instances that are gone, true where that is not known here. */
  isKept(mentions: readonly BlobMention[]): Promise<readonly boolean[]>;
}

/** How many parts a sweep goes through everything in. */
export const sweepSlices = 256;
