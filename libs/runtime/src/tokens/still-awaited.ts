import type { Command, WireCodec } from "@tutti/kernel";

const nothing: WireCodec<undefined> = {
  encode: () => new Uint8Array(0),
  decode: () => undefined,
  toJSON: () => null,
};

/**
 * Submitted with a token it asks whether that attempt is awaited, of any kind of machine and without a step of it:
 * `done` where it is, `ignored` where it never will be again. Like everything else it is answered when all that the
 * answer rests on is durable.
 */
export const isStillAwaited: Command<unknown, undefined, undefined> = {
  type: "is_still_awaited",
  codec: nothing,
  reply: nothing,
  decide: () => undefined,
};
