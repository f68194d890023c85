/** Secrets that are given out, and how they are recognised. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Impossible to guess. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** A secret can be recognised by it, and not be had from it. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Takes as long for a wrong one as for the right one. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(one)), Buffer.from(hashOf(other)));
}
