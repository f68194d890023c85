/**
 * Finds the identity of a token of this installation, or of a trusted issuer.
 *
 * 1. The configuration of each issuer, never the token, names the accepted algorithms. None of them is a
 *    shared secret, and "none" is none.
 * 2. A result is remembered until the token ends, under its hash. Its revocation is checked each time.
 * 3. A refusal names the violated rule, and nothing from the token.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Scope, TokenUse } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { keepNewest } from "@tutti/kernel";
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { unscoped } from "../scope/scope.ts";
import { contentOf, isTexts, tokenAlgorithm, tokenAudience, tokenType } from "./claims.ts";
import { KeysUnavailable } from "./issuer-keys.ts";

/** Another issuer whose tokens are accepted. */
export interface TrustedIssuer {
  /** Its name in its tokens. */
  readonly issuer: string;
  /** Its names for this installation. One of them has to be in the token. */
  readonly audiences: readonly string[];
  /** Default RS256, PS256, ES256, EdDSA. */
  readonly algorithms?: readonly string[];
  /** Returns its key for a token. */
  readonly findKey: JWTVerifyGetKey;
  /** The claim with the identity. Default `sub`. */
  readonly idClaim?: string;
  /** Prefix of each id, so that two issuers never name the same person. */
  readonly idPrefix?: string;
  /** The claim with the groups. Default `groups`. */
  readonly groupsClaim?: string;
  /** The scope to which all its tokens are narrowed. */
  readonly scope?: Scope;
}

export interface TokenIdentity {
  /** Empty for a token of another issuer. */
  readonly tokenId: string;
  readonly actor: Actor;
  /** Empty without a namespace. */
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly use: TokenUse;
  readonly scope: Scope;
  readonly expireMs: number;
}

export type TokenFault =
  | "damaged"
  | "too_large"
  | "unknown_issuer"
  | "wrong_algorithm"
  | "wrong_key"
  | "wrong_audience"
  | "wrong_type"
  /** For an ID token: it was not made for this sign-in. */
  | "wrong_nonce"
  | "wrong_signature"
  | "not_yet"
  | "ended"
  | "revoked"
  /** The keys of its issuer are unavailable now. */
  | "unavailable";

export type CheckedToken =
  | { readonly kind: "known"; readonly identity: TokenIdentity }
  | { readonly kind: "refused"; readonly fault: TokenFault };

const lengthMax = 16_384;
const skewDefaultMs = 30_000;
/** An ID token is used immediately after its creation. */
const idTokenAge = "10 minutes";
const rememberedMax = 10_000;
const algorithmsDefault = ["RS256", "PS256", "ES256", "EdDSA"];
/** A holder of such a key could make tokens with it. */
const isShared = (algorithm: string) => algorithm.startsWith("HS") || algorithm === "none";

/** The part of bundles about tokens of this installation. */
export interface TokenRules {
  readonly tokenKeys: readonly string[];
  readonly revokedTokenIds: readonly string[];
}

/** The start of a sign-in at another issuer. */
export interface SignInRules {
  readonly issuer: string;
  /** The id of this installation at the issuer for sign-ins. */
  readonly clientId: string;
  /** A sender of an ID token from elsewhere does not know it. */
  readonly nonce: string;
}

export interface TokenCheckerParts {
  /** Name of the installation. */
  readonly issuer: string;
  readonly others?: readonly TrustedIssuer[];
  /** Maximum difference of clocks. Default 30 s. */
  readonly skewMs?: number;
}

export class TokenChecker {
  readonly #issuer: string;
  readonly #others: ReadonlyMap<string, TrustedIssuer>;
  readonly #skewMs: number;
  readonly #known = new Map<string, TokenIdentity>();
  #tokenKeys: readonly string[] = [];
  #findOwnKey: JWTVerifyGetKey = createLocalJWKSet({ keys: [] });
  #revoked: ReadonlySet<string> = new Set();

  constructor({ issuer, others = [], skewMs = skewDefaultMs }: TokenCheckerParts) {
    for (const { issuer: other, audiences, algorithms = [] } of others) {
      const shared = algorithms.find(isShared);
      if (shared !== undefined) throw new RangeError(`expected no shared secrets of ${other}, got ${shared}`);
      // Without one, a token for any other service would be accepted.
      if (audiences.length === 0) throw new RangeError(`expected an audience for ${other}, got none`);
      if (other === issuer)
        throw new RangeError(`expected another name than that of the installation, got ${other}`);
    }
    this.#issuer = issuer;
    this.#others = new Map(others.map((other) => [other.issuer, other]));
    this.#skewMs = skewMs;
  }

  /** Applies a new bundle. Earlier results stay valid if their key does. */
  renew({ tokenKeys, revokedTokenIds }: TokenRules): void {
    this.#revoked = new Set(revokedTokenIds);
    const isSame =
      tokenKeys.length === this.#tokenKeys.length && tokenKeys.every((key) => this.#tokenKeys.includes(key));
    if (isSame) return;
    this.#tokenKeys = [...tokenKeys];
    this.#findOwnKey = createLocalJWKSet({ keys: tokenKeys.map((key) => JSON.parse(key) as JWK) });
    this.#known.clear();
  }

