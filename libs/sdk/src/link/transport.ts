/** How frames travel, as the link sees it: over gRPC, or in a test over nothing at all. */
import type { BlobAccess } from "./blobs.ts";

export interface StreamEvents {
  frame(bytes: Uint8Array): void;
  /** Nothing comes any more. Why, in words, and whether the key of the worker is the reason. Once. */
  ended(reason: string, isKeyRefused?: boolean): void;
}

export interface LinkStream {
  write(bytes: Uint8Array): void;
  /** Nothing follows. What was written still goes out. */
  end(): void;
  /** At once. */
  cancel(reason: string): void;
}

export interface Transport {
  open(address: string, events: StreamEvents): LinkStream;
  /** The blob store at the address: content that is too large for a frame. */
  blobs(address: string): BlobAccess;
  close(): void;
}
