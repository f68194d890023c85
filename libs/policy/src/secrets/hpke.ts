/**
 * Sealing for one recipient by its public key: RFC 9180 (HPKE), base mode, one message per key, with X25519,
 * HKDF-SHA256 and AES in Galois counter mode.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";

export interface SealedFor {
  /** The recipient derives the key from it, with the private key: 32 bytes. */
  readonly encapsulatedKey: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Cipher numbers of RFC 9180. The longer key is used, the shorter one is that of the test vectors. */
type Cipher = "aes-256-gcm" | "aes-128-gcm";

export interface SealingRequest {
  readonly recipientKey: Uint8Array;
  /** The purpose: the opener has to pass the same. */
  readonly info: Uint8Array;
  readonly plain: Uint8Array;
  /** Random key of this message, 32 bytes. */
  readonly ephemeral: Uint8Array;
  readonly also?: Uint8Array;
  readonly cipher?: Cipher;
}

const keyBytes = 32;
const tagBytes = 16;
const privatePrefix = Buffer.from("302e020100300506032b656e04220420", "hex");
const kemSuite = Buffer.concat([Buffer.from("KEM"), number(32)]);
const noBytes = new Uint8Array(0);
const ciphers = {
  "aes-256-gcm": { number: 2, keyBytes: 32 },
  "aes-128-gcm": { number: 1, keyBytes: 16 },
} as const;

/** Throws if the recipient's key is invalid. */
export function sealedFor({
  recipientKey,
  info,
  plain,
  ephemeral,
  also = noBytes,
  cipher = "aes-256-gcm",
}: SealingRequest): SealedFor {
  const own = privateKeyOf(ephemeral);
  const encapsulatedKey = publicBytesOf(own);
  const shared = sharedSecret(own, recipientKey, encapsulatedKey, recipientKey);
  const { key, nonce } = schedule(shared, info, cipher);
  const sealing = createCipheriv(cipher, key, nonce).setAAD(also);
  const sealed = Buffer.concat([sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
  return { encapsulatedKey, sealed };
}

export interface OpeningRequest extends SealedFor {
  readonly privateKey: Uint8Array;
  readonly info: Uint8Array;
  readonly also?: Uint8Array;
  readonly cipher?: Cipher;
}

/** Returns the content. Undefined if it was sealed for another receiver or purpose, or was changed. */
export function openedBy({
  privateKey,
  encapsulatedKey,
  sealed,
  info,
  also = noBytes,
  cipher = "aes-256-gcm",
}: OpeningRequest): Uint8Array | undefined {
  try {
    const own = privateKeyOf(privateKey);
    const shared = sharedSecret(own, encapsulatedKey, encapsulatedKey, publicBytesOf(own));
    const { key, nonce } = schedule(shared, info, cipher);
    const end = sealed.length - tagBytes;
    const opening = createDecipheriv(cipher, key, nonce).setAAD(also).setAuthTag(sealed.subarray(end));
    return Buffer.concat([opening.update(sealed.subarray(0, end)), opening.final()]);
  } catch {
    // An invalid key, a tag that is too short, or an invalid tag.
    return;
  }
}

/** Returns the public key of a private one. */
export function recipientKeyOf(privateKey: Uint8Array): Uint8Array {
  return publicBytesOf(privateKeyOf(privateKey));
}

function sharedSecret(
  own: KeyObject,
  other: Uint8Array,
  encapsulatedKey: Uint8Array,
  recipientKey: Uint8Array,
): Uint8Array {
  // Throws for keys of small order, with which all would have the same secret.
  const dh = diffieHellman({ privateKey: own, publicKey: publicKeyOf(other) });
  const context = Buffer.concat([encapsulatedKey, recipientKey]);
  const extracted = labeledExtract(kemSuite, noBytes, "eae_prk", dh);
  return labeledExpand(kemSuite, extracted, "shared_secret", context, keyBytes);
}

function schedule(
  shared: Uint8Array,
  info: Uint8Array,
  cipher: Cipher,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const { number: cipherNumber, keyBytes: length } = ciphers[cipher];
  const suite = Buffer.concat([Buffer.from("HPKE"), number(32), number(1), number(cipherNumber)]);
  const idHash = labeledExtract(suite, noBytes, "psk_id_hash", noBytes);
  const infoHash = labeledExtract(suite, noBytes, "info_hash", info);
  // The first byte selects the base mode.
  const context = Buffer.concat([Uint8Array.of(0), idHash, infoHash]);
  const secret = labeledExtract(suite, shared, "secret", noBytes);
  return {
    key: labeledExpand(suite, secret, "key", context, length),
    nonce: labeledExpand(suite, secret, "base_nonce", context, 12),
  };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, input: Uint8Array): Uint8Array {
  const labeled = Buffer.concat([Buffer.from("HPKE-v1"), suite, Buffer.from(label), input]);
  return createHmac("sha256", salt).update(labeled).digest();
}

/** At most 32 bytes are needed: one round of HKDF. */
function labeledExpand(
  suite: Uint8Array,
  key: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const parts = [number(length), Buffer.from("HPKE-v1"), suite, Buffer.from(label), info, Uint8Array.of(1)];
  return createHmac("sha256", key).update(Buffer.concat(parts)).digest().subarray(0, length);
}

function privateKeyOf(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privatePrefix, bytes]), format: "der", type: "pkcs8" });
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  const x = Buffer.from(bytes).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

function publicBytesOf(key: KeyObject): Uint8Array {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return Uint8Array.from(Buffer.from(x, "base64url"));
}

function number(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
