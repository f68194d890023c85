import type { Command, WireCodec } from "@tutti/kernel";

const nothing: WireCodec<undefined> = {
  encode: () => new Uint8Array(0),
  decode: () => undefined,
  toJSON: () => null,
};

/**
 * Submitted with a token, asks whether that attempt is awaited, for any kind of machine and without a step. Replies
 * `done` if it is, `ignored` if it never will be again. Like every answer, it is given when everything it rests on is
 * durable.
 */
export const isStillAwaited: Command<unknown, undefined, undefined> = {
  type: "is_still_awaited",
  codec: nothing,
  reply: nothing,
  decide: () => undefined,
};
