/**
 * Signatures of checkpoints, bundles and keys: Ed25519. Signed content starts with its kind, so that a
 * signature of one kind is never valid for another.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

const seedBytes = 32;
const publicKeyBytes = 32;
/** The bytes before the seed in the key format of RFC 8410. */
const seedPrefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** The kinds of signed content. Each signature includes its kind. */
export type Purpose = "checkpoint" | "bundle" | "signing key" | "export" | "retention";

export interface Signer {
  readonly publicKey: Uint8Array;
  sign(purpose: Purpose, content: Uint8Array): Uint8Array;
}

/** Returns a key made of a secret of 32 bytes: the same bytes give the same key. */
export function signerOf(seed: Uint8Array): Signer {
  if (seed.length !== seedBytes)
    throw new RangeError(`expected a seed of ${seedBytes} bytes, got ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    publicKey: Uint8Array.from(Buffer.from(x, "base64url")),
    sign: (purpose, content) => Uint8Array.from(sign(null, framed(purpose, content), key)),
  };
}

/** Returns whether this key signed this content. Invalid bytes give false, not an error. */
export function verifySignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  purpose: Purpose,
  content: Uint8Array,
): boolean {
  const key = publicKeyOf(publicKey);
  return key !== undefined && verify(null, framed(purpose, content), key, signature);
}

function publicKeyOf(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== publicKeyBytes) return;
  const x = Buffer.from(bytes).toString("base64url");
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  } catch {
    // Not every 32 bytes are a point of the curve.
    return;
  }
}

function framed(purpose: Purpose, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`tutti ${purpose} v1\n`), content]);
}
