/** The way to one reader, as an outflow needs it. */
export interface Pipe {
  /** The sign of life of a quiet connection. */
  readonly heartbeat: Uint8Array;
  /** Writes the frames, in order, and says when the system has taken all of them. */
  write(frames: readonly Uint8Array[], taken: () => void): void;
  /** No more frames: what was written still arrives. */
  end(): void;
  /** At once, also with unsent messages. */
  cut(): void;
}
