import type { Cause } from "@tutti/contracts/types/v1";
import type { Place } from "./ownership.ts";

/**
 * Messages between machines. The runtime numbers and keeps them until the receiver has them durable. The mesh
 * implements this port for their transport, and so does a simulated network.
 *
 * Messages go from partition to partition: that is a channel. Their numbers count per channel, from 1, without gaps.
 * The receiver remembers the last one of each channel, so that it recognises a repeated message after any delay.
 */
export interface Delivery {
  /**
   * Delivers a batch to the owner of a place. Resolves when the receiver has it durable, with the number up to which it
   * has all messages of the channel. Rejects if that is unknown, and the sender repeats.
   */
  deliver(to: Place, batch: EnvelopeBatch, signal: AbortSignal): Promise<number>;
}

/** Messages of one channel in the order of their numbers. */
export interface EnvelopeBatch {
  /** The sending partition. */
  readonly service: string;
  readonly partition: number;
  readonly envelopes: readonly Envelope[];
}

export interface Envelope {
  readonly namespace: string;
  /** Sending and receiving instance, `kind/id`. */
  readonly sender: string;
  readonly receiver: string;
  /** Position in the channel. */
  readonly number: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly cause: Cause | undefined;
}
