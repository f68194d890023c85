/** Messages as bytes on the wire. The mesh encodes and decodes by itself, so that its errors name the mistake. */
import { inTurns, reasonOf } from "@tutti/kernel";
import type { Method } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { declareHeavy, heavyBytes, isHeavy, type Part, requireSize } from "../interceptors/limits.ts";

export function encode(method: Method, part: Part, message: unknown, limit: number): Buffer {
  const codec = part === "request" ? method.rpc.request : method.rpc.reply;
  const bytes = codec.encode(message);
  return sized(method, part, bytes, limit);
}

/** Like `encode`. A heavy message is encoded in slices, with turns for other work. */
export function encodeInTurns(
  method: Method,
  part: Part,
  message: unknown,
  limit: number,
): Buffer | Promise<Buffer> {
  const codec = part === "request" ? method.rpc.request : method.rpc.reply;
  const slices = isHeavy(message) && codec.encodeInSlices?.(message);
  if (!slices) return encode(method, part, message, limit);
  return inTurns(slices).then((bytes) => sized(method, part, bytes, limit));
}

function sized(method: Method, part: Part, bytes: Uint8Array, limit: number): Buffer {
  requireSize(method, part, bytes.length, limit);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function decodeRequest(method: Method, bytes: Buffer, limit: number): unknown {
  requireSize(method, "request", bytes.length, limit);
  try {
    return method.rpc.request.decode(bytes);
  } catch (error) {
    throw meshErrors.malformed({ rpc: method.label, reason: reasonOf(error) }, { cause: error });
  }
}

export function decodeReply(method: Method, bytes: Buffer, limit: number): unknown {
  requireSize(method, "reply", bytes.length, limit);
  try {
    return declareHeavy(method.rpc.reply.decode(bytes), bytes.length);
  } catch (error) {
    throw meshErrors.malformedReply({ rpc: method.label, reason: reasonOf(error) }, { cause: error });
  }
}

/** Like `decodeRequest` or `decodeReply`. A heavy message is decoded in slices, with turns for other work. */
export function decodeInTurns(method: Method, part: Part, bytes: Buffer, limit: number): unknown {
  const isRequest = part === "request";
  const codec = isRequest ? method.rpc.request : method.rpc.reply;
  const slices = bytes.length > heavyBytes && codec.decodeInSlices?.(bytes);
  if (!slices) return (isRequest ? decodeRequest : decodeReply)(method, bytes, limit);
  requireSize(method, part, bytes.length, limit);
  return inTurns(slices).then(
    (message) => declareHeavy(message, bytes.length),
    (error: unknown) => {
      const refuse = isRequest ? meshErrors.malformed : meshErrors.malformedReply;
      throw refuse({ rpc: method.label, reason: reasonOf(error) }, { cause: error });
    },
  );
}
