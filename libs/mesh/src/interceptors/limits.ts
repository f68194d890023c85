/**
 * The limit on the size of one message. Over gRPC the bytes are known. In-process an upper bound is estimated, and the
 * message is encoded only if the bound is not conclusive.
 */
import type { MessageCodec } from "@tutti/contracts/rpc";
import type { Method } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";

export type Part = "request" | "reply";

export function requireSize(method: Method, part: Part, size: number, limit: number): void {
  if (size > limit) throw meshErrors.messageTooLarge({ rpc: method.label, part, size, limit });
}

/** Sizes counted by the makers of large batches. */
const declaredWeights = new WeakMap<object, number>();

/**
 * Declares the maximum size of a message that was counted while it was made: then it is not walked through within the
 * process. The message must not be changed any more.
 */
export function declareWeight<Message extends object>(message: Message, bytesMax: number): Message {
  declaredWeights.set(message, bytesMax);
  return message;
}

/** From this size on each step takes milliseconds: decoding, weighing, writing as JSON. */
export const heavyBytes = 262_144;

/** Remembers the weight of a heavy message. */
export function declareHeavy<Message>(message: Message, bytesMax: number): Message {
  if (bytesMax > heavyBytes) declaredWeights.set(message as object, bytesMax);
  return message;
}

/** Messages of unknown size that came from a heavy one of another form. */
const heavyMessages = new WeakSet<object>();

/** Declares that a message of unknown size is heavy. */
export function markHeavy(message: object): void {
  heavyMessages.add(message);
}

/** Returns whether a message is so heavy that other work gets a turn between its steps. */
export function isHeavy(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return false;
  return (declaredWeights.get(message) ?? 0) > heavyBytes || heavyMessages.has(message);
}

function weightOf(message: unknown): number | undefined {
  return typeof message === "object" && message !== null ? declaredWeights.get(message) : undefined;
}

/** The same check for a message that is not encoded. */
export function requireWeight(method: Method, part: Part, message: unknown, limit: number): void {
  const declared = weightOf(message);
  const weight = declared ?? weightMax(message, limit);
  if (declared === undefined) declareHeavy(message, weight);
  if (weight <= limit) return;
  const codec: MessageCodec<unknown> = part === "request" ? method.rpc.request : method.rpc.reply;
  requireSize(method, part, codec.encode(message).length, limit);
}

/** Maximum length of a tag and a length prefix. */
const overhead = 10;
/** Maximum length of a number. */
const number = 10;

/** Returns an upper bound of the encoded size. Stops counting beyond the limit. */
function weightMax(value: unknown, limit: number): number {
  switch (typeof value) {
    case "string":
      return overhead + value.length * 3;
    case "number":
    case "bigint":
    case "boolean":
      return overhead + number;
    case "object":
      return value === null ? 0 : objectWeightMax(value, limit);
    default:
      return 0;
  }
}

function objectWeightMax(value: object, limit: number): number {
  if (ArrayBuffer.isView(value)) return overhead + value.byteLength;
  let weight = overhead;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && weight <= limit; i++) weight += weightMax(value[i], limit);
    return weight;
  }
  if (value instanceof Map) {
    for (const [key, entry] of value) weight += overhead + weightMax(key, limit) + weightMax(entry, limit);
    return weight;
  }
  // The names of a map's entries are sent too. Those of fields are not, but cost less than distinguishing them.
  for (const key in value) {
    weight += overhead + key.length * 3 + weightMax((value as Record<string, unknown>)[key], limit);
    if (weight > limit) break;
  }
  return weight;
}
