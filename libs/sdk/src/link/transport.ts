/** How frames travel, as the link sees it: over gRPC, or in a test over nothing at all. */
export interface StreamEvents {
  frame(bytes: Uint8Array): void;
  /** Nothing comes any more. Why, in words. Once. */
  ended(reason: string): void;
}

export interface LinkStream {
  write(bytes: Uint8Array): void;
  /** Nothing follows. What was written still goes out. */
  end(): void;
  /** At once. */
  cancel(reason: string): void;
}

/** Content that is too large for a frame. */
export interface BlobWanted {
  readonly namespace: string;
  readonly sha256: Uint8Array;
  readonly bytes: number;
}

export interface Transport {
  open(address: string, events: StreamEvents): LinkStream;
  /** Reads content from the blob store at the address. Rejects when it is not there, or not what its hash says. */
  readBlob(address: string, wanted: BlobWanted): Promise<Uint8Array>;
  close(): void;
}
