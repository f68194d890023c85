/**
 * Signatures of agent cards (Agent2Agent): a JSON Web Signature over the card in its canonical form (RFC
 * 8785), without its signatures.
 *
 * 1. Members with the default value of their type are not signed, as in the protocol.
 * 2. The algorithm follows from the key, never from the signature.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";

export type Card = Readonly<Record<string, unknown>>;

export interface CardSignature {
  readonly protected: string;
  readonly signature: string;
}

/** The key of a signature, as stated in its header. */
export interface SignatureHeader {
  readonly kid: string;
  /** Address of the keys. Empty if not stated. */
  readonly jku: string;
}

export interface CardSigner {
  readonly kid: string;
  readonly jku: string;
  /** Signs with Ed25519. */
  sign(content: Uint8Array): Uint8Array;
}

const signaturesMax = 16;

/** A public key as JWK, with its id. */
export type CardKey = Readonly<Record<string, unknown>>;

export function signedCard(card: Card, { kid, jku, sign }: CardSigner): Card {
  const header = encoded(JSON.stringify({ alg: "EdDSA", typ: "JOSE", kid, jku }));
  const content = Buffer.from(`${header}.${encoded(canonical(withoutDefaults(unsigned(card))))}`);
  const signature = Buffer.from(sign(content)).toString("base64url");
  return { ...card, signatures: [{ protected: header, signature }] };
}

/** Returns the keys that the signatures of a card name. */
export function signatureHeaders(card: Card): readonly SignatureHeader[] {
  return signaturesOf(card).flatMap((signature) => {
    const header = headerOf(signature);
    if (header === undefined) return [];
    const { kid, jku } = header;
    return [{ kid: typeof kid === "string" ? kid : "", jku: typeof jku === "string" ? jku : "" }];
  });
}

/** Returns whether one of the keys signed the unchanged card. False for a malformed card. */
export function isCardSignedBy(card: Card, keys: readonly CardKey[]): boolean {
  const plain = unsigned(card);
  // Some implementations sign members that the protocol requires even if they have the default value.
  const payloads = [plain, withoutDefaults(plain)].map((variant) => encoded(canonical(variant)));
  return signaturesOf(card).some((candidate) => {
    const header = headerOf(candidate);
    if (header === undefined) return false;
    const signature = Buffer.from(candidate.signature, "base64url");
    return keys
      .filter(({ kid }) => kid === undefined || kid === header["kid"])
      .some((key) =>
        payloads.some((payload) =>
          isSigned(key, header["alg"], `${candidate.protected}.${payload}`, signature),
        ),
      );
  });
}

function isSigned(jwk: CardKey, alg: unknown, content: string, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    const known = algorithms[`${key.asymmetricKeyType} ${alg}`];
    return known?.(Buffer.from(content), key, signature) === true;
  } catch {
    return false;
  }
}

type Check = (content: Buffer, key: KeyObject, signature: Buffer) => boolean;
const byCurve: Check = (content, key, signature) => verify(null, content, key, signature);
const byPoint =
  (hash: string, curve: string): Check =>
  (content, key, signature) =>
    key.asymmetricKeyDetails?.namedCurve === curve &&
    verify(hash, content, { key, dsaEncoding: "ieee-p1363" }, signature);

/** By the type of the key and the stated algorithm of the signature: any other pair is invalid. */
const algorithms: Readonly<Record<string, Check>> = {
  "ed25519 EdDSA": byCurve,
  "ed25519 Ed25519": byCurve,
  "ec ES256": byPoint("sha256", "prime256v1"),
  "ec ES384": byPoint("sha384", "secp384r1"),
  "rsa RS256": (content, key, signature) => verify("sha256", content, key, signature),
};

function signaturesOf({ signatures }: Card): readonly CardSignature[] {
  const listed: readonly unknown[] = Array.isArray(signatures) ? signatures : [];
  return listed.slice(0, signaturesMax).flatMap((entry) => {
    const { protected: header, signature } = isObject(entry) ? entry : {};
    return typeof header === "string" && typeof signature === "string"
      ? [{ protected: header, signature }]
      : [];
  });
}

function headerOf({ protected: text }: CardSignature): Card | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return isObject(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function unsigned({ signatures: _, ...card }: Card): Card {
  return card;
}

/** Optional members that are signed even with their default value. */
const defaultsSigned = new Set([
  "streaming",
  "pushNotifications",
  "extendedAgentCard",
  "documentationUrl",
  "iconUrl",
]);

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => defaultsSigned.has(name) || !isDefault(member))
      .map(([name, member]) => [name, withoutDefaults(member)]),
  );
}

const isDefault = (value: unknown): boolean =>
  value === "" ||
  value === 0 ||
  value === false ||
  value === null ||
  (Array.isArray(value) && value.length === 0);

/** Returns the RFC 8785 form: numbers and texts as in JavaScript, and members sorted by name. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .sort()
    .filter((name) => value[name] !== undefined)
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

const encoded = (text: string): string => Buffer.from(text).toString("base64url");

function isObject(value: unknown): value is Card {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
