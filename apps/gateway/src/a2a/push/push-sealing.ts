/**
 * Configurations sealed in the input of their runs: AES-256-GCM under a key of the namespace, for one run alone.
 *
 * 1. The same configuration of the same run has the same seal, so that a start can be repeated. Its nonce follows from
 *    the key and the text.
 * 2. A seal of another run, or under another version of the key, cannot be opened.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

export interface PushKey {
  readonly version: number;
  readonly value: Uint8Array;
}

/** The run that a seal is for. */
export interface SealedFor {
  readonly namespace: string;
  readonly runId: string;
}

const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

export function seal(text: string, place: SealedFor, { version, value }: PushKey): string {
  const also = alsoOf(place);
  const mac = createHmac("sha256", derived(value, "nonce")).update(also).update("\0").update(text);
  const nonce = mac.digest().subarray(0, nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", derived(value, "seal"), nonce).setAAD(also);
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${version}.${sealed.toString("base64url")}`;
}

/** The version of the key that a seal needs. Undefined if it is none. */
export function keyVersionOf(sealed: string): number | undefined {
  const version = /^(\d{1,9})\./.exec(sealed)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Returns undefined if the seal is of another run or key, or was changed. */
export function unseal(sealed: string, place: SealedFor, { value }: PushKey): string | undefined {
  const bytes = Buffer.from(sealed.slice(sealed.indexOf(".") + 1), "base64url");
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", derived(value, "seal"), nonce).setAAD(alsoOf(place));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

/** Returns an id for a configuration without one. Equal content has the same id. The id does not reveal the content. */
export function contentId(text: string, taskId: string, { value }: PushKey): string {
  const mac = createHmac("sha256", derived(value, "id")).update(JSON.stringify([taskId, text]));
  return mac.digest("hex").slice(0, 32);
}

function derived(key: Uint8Array, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `a2a-push ${use}`, keyBytes));
}

const alsoOf = ({ namespace, runId }: SealedFor): Buffer => Buffer.from(JSON.stringify([namespace, runId]));
