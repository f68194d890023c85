import type { Place } from "./ownership.ts";

/**
 * Messages between machines. The runtime numbers and keeps them until the receiver has them durable; how they
 * travel is none of its business. The mesh implements this port, a simulated network does too.
 */
export interface Delivery {
  /**
   * Hands a batch to the owner of a place. Resolves when the receiver has all of it durable, with what it
   * acknowledges; rejects when that is unknown, and the sender repeats.
   */
  deliver(to: Place, batch: readonly Letter[], signal: AbortSignal): Promise<readonly Acknowledgement[]>;
}

export interface Letter {
  readonly namespace: string;
  /** Sending and receiving instance, `kind/id`. */
  readonly sender: string;
  readonly receiver: string;
  /** Position in the sequence from this sender to this receiver, from 1, without gaps. */
  readonly number: number;
  /** Lowest number the sender may still repeat: what is below may be forgotten. */
  readonly unconfirmedFrom: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly traceparent: string;
}

export interface Acknowledgement {
  readonly sender: string;
  readonly receiver: string;
  /** All letters up to this number are durable at the receiver. */
  readonly upTo: number;
}
