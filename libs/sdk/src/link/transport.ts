/** How frames travel, as the link sees it: over gRPC, or in a test over nothing at all. */
export interface StreamEvents {
  frame(bytes: Uint8Array): void;
  /** Nothing comes any more; why, in words. Once. */
  ended(reason: string): void;
}

export interface LinkStream {
  write(bytes: Uint8Array): void;
  /** Nothing follows; what was written still goes out. */
  end(): void;
  /** At once. */
  cancel(reason: string): void;
}

export interface Transport {
  open(address: string, events: StreamEvents): LinkStream;
  close(): void;
}
