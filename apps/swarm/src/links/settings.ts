import type { LinkTimes } from "./protocol/host-link.ts";

/** Settings of links. */
export interface LinkSettings extends LinkTimes {
  /** Maximum silence of an agent before its tasks go to others. */
  readonly leaseMs: number;
  /** The start of a shorter attempt need not be reported. */
  readonly startedAfterMs: number;
  /** Maximum time of a new stream without a greeting. */
  readonly greetingMs: number;
  /** Maximum size of a frame, in both directions. */
  readonly frameBytesMax: number;
  /** Maximum delay of an acknowledgement that waits for a frame. */
  readonly sweepMs: number;
}
