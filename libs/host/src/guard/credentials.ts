/**
 * Authenticates keys and tokens, and counts and locks out failed attempts.
 *
 * 1. A valid credential passes even while its address and account are locked out. Failures count by address and key
 *    prefix, and get the lock-out error during a lock-out.
 * 2. A refusal names the broken rule, and nothing of the credential.
 * 3. An agent has the rights that both its key or token and its principal grant.
 * 4. A token for another purpose than calls (a cookie's token, one for a single exchange) is valid only for that
 *    purpose.
 * 5. A caller that continues with an earlier credential is refused once the credential has ended, even if another
 *    process accepted it.
 */
import {
  type AgentGrant,
  type BundleContent,
  type KeyVerifier,
  type Lockout,
  type Scope,
  TokenUse,
} from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { fromTimestamp, type Principal, type TuttiError } from "@tutti/kernel";
import {
  bothGrants,
  type CheckedKey,
  type CheckedToken,
  KeyChecker,
  Lockouts,
  type SignInRules,
  TokenChecker,
  type TrustedIssuer,
  unscoped,
} from "@tutti/policy";
import { accessErrors } from "./errors.ts";
import type { AccessSettings } from "./settings.ts";
import type { Visitor } from "./visitor.ts";

type Settings = Pick<AccessSettings, "installation" | "failuresBeforeLockout" | "lockoutMs" | "skewMs">;

/** The credential of a sign-in, for continuing without presenting it again. */
export interface VerifiedCredential {
  readonly principal: Visitor;
  /** An ID token of another issuer is valid only at the moment of its use. */
  readonly kind: "key" | "token" | "id_token";
  /** Time of its expiry. Infinity if it does not expire. */
  readonly untilMs: number;
}

export class Credentials {
  readonly #keys: KeyChecker;
  readonly #tokens: TokenChecker;
  readonly #lockouts: Lockouts;
  /** Expiry of each key, by its id. */
  #keyEnds: ReadonlyMap<string, number> = new Map();
  /** Keys that existed while this process ran, and no longer exist. */
  readonly #endedKeys = new Set<string>();
  #revokedTokens: ReadonlySet<string> = new Set();
  /** By namespace and id, of the agents with their own grant. */
  #grants: ReadonlyMap<string, AgentGrant> = new Map();

  #bundleLockouts: readonly Lockout[] = [];
  /** Lock-outs of this process that are stored for all processes, but are in no received bundle yet. */
  #recorded: readonly { readonly lockout: Lockout; readonly atMs: number }[] = [];
  readonly #lockedOut: (lockouts: readonly Lockout[]) => void;

  /** `secret` belongs to this process alone. `lockedOut` is called with new lock-outs of this process. */
  constructor(
    { installation, failuresBeforeLockout, lockoutMs, skewMs }: Settings,
    secret: Uint8Array,
    others: readonly TrustedIssuer[] = [],
    lockedOut: (lockouts: readonly Lockout[]) => void = () => {},
  ) {
    this.#lockedOut = lockedOut;
    this.#keys = new KeyChecker([], secret);
    this.#tokens = new TokenChecker({ issuer: installation, others, skewMs });
    this.#lockouts = new Lockouts({ freeFailures: failuresBeforeLockout, firstMs: lockoutMs });
  }

