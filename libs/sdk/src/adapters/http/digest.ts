/** HTTP Digest (RFC 7616): a server gives a nonce, and each request proves that its sender knows the password. */

import { createHash, randomBytes } from "node:crypto";
import { challengesIn } from "./challenges.ts";

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string;
  readonly algorithm: string;
  /** Absent for servers before RFC 2617. */
  readonly qop?: "auth";
}

export interface DigestRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  readonly user: string;
  readonly password: string;
  /** Number of requests with this nonce, including this one. */
  readonly count: number;
  readonly cnonce?: string;
}

const hashes: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-256": "sha256",
  "SHA-512-256": "sha512-256",
};

/** Returns the first supported challenge of `WWW-Authenticate`. Servers list their preferred challenge first. */
export function digestChallenge(header: string): DigestChallenge | undefined {
  return digestChallengesIn(header).find(({ algorithm }) => hashes[plain(algorithm)] !== undefined);
}

/** Returns the value of `Authorization`. */
export function digestAuthorization(
  { realm, nonce, opaque, algorithm, qop }: DigestChallenge,
  { method, target, user, password, count, cnonce = randomBytes(16).toString("hex") }: DigestRequest,
): string {
  const name = hashes[plain(algorithm)] ?? "md5";
  const hash = (...parts: readonly string[]) => createHash(name).update(parts.join(":")).digest("hex");
  const secret = hash(user, realm, password);
  const key = /-sess$/i.test(algorithm) ? hash(secret, nonce, cnonce) : secret;
  const nc = count.toString(16).padStart(8, "0");
  const proof = qop === undefined ? [nonce] : [nonce, nc, cnonce, qop];
  const quoted = {
    username: user,
    realm,
    nonce,
    uri: target,
    response: hash(key, ...proof, hash(method, target)),
  };
  return [
    `Digest ${Object.entries(quoted)
      .map(([member, value]) => `${member}="${value.replace(/["\\]/g, "\\$&")}"`)
      .join(", ")}`,
    `algorithm=${algorithm}`,
    ...(qop === undefined ? [] : [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(", ");
}

function plain(algorithm: string): string {
  return algorithm.toUpperCase().replace(/-SESS$/, "");
}

function digestChallengesIn(header: string): readonly DigestChallenge[] {
  return challengesIn(header, "digest").flatMap(({ realm = "", nonce, opaque, algorithm = "MD5", qop }) => {
    const offered = qop?.split(",").map((each) => each.trim().toLowerCase());
    if (nonce === undefined || (offered !== undefined && !offered.includes("auth"))) return [];
    return {
      realm,
      nonce,
      algorithm,
      ...(opaque !== undefined && { opaque }),
      ...(offered !== undefined && { qop: "auth" as const }),
    };
  });
}
