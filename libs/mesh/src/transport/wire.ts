/** Messages as the bytes that travel. The mesh encodes and decodes by itself, so that what is wrong is said well. */
import { inTurns } from "@tutti/kernel";
import type { Method } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { declareHeavy, heavyBytes, requireSize } from "../interceptors/limits.ts";

export function encode(method: Method, part: "request" | "reply", message: unknown, limit: number): Buffer {
  const codec = part === "request" ? method.rpc.request : method.rpc.reply;
  const bytes = codec.encode(message);
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

/** As `decodeReply`. A heavy reply is decoded with a turn for others between two slices. */
export function decodeReplyInTurns(method: Method, bytes: Buffer, limit: number): unknown {
  const slices = bytes.length > heavyBytes && method.rpc.reply.decodeInSlices?.(bytes);
  if (!slices) return decodeReply(method, bytes, limit);
  requireSize(method, "reply", bytes.length, limit);
  return inTurns(slices).then(
    (reply) => declareHeavy(reply, bytes.length),
    (error: unknown) => {
      throw meshErrors.malformedReply({ rpc: method.label, reason: reasonOf(error) }, { cause: error });
    },
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
