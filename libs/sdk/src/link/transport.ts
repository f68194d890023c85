/** The port over which a link sends and receives frames. */
import type { BlobAccess } from "./blobs.ts";

export interface StreamEvents {
  frame(bytes: Uint8Array): void;
  /** Called once when the stream has ended, with the reason, and whether the key of the worker was refused. */
  ended(reason: string, isKeyRefused?: boolean): void;
}

export interface LinkStream {
  write(bytes: Uint8Array): void;
  /** Ends the stream after the frames that were written. */
  end(): void;
  /** Cancels the stream at once. */
  cancel(reason: string): void;
}

export interface Transport {
  open(address: string, events: StreamEvents): LinkStream;
  /** The blob store at the address: content that is too large for a frame. */
  blobs(address: string): BlobAccess;
  close(): void;
}
