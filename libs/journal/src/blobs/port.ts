/**
 * Blobs: content too large for a record, named by what it contains.
 *
 * What every implementation owes, and its conformance suite checks:
 * 1. When `put` has resolved the content is there for ever (until it is removed), whatever dies: a record may name it.
 * 2. What is read is what was put, or it is reported as damaged; the last part is handed out after all of it was checked.
 * 3. `sweep` removes nothing that is live, nor what was put lately: a record that names it may be on its way.
 */
export interface Blobs {
  /** Takes content in parts. The same content twice is one blob, put anew. */
  put(content: BlobContent): Promise<Blob>;
  /** The content in parts. Throws `blobs.missing` and `blobs.damaged`. */
  read(sha256: Uint8Array): AsyncIterable<Uint8Array>;
  /** Its length, or undefined when there is none. */
  size(sha256: Uint8Array): Promise<number | undefined>;
  /** Nothing when there is none. */
  remove(sha256: Uint8Array): Promise<void>;
  /** Removes what is not live and was last put before the moment; resolves with how many. */
  sweep(isLive: (sha256: Uint8Array) => boolean, beforeMs: number): Promise<number>;
  close(): Promise<void>;
}

export type BlobContent = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** As records name it. */
export interface Blob {
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  readonly size: number;
}
