/** Ids of objects that are made with an idempotency key: a repetition finds the object of the first call. */
import { createHash } from "node:crypto";
import type { CallContext } from "@tutti/kernel";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Returns a digest of the caller, the place, the request and the key. Undefined if every call counts. */
export function repeatedId(
  { principal, namespace, idempotencyKey }: CallContext,
  intent: string,
  length: number,
): string | undefined {
  if (idempotencyKey === "") return;
  const { kind, id } = principal;
  const digest = createHash("sha512")
    .update(JSON.stringify([namespace, kind, id, intent, idempotencyKey]))
    .digest();
  return Array.from(digest.subarray(0, length), (byte) => alphabet[byte % alphabet.length]).join("");
}
