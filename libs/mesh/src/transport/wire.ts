/** Messages as the bytes that travel. The mesh encodes and decodes by itself, so that what is wrong is said well. */
import type { Method } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { declareHeavy, requireSize } from "../interceptors/limits.ts";

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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
