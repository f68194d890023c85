/**
 * The limit on the size of one message. Over gRPC the bytes are at hand. In-process a message is weighed by what it
 * cannot exceed, and encoded only when that is not enough to tell.
 */
import type { MessageCodec } from "@tutti/contracts/rpc";
import type { Method } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";

export type Part = "request" | "reply";

export function requireSize(method: Method, part: Part, size: number, limit: number): void {
  if (size > limit) throw meshErrors.messageTooLarge({ rpc: method.label, part, size, limit });
}

/** What makers of large batches counted while they filled them. */
const declaredWeights = new WeakMap<object, number>();

/**
 * Says how many bytes a message takes at most, if they were counted while it was put together: then it is not
 * walked through for that on its way within the process. The message may not be changed any more.
 */
export function declareWeight<Message extends object>(message: Message, bytesMax: number): Message {
  declaredWeights.set(message, bytesMax);
  return message;
}

/** Each step of such a message takes milliseconds: decoding, weighing, writing it as JSON. */
export const heavyBytes = 262_144;

/** Remembers the weight of a heavy message. */
export function declareHeavy<Message>(message: Message, bytesMax: number): Message {
  if (bytesMax > heavyBytes) declaredWeights.set(message as object, bytesMax);
  return message;
}

/** Of messages whose size is not known and that came from a heavy one of another form. */
const heavyMessages = new WeakSet<object>();

/** Says that a message is heavy. How many bytes it takes is not known. */
export function markHeavy(message: object): void {
  heavyMessages.add(message);
}

/** Returns whether a message that has passed is so heavy that others get a turn between two steps of its way. */
export function isHeavy(message: unknown): boolean {
  if (typeof message !== "object" || message === null) return false;
  return (declaredWeights.get(message) ?? 0) > heavyBytes || heavyMessages.has(message);
}

function weightOf(message: unknown): number | undefined {
  return typeof message === "object" && message !== null ? declaredWeights.get(message) : undefined;
}

/** The same for a message that is not encoded. */
export function requireWeight(method: Method, part: Part, message: unknown, limit: number): void {
  const declared = weightOf(message);
  const weight = declared ?? weightMax(message, limit);
  if (declared === undefined) declareHeavy(message, weight);
  if (weight <= limit) return;
  const codec: MessageCodec<unknown> = part === "request" ? method.rpc.request : method.rpc.reply;
  requireSize(method, part, codec.encode(message).length, limit);
}

/** A tag and a length prefix at their longest. */
const overhead = 10;
/** The longest form of a number. */
const number = 10;

/** More bytes than the message needs when it is encoded. Gives up counting beyond the limit. */
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
  // The names of a map's entries travel too. Those of fields do not, but cost less than a walk that tells them apart.
  for (const key in value) {
    weight += overhead + key.length * 3 + weightMax((value as Record<string, unknown>)[key], limit);
    if (weight > limit) break;
  }
  return weight;
}
