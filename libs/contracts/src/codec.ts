import { type MessageType, sliceBytesUsual } from "./message/message.ts";
import { Reader } from "./message/reader.ts";
import type { MessageCodec } from "./rpc.ts";
import { Encoded } from "./wire/encoded.ts";
import { FlatWriter } from "./wire/flat-writer.ts";

/** A larger writer is not kept. Otherwise one large message would hold its memory for ever. */
const retainedBytesMax = 256 * 1024;

/**
 * The writer that all codecs share: a new one per message has to grow its buffer from nothing each time. `finish`
 * hands out a copy and resets it. It is removed while in use, so that a nested encoding, or one that throws, does
 * not affect the next.
 */
let idleWriter: FlatWriter | undefined;

/** @param read decoder of a message with a hand-written decoder */
export function codecOf<T extends object>(
  type: MessageType<T>,
  read?: (bytes: Uint8Array) => T,
): MessageCodec<T> {
  return {
    encode(message) {
      const encoded = Encoded.bytesOf(message);
      if (encoded !== undefined) return encoded;
      const writer = idleWriter ?? new FlatWriter();
      idleWriter = undefined;
      type.write(message, writer);
      const bytes = writer.finish();
      if (bytes.length <= retainedBytesMax) idleWriter = writer;
      return bytes;
    },
    *encodeInSlices(message) {
      const encoded = Encoded.bytesOf(message);
      if (encoded !== undefined) return encoded;
      // A separate writer: other encodings run between two slices.
      const writer = new FlatWriter(sliceBytesUsual);
      yield* type.writeInSlices(message, writer, sliceBytesUsual);
      return writer.finish();
    },
    decode: read ?? ((bytes) => decodeStrict(type, bytes)),
    *decodeInSlices(bytes) {
      if (read !== undefined) return read(bytes);
      const reader = new Reader(bytes, true);
      return requireFullyRead(reader, yield* type.readInSlices(reader, reader.len, sliceBytesUsual));
    },
  };
}

function decodeStrict<T extends object>(type: MessageType<T>, bytes: Uint8Array): T {
  // Unknown fields of a request are refused: they would be lost without an error.
  const reader = new Reader(bytes, true);
  return requireFullyRead(reader, type.read(reader, reader.len));
}

function requireFullyRead<T>(reader: Reader, message: T): T {
  // `decode` of a message stops silently at an invalid tag. Without this check the rest would be lost.
  if (reader.pos !== reader.len) {
    throw new RangeError(`expected a field at byte ${reader.pos} of ${reader.len}, got no valid tag`);
  }
  return message;
}
