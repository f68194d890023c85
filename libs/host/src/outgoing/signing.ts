/**
 * Signatures of outgoing and incoming webhooks, as Standard Webhooks has them (standardwebhooks.com). A header contains
 * a keyed hash over the id, the time and the body. Two further headers contain the id and the time.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const signingHeaders = {
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
} as const;

export interface Signed {
  /** Equal for repetitions of the same message. */
  readonly id: string;
  /** Send time in seconds since 1970, as in the header. */
  readonly timestamp: string;
  readonly body: string | Uint8Array;
}

/** Returns the headers of a request that is sent now. */
export function signedHeaders(
  secret: string,
  { id, nowMs, body }: { readonly id: string; readonly nowMs: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return {
    [signingHeaders.id]: id,
    [signingHeaders.timestamp]: timestamp,
    [signingHeaders.signature]: `v1,${hashOf(secret, { id, timestamp, body }).toString("base64")}`,
  };
}

/** Returns whether one of the signatures in a header, separated by spaces, was made with one of the secrets. */
export function isSignedBy(secrets: readonly string[], signed: Signed, signatures: string): boolean {
  const candidates = signatures
    .split(" ", signaturesMax)
    .flatMap((part) => (part.startsWith("v1,") ? [Buffer.from(part.slice(3), "base64")] : []));
  return secrets.some((secret) => {
    const expected = hashOf(secret, signed);
    return candidates.some(
      (candidate) => candidate.length === expected.length && timingSafeEqual(candidate, expected),
    );
  });
}

const signaturesMax = 8;
const encodedSecret = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

function hashOf(secret: string, { id, timestamp, body }: Signed): Buffer {
  const encoded = encodedSecret.exec(secret)?.[1];
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, "base64");
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}