  async check(token: string, nowMs: number): Promise<CheckedToken> {
    if (token.length > lengthMax) return refused("too_large");
    const mark = createHash("sha256").update(token).digest("base64");
    const known = this.#known.get(mark);
    const checked: CheckedToken =
      known === undefined ? await this.#checked(token, nowMs) : { kind: "known", identity: known };
    if (checked.kind === "refused") return checked;
    const { tokenId, expireMs } = checked.identity;
    if (nowMs >= expireMs + this.#skewMs) {
      this.#known.delete(mark);
      return refused("ended");
    }
    if (tokenId !== "" && this.#revoked.has(tokenId)) return refused("revoked");
    if (known === undefined) keepNewest(this.#known, mark, checked.identity, rememberedMax);
    return checked;
  }

  async #checked(token: string, nowMs: number): Promise<CheckedToken> {
    const issuer = issuerIn(token);
    if (issuer === undefined) return refused("damaged");
    const times = this.#times(nowMs);
    if (issuer === this.#issuer) {
      const rules = { algorithms: [tokenAlgorithm], audience: tokenAudience, typ: tokenType };
      const payload = await verified(token, this.#findOwnKey, { ...times, ...rules, issuer });
      if (typeof payload === "string") return refused(payload);
      const content = contentOf(payload);
      if (content === undefined) return refused("damaged");
      if (content.createMs > nowMs + this.#skewMs) return refused("not_yet");
      return { kind: "known", identity: content };
    }
    const trusted = this.#others.get(issuer);
    if (trusted === undefined) return refused("unknown_issuer");
    const rules = { algorithms: algorithmsOf(trusted), audience: [...trusted.audiences], issuer };
    const payload = await verified(token, trusted.findKey, { ...times, ...rules });
    if (typeof payload === "string") return refused(payload);
    const identity = identityOf(payload, trusted);
    return identity === undefined ? refused("damaged") : { kind: "known", identity };
  }

  /** Returns the identity of a sign-in by an ID token, which is valid only for that and not remembered. */
  async checkIdToken(
    token: string,
    { issuer, clientId, nonce }: SignInRules,
    nowMs: number,
  ): Promise<CheckedToken> {
    if (token.length > lengthMax) return refused("too_large");
    const trusted = this.#others.get(issuer);
    if (trusted === undefined) return refused("unknown_issuer");
    const payload = await verified(token, trusted.findKey, {
      ...this.#times(nowMs),
      algorithms: algorithmsOf(trusted),
      audience: clientId,
      issuer,
      maxTokenAge: idTokenAge,
    });
    if (typeof payload === "string") return refused(payload);
    const { aud, azp } = payload;
    const isOfAnother = azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== clientId;
    if (isOfAnother) return refused("wrong_audience");
    if (!isSameText(payload["nonce"], nonce)) return refused("wrong_nonce");
    const identity = identityOf(payload, trusted);
    return identity === undefined ? refused("damaged") : { kind: "known", identity };
  }

  #times(nowMs: number): JWTVerifyOptions {
    return { clockTolerance: this.#skewMs / 1_000, currentDate: new Date(nowMs), requiredClaims: ["exp"] };
  }
}

function algorithmsOf({ algorithms = algorithmsDefault }: TrustedIssuer): string[] {
  return [...algorithms];
}

/** Compares in constant time. */
function isSameText(found: unknown, expected: string): boolean {
  const hashOf = (text: string) => createHash("sha256").update(text).digest();
  return typeof found === "string" && timingSafeEqual(hashOf(found), hashOf(expected));
}

/** Returns the claimed issuer. It is not verified yet. */
function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss ?? "";
  } catch {
    return;
  }
}

async function verified(
  token: string,
  findKey: JWTVerifyGetKey,
  rules: JWTVerifyOptions,
): Promise<JWTPayload | TokenFault> {
  try {
    return (await jwtVerify(token, findKey, rules)).payload;
  } catch (error) {
    return faultOf(error);
  }
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTClaimValidationFailed && error.reason === "missing" && error.claim === "iat")
    return "damaged";
  if (error instanceof KeysUnavailable) return "unavailable";
  if (error instanceof errors.JWTExpired) return "ended";
  if (error instanceof errors.JWTClaimValidationFailed) return claimFaults[error.claim] ?? "damaged";
  if (error instanceof errors.JOSEAlgNotAllowed) return "wrong_algorithm";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "wrong_signature";
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return "wrong_key";
  if (error instanceof errors.JOSEError) return "damaged";
  // The key does not match the algorithm: the token names another one's key.
  if (error instanceof TypeError) return "wrong_key";
  throw error;
}

const claimFaults: Readonly<Record<string, TokenFault>> = {
  nbf: "not_yet",
  iat: "not_yet",
  aud: "wrong_audience",
  iss: "unknown_issuer",
  typ: "wrong_type",
};

function identityOf(payload: JWTPayload, trusted: TrustedIssuer): TokenIdentity | undefined {
  const { idClaim = "sub", idPrefix = "", groupsClaim = "groups", scope = unscoped } = trusted;
  const id = payload[idClaim];
  const groups = payload[groupsClaim] ?? [];
  if (typeof id !== "string" || id === "" || !isTexts(groups) || payload.exp === undefined) return;
  return {
    tokenId: "",
    actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: `${idPrefix}${id}` },
    namespace: "",
    groups,
    use: TokenUse.TOKEN_USE_CALLS,
    scope,
    expireMs: payload.exp * 1_000,
  };
}

function refused(fault: TokenFault): CheckedToken {
  return { kind: "refused", fault: fault };
}
