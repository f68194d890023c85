/**
 * Envelopes: a secret is sealed with a key of its own, and that with the sealing key of the installation. To
 * change the sealing key, only the keys are sealed again, and no secret is opened.
 *
 * The name of a secret is part of the seal, so that one secret cannot replace another.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

export interface Envelope {
  readonly sealingKeyId: string;
  /** The secret's own key, sealed. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface SealingKey {
  readonly sealingKeyId: string;
  /** The secret key of 32 bytes. */
  readonly key: Uint8Array;
}

/** A version of a secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
}

export interface Chance {
  fill(bytes: Uint8Array): Uint8Array;
}

const cipher = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

export function enveloped(
  value: Uint8Array,
  name: SecretName,
  { sealingKeyId, key }: SealingKey,
  chance: Chance,
): Envelope {
  const own = chance.fill(new Uint8Array(keyBytes));
  return {
    sealingKeyId,
    key: sealed(own, key, nameOf("key", name, sealingKeyId), chance),
    value: sealed(value, own, nameOf("value", name), chance),
  };
}

/** Returns the content of an envelope. Undefined if its name or key is another one, or if it was changed. */
export function unwrapped(envelope: Envelope, name: SecretName, sealing: SealingKey): Uint8Array | undefined {
  const own = ownKeyOf(envelope, name, sealing);
  return own && opened(envelope.value, own, nameOf("value", name));
}

/** Returns the envelope under another sealing key. Undefined if the first key does not open it. */
export function resealed(
  envelope: Envelope,
  name: SecretName,
  { from, to }: { readonly from: SealingKey; readonly to: SealingKey },
  chance: Chance,
): Envelope | undefined {
  const own = ownKeyOf(envelope, name, from);
  if (own === undefined) return;
  const { sealingKeyId } = to;
  return { ...envelope, sealingKeyId, key: sealed(own, to.key, nameOf("key", name, sealingKeyId), chance) };
}

function ownKeyOf(
  { sealingKeyId, key }: Envelope,
  name: SecretName,
  sealing: SealingKey,
): Uint8Array | undefined {
  if (sealingKeyId !== sealing.sealingKeyId) return;
  return opened(key, sealing.key, nameOf("key", name, sealingKeyId));
}

function sealed(plain: Uint8Array, key: Uint8Array, name: Uint8Array, chance: Chance): Uint8Array {
  const nonce = chance.fill(new Uint8Array(nonceBytes));
  const sealing = createCipheriv(cipher, key, nonce).setAAD(name);
  return Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

function opened(bytes: Uint8Array, key: Uint8Array, name: Uint8Array): Uint8Array | undefined {
  const end = bytes.length - tagBytes;
  if (end < nonceBytes) return;
  try {
    const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes))
      .setAAD(name)
      .setAuthTag(bytes.subarray(end));
    return Buffer.concat([opening.update(bytes.subarray(nonceBytes, end)), opening.final()]);
  } catch {
    return;
  }
}

/** As JSON, so that no two names have the same form. */
function nameOf(
  purpose: string,
  { namespace, name, version }: SecretName,
  ...more: readonly string[]
): Uint8Array {
  return Buffer.from(JSON.stringify(["tutti secret v1", purpose, namespace, name, version, ...more]));
}
