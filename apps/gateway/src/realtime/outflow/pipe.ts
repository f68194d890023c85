/** The way to one reader, as an outflow needs it. */
export interface Pipe {
  /** What is said when there is nothing to say, so that the reader knows that it is not forgotten. */
  readonly heartbeat: Uint8Array;
  /** Writes the frames, in order, and says when the system has taken all of them. */
  write(frames: readonly Uint8Array[], taken: () => void): void;
  /** No more frames: what was written still arrives. */
  end(): void;
  /** At once, whatever is still on its way. */
  cut(): void;
}
