import type { Msg, MsgHdrs } from "@nats-io/transport-node";

/** A message of a stream as a consumer delivered it. */
export interface Delivered {
  readonly subject: string;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
  /** Its sequence in the stream, from 1. */
  readonly sequence: number;
  /** Its number among the deliveries of the consumer, from 1, without gaps. */
  readonly delivery: number;
  /** Number of its deliveries so far, including this one. */
  readonly deliveries: number;
  /** Number of messages that the consumer still has for us after this one. */
  readonly pending: number;
  /** When the stream stored it, milliseconds since the epoch. */
  readonly timeMs: number;
  /** Subject of acknowledgements. */
  readonly reply: string;
}

/**
 * Reads the delivery data of a message from the subject for its acknowledgement:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<nanoseconds>.<pending>`, with domain and account
 * before the stream on newer servers. Undefined for a message that no consumer delivered.
 */
export function deliveredOf(message: Msg): Delivered | undefined {
  const reply = message.reply ?? "";
  if (!reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const first = tokens.length === 9 ? 4 : 6;
  const number = (index: number): number => Number(tokens[first + index] ?? Number.NaN);
  const sequence = number(1);
  if (!Number.isSafeInteger(sequence)) return undefined;
  return {
    subject: message.subject,
    headers: message.headers,
    data: message.data,
    sequence,
    delivery: number(2),
    deliveries: number(0),
    pending: number(4),
    // Nanoseconds exceed the exact range of a number, but milliseconds do not.
    timeMs: Math.floor(number(3) / 1e6),
    reply,
  };
}