  renew(content: BundleContent): void {
    const { createTime, lockouts } = content;
    const createMs = createTime === undefined ? 0 : fromTimestamp(createTime);
    // A lock-out that was lifted before its first bundle was made is in no bundle at all.
    const recorded = this.#recorded.filter(({ atMs }) => atMs < createMs).map(({ lockout }) => lockout);
    this.#recorded = this.#recorded.filter(({ atMs }) => atMs >= createMs);
    this.#lockouts.adopt(lockouts, [...this.#bundleLockouts, ...recorded], createMs);
    this.#bundleLockouts = lockouts;
    this.#keys.renew(content.keys);
    this.#tokens.renew(content);
    this.#grants = grantsIn(content);
    this.#revokedTokens = new Set(content.revokedTokenIds);
    const keyEnds = new Map(content.keys.map((key) => [key.keyId, endOf(key)]));
    for (const id of this.#keyEnds.keys()) if (!keyEnds.has(id)) this.#endedKeys.add(id);
    for (const id of keyEnds.keys()) this.#endedKeys.delete(id);
    this.#keyEnds = keyEnds;
  }

  /** Lock-outs of this process are stored for all processes: from now on each bundle has them until they are lifted. */
  recorded(lockouts: readonly Lockout[], nowMs: number): void {
    const subjects = new Set(lockouts.map(({ subject }) => subject));
    const others = this.#recorded.filter(({ lockout }) => !subjects.has(lockout.subject));
    this.#recorded = [...others, ...lockouts.map((lockout) => ({ lockout, atMs: nowMs }))];
  }

  /** Throws if an attempt on a secret chosen by a person must wait, because its account is locked out. */
  pace(from: string, account: string, nowMs: number): void {
    const waitMs = this.#lockouts.pace(subjectOf(from, account), nowMs);
    if (waitMs > 0) throw accessErrors.lockedOut(undefined, { retryAfterMs: waitMs });
  }

  /** Records a failed attempt. Returns the earlier lock-out that is still active. */
  recordFailure(from: string, account: string, nowMs: number): TuttiError | undefined {
    const subject = subjectOf(from, account);
    const untilMs = this.#lockouts.lockedUntil([subject], nowMs);
    const found = this.#lockouts.failed([subject], nowMs);
    if (found.length > 0) this.#lockedOut(found);
    return untilMs === undefined
      ? undefined
      : accessErrors.lockedOut(undefined, { retryAfterMs: untilMs - nowMs });
  }

  /** Throws if a key or token has ended since it was presented. `id` is that of the credential. */
  requireOngoing(id: string, nowMs: number): void {
    const hasEnded = this.#endedKeys.has(id) || (this.#keyEnds.get(id) ?? nowMs + 1) <= nowMs;
    const fault = hasEnded ? keyFaults.ended : undefined;
    const reason = fault ?? (this.#revokedTokens.has(id) ? tokenFaults.revoked : undefined);
    if (reason !== undefined) throw accessErrors.credentialRefused({ reason });
  }

  /** Throws if an earlier credential is no longer valid, even if an earlier process accepted it. */
  requireValid({ principal, kind }: Pick<VerifiedCredential, "principal" | "kind">, nowMs: number): void {
    const { id } = principal.credential;
    const endMs = kind === "key" ? (this.#keyEnds.get(id) ?? 0) : Number.POSITIVE_INFINITY;
    if (endMs <= nowMs) throw accessErrors.credentialRefused({ reason: keyFaults.ended });
    this.requireOngoing(id, nowMs);
  }

  /** Returns the principal of a credential. Rejects if the credential is invalid. */
  async principalOf(credential: string, from: string, nowMs: number): Promise<Visitor> {
    return (await this.verify(credential, from, nowMs)).principal;
  }

  /** Returns the principal with the end of its credential. */
  verify(credential: string, from: string, nowMs: number): Promise<VerifiedCredential> {
    return this.#verify(credential, from, nowMs, forCalls);
  }

  /** Returns the principal of a sign-in by this credential. Rejects if the credential is invalid. */
  signInBy(credential: string, from: string, nowMs: number): Promise<VerifiedCredential> {
    return this.#verify(credential, from, nowMs, forSignIns);
  }

  /** Returns the user that has signed in at another issuer. Rejects if its ID token is invalid. */
  async signInByIssuer(idToken: string, rules: SignInRules, nowMs: number): Promise<VerifiedCredential> {
    const token = await this.#tokens.checkIdToken(idToken, rules, nowMs);
    if (token.kind === "refused") throw accessErrors.credentialRefused({ reason: tokenFaults[token.fault] });
    const principal = this.#granted(principalOfToken(token, forCalls));
    return { principal, kind: "id_token", untilMs: Number.POSITIVE_INFINITY };
  }

  async #verify(
    credential: string,
    from: string,
    nowMs: number,
    uses: ReadonlySet<TokenUse>,
  ): Promise<VerifiedCredential> {
    const refused = (reason: string, isGuess: boolean): TuttiError =>
      (isGuess ? this.recordFailure(from, accountOf(credential), nowMs) : undefined) ??
      accessErrors.credentialRefused({ reason });
    const key = await this.#keys.check(credential, nowMs, from);
    if (key.kind === "known")
      return { principal: this.#granted(principalOfKey(key)), kind: "key", untilMs: endOf(key.verifier) };
    const fault = key.kind === "refused" ? key.fault : undefined;
    if (fault !== undefined) throw refused(keyFaults[fault], fault !== "busy" && fault !== "ended");
    const token = await this.#tokens.check(credential, nowMs);
    if (token.kind === "refused") throw refused(tokenFaults[token.fault], !honest.has(token.fault));
    const principal = this.#granted(principalOfToken(token, uses));
    return { principal, kind: "token", untilMs: token.identity.expireMs };
  }

  #granted(principal: Visitor): Visitor {
    const { id, kind, credential } = principal;
    const own = kind === "agent" ? this.#grants.get(`${credential.namespace}/${id}`) : undefined;
    if (own === undefined) return principal;
    const { scope } = credential;
    return {
      ...principal,
      credential: { ...credential, scope: { ...scope, agent: bothGrants(own, scope.agent) } },
    };
  }
}

/** Returns the name in lists of lock-outs: `10.0.0.9/tutti_live_Ab3d`. */
function subjectOf(from: string, account: string): string {
  return `${from}/${account}`;
}

/**
 * Returns the prefix of a key: the part that may be shown. The content of a token is unknown before its signature is
 * verified.
 */
function accountOf(credential: string): string {
  return /^tutti_live_[0-9A-Za-z]{0,4}/.exec(credential)?.[0] ?? "token";
}

const kinds: Readonly<Partial<Record<ActorKind, Principal["kind"]>>> = {
  [ActorKind.ACTOR_KIND_PERSON]: "person",
  [ActorKind.ACTOR_KIND_SERVICE]: "service",
  [ActorKind.ACTOR_KIND_AGENT]: "agent",
};

interface OwnedClaims {
  readonly id: string;
  readonly actor: Actor | undefined;
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly scope: Scope;
}

function endOf({ expireTime }: Pick<KeyVerifier, "expireTime">): number {
  return expireTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(expireTime);
}

function grantsIn({ principals }: BundleContent): ReadonlyMap<string, AgentGrant> {
  const grants = new Map<string, AgentGrant>();
  for (const { namespace, actor, agent } of principals)
    if (agent !== undefined && actor?.kind === ActorKind.ACTOR_KIND_AGENT)
      grants.set(`${namespace}/${actor.id}`, agent);
  return grants;
}

function principalOfKey({ verifier }: CheckedKey & { readonly kind: "known" }): Visitor {
  const { keyId, namespace, actor, scope = unscoped } = verifier;
  return principalOf({ id: keyId, actor, namespace, groups: [], scope });
}

const forCalls: ReadonlySet<TokenUse> = new Set([
  ...[TokenUse.TOKEN_USE_CALLS, TokenUse.TOKEN_USE_AGENT, TokenUse.TOKEN_USE_TASK],
]);
const forSignIns: ReadonlySet<TokenUse> = new Set([TokenUse.TOKEN_USE_CALLS, TokenUse.TOKEN_USE_BROWSER]);

function principalOfToken(
  { identity }: CheckedToken & { readonly kind: "known" },
  uses: ReadonlySet<TokenUse>,
): Visitor {
  const { tokenId, actor, namespace, groups, scope, use } = identity;
  if (!uses.has(use))
    throw accessErrors.credentialRefused({
      reason: uses === forCalls ? "it is not for calls" : "it is not to sign in by",
    });
  return principalOf({ id: tokenId, actor, namespace, groups, scope });
}

function principalOf({ actor, ...shown }: OwnedClaims): Visitor {
  const kind = actor && kinds[actor.kind];
  if (actor === undefined || kind === undefined)
    throw accessErrors.credentialRefused({ reason: "this release does not support the kind of its owner" });
  return { kind, id: actor.id, roles: [], credential: shown };
}

type KeyFault = (CheckedKey & { readonly kind: "refused" })["fault"];

const keyFaults: Readonly<Record<KeyFault, string>> = {
  damaged: "the key is incomplete or mistyped",
  wrong: "there is no such key",
  ended: "the key has expired",
  busy: "too many keys are being checked, try again",
};

type TokenFault = (CheckedToken & { readonly kind: "refused" })["fault"];

/** Failures that also happen to callers who guess nothing. */
const honest: ReadonlySet<TokenFault> = new Set(["ended", "not_yet", "revoked", "unavailable"]);

const tokenFaults: Readonly<Record<TokenFault, string>> = {
  damaged: "it is neither a key nor a token",
  too_large: "the token is too large",
  unknown_issuer: "the issuer of the token is not trusted",
  wrong_algorithm: "the signature algorithm of the token is not accepted",
  wrong_key: "the token is signed with a key that is not its issuer's",
  wrong_audience: "the token is meant for another audience",
  wrong_type: "the token has the wrong type",
  wrong_nonce: "the token was made for another sign-in",
  wrong_signature: "the signature of the token is invalid",
  not_yet: "the token is not valid yet",
  ended: "the token has expired",
  revoked: "the token was revoked",
  unavailable: "the keys of its issuer are unavailable at the moment",
};
