/**
 * The form of an API key: `tutti_live_<id>_<secret><check>`. People and programs that search for leaked
 * secrets recognise its beginning. The check distinguishes a mistyped or truncated key from a wrong one
 * without a lookup.
 */
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idLength = 12;
/** 32 characters of 62: 190 bits. */
const secretLength = 32;
const checkLength = 6;
const form = new RegExp(
  `^tutti_live_([0-9A-Za-z]{${idLength}})_([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checkLength}})$`,
);

export interface ApiKeyParts {
  readonly keyId: string;
  readonly secret: string;
}

/** Returns a new random key. */
export function newApiKey(chance: {
  fill(bytes: Uint8Array): Uint8Array;
}): ApiKeyParts & { readonly key: string } {
  const keyId = randomText(idLength, chance);
  const secret = randomText(secretLength, chance);
  return { keyId, secret, key: printApiKey({ keyId, secret }) };
}

export function printApiKey({ keyId, secret }: ApiKeyParts): string {
  const body = `tutti_live_${keyId}_${secret}`;
  return `${body}${checkOf(body)}`;
}

export type ReadApiKey =
  | ({ readonly kind: "key" } & ApiKeyParts)
  /** Not one of our keys: something else, perhaps a token. */
  | { readonly kind: "other" }
  /** Like a key, with a missing or wrong character. */
  | { readonly kind: "damaged" };

export function readApiKey(text: string): ReadApiKey {
  if (!text.startsWith("tutti_live_")) return { kind: "other" };
  const found = form.exec(text);
  if (found === null) return { kind: "damaged" };
  const [, keyId = "", secret = "", check = ""] = found;
  const body = text.slice(0, -checkLength);
  return checkOf(body) === check ? { kind: "key", keyId, secret } : { kind: "damaged" };
}

/** Returns the part of a key that may be shown. */
export function prefixOf(keyId: string): string {
  return `tutti_live_${keyId.slice(0, 4)}…`;
}

/** Replaces keys in a text by their beginnings: for logs, errors and answers. */
export function withoutKeys(text: string): string {
  return text.replaceAll(/tutti_live_([0-9A-Za-z]{4})[0-9A-Za-z_]*/g, "tutti_live_$1…");
}

function checkOf(body: string): string {
  let rest = crc32(body);
  let check = "";
  for (let place = 0; place < checkLength; place++) {
    check = alphabet.charAt(rest % alphabet.length) + check;
    rest = Math.floor(rest / alphabet.length);
  }
  return check;
}

function randomText(length: number, chance: { fill(bytes: Uint8Array): Uint8Array }): string {
  // A byte beyond the last multiple of the alphabet would make its first characters more likely.
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of chance.fill(new Uint8Array(length)))
      if (byte < limit && text.length < length) text += alphabet.charAt(byte % alphabet.length);
  }
  return text;
}
