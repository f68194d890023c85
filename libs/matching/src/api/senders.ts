import type { OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Pool } from "./pool.ts";

/** The messages to one sender: one stream for all pools of this process. */
export interface SenderOutlet {
  /**
   * Sends a batch. The caller fills in `welcome` and `moved`. The reply is reused: encode or copy it before
   * this returns.
   */
  send(reply: OfferReply): void;
}

/**
 * One stream of a sender. `openOfferStream` makes it when the greeting is accepted, and it is closed when the
 * stream breaks. A new stream starts with nothing. A task that is offered again on it is recognised by its
 * token.
 */
export interface OfferStream {
  /** Instance id of the sender. */
  readonly sender: string;

  /** Opens a pool under a number of this stream. The next batch reports the window. */
  open(number: number, pool: Pool): Refusal | undefined;

  /**
   * Closes a pool that is owned elsewhere: nothing more is sent about it. Later offers to its number are
   * ignored.
   */
  shut(number: number): void;

  /**
   * Accepts a request without its `hello` and `pools`, in the order of the fields' numbers. A refusal means
   * that the sender broke the rules: the stream has to be ended, because the next request could not be
   * understood either.
   */
  receive(request: OfferRequest, nowMs: number): Refusal | undefined;

  /** Closes a broken stream. Waiting tasks wait for a new offer. Running work continues. */
  close(nowMs: number): void;
}
