import type { LinkTimes } from "./protocol/host-link.ts";

/** What can be set about links. */
export interface LinkSettings extends LinkTimes {
  /** How long an agent may be silent before its tasks are given to others. */
  readonly leaseMs: number;
  /** An attempt that ends sooner needs no word that it started. */
  readonly startedAfterMs: number;
  /** How long a new stream may be without a greeting. */
  readonly greetingMs: number;
  /** Largest frame, either way. */
  readonly frameBytesMax: number;
  /** How long an acknowledgement may wait for a frame that carries it. */
  readonly sweepMs: number;
}
