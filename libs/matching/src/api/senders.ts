import type { OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Pool } from "./pool.ts";

/** The messages to one sender: one stream, over which it speaks with all pools of this process. */
export interface SenderOutlet {
  /**
   * A batch. `welcome` and `moved` are the caller's to say. It is used again: what has to stay is encoded or copied
   * before this returns.
   */
  send(reply: OfferReply): void;
}

/**
 * One stream of a sender. Made by `openOfferStream` when its greeting is taken, closed when it breaks: a new one starts
 * with nothing, and what is offered again on it is recognised by its token.
 */
export interface OfferStream {
  /** Instance id of the sender. */
  readonly sender: string;

  /** Opens a pool under a number of this stream. The next batch reports the window. */
  open(number: number, pool: Pool): Refusal | undefined;

  /**
   * Gives a pool up, because it is owned elsewhere: nothing more is sent about it. What is offered to its number goes
   * nowhere.
   */
  shut(number: number): void;

  /**
   * Takes in all of a request but its `hello` and `pools`, in the order of the fields' numbers. A refusal means that the
   * stream has to be ended: its sender broke the rules, and the next one could not be understood either.
   */
  take(request: OfferRequest, nowMs: number): Refusal | undefined;

  /** The stream is broken. Waiting tasks are not assigned until they are offered again. Running work continues. */
  close(nowMs: number): void;
}
