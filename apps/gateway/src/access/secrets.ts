/** Creates secrets, and recognises them by their hashes. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Returns a secret that cannot be guessed. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Returns a hash that identifies a secret and does not reveal it. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Compares in constant time. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(one)), Buffer.from(hashOf(other)));
}
