/** Issues tokens: JWTs that are signed with Ed25519, and public keys for their verifiers. */
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import {
  claimsOf,
  subjectOf,
  type TokenContent,
  tokenAlgorithm,
  tokenAudience,
  tokenType,
} from "./claims.ts";

/** Returns a new key for signing tokens, as JWK. It is secret. */
export async function newTokenKey(tokenKeyId: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(tokenAlgorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: tokenKeyId, alg: tokenAlgorithm, use: "sig" };
}

/** Returns the public part of a key. */
export function publicTokenKey({ d: _secret, ...others }: JWK): JWK {
  return others;
}

export class TokenIssuer {
  readonly #issuer: string;
  readonly #tokenKeyId: string;
  readonly #key: CryptoKey;

  private constructor(issuer: string, tokenKeyId: string, key: CryptoKey) {
    this.#issuer = issuer;
    this.#tokenKeyId = tokenKeyId;
    this.#key = key;
  }

  /** `issuer`: the name of the installation. */
  static async with(issuer: string, key: JWK): Promise<TokenIssuer> {
    if (key.kid === undefined) throw new TypeError("expected a key with an id, got one without");
    const imported = await importJWK(key, tokenAlgorithm);
    if (imported instanceof Uint8Array) throw new TypeError("expected a private key, got a shared secret");
    return new TokenIssuer(issuer, key.kid, imported);
  }

  issue(content: TokenContent): Promise<string> {
    return new SignJWT(claimsOf(content))
      .setProtectedHeader({ alg: tokenAlgorithm, typ: tokenType, kid: this.#tokenKeyId })
      .setIssuer(this.#issuer)
      .setAudience(tokenAudience)
      .setSubject(subjectOf(content.actor))
      .setJti(content.tokenId)
      .setIssuedAt(Math.floor(content.createMs / 1_000))
      .setExpirationTime(Math.floor(content.expireMs / 1_000))
      .sign(this.#key);
  }
}
