/** The connection to one reader, as an outflow needs it. */
export interface Pipe {
  /** The heartbeat of a quiet connection. */
  readonly heartbeat: Uint8Array;
  /** Writes the frames in order. Calls back when the system has accepted all of them. */
  write(frames: readonly Uint8Array[], onAccepted: () => void): void;
  /** Ends after the frames that were written. */
  end(): void;
  /** Ends at once, also with unsent messages. */
  destroy(): void;
}
