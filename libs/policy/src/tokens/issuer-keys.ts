/**
 * The public keys of another issuer of tokens, fetched from its address.
 *
 * 1. They are fetched at the first use, and again when they are old. Meanwhile the present keys count.
 * 2. A token with an unknown key may be the first after a rotation: the keys are fetched again, but not more
 *    often than the pause allows, so that invented keys cannot cause constant requests.
 * 3. If the issuer is unreachable, the present keys count for a while longer, and then none do.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

export interface IssuerKeysParts {
  /** Fetches the keys. Rejects on failure. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly nowMs: () => number;
  /** Age at which keys are fetched again. Default 10 min. */
  readonly freshMs?: number;
  /** Maximum age while the issuer is unreachable. Default 24 h. */
  readonly staleMs?: number;
  /** Minimum pause between two requests. Default 30 s. */
  readonly pauseMs?: number;
}

/** The issuer is unreachable, and its last keys are too old. */
export class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

export class IssuerKeys {
  readonly #fetchKeys: () => Promise<JSONWebKeySet>;
  readonly #nowMs: () => number;
  readonly #freshMs: number;
  readonly #staleMs: number;
  readonly #pauseMs: number;
  #keys: { readonly find: JWTVerifyGetKey; readonly fetchedMs: number } | undefined;
  #requestedMs = Number.NEGATIVE_INFINITY;
  #pendingFetch: Promise<void> | undefined;
  #problem: unknown;

  constructor(parts: IssuerKeysParts) {
    this.#fetchKeys = parts.fetchKeys;
    this.#nowMs = parts.nowMs;
    this.#freshMs = parts.freshMs ?? 600_000;
    this.#staleMs = parts.staleMs ?? 86_400_000;
    this.#pauseMs = parts.pauseMs ?? 30_000;
  }

  /** Returns the key for a token. Rejects if there is none. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const ageMs = this.#ageMs();
    if (ageMs >= this.#staleMs) await this.#fetch();
    // Slightly old keys are used without waiting.
    else if (ageMs >= this.#freshMs) void this.#fetch();
    if (this.#ageMs() >= this.#staleMs) throw new KeysUnavailable("no keys", { cause: this.#problem });
    try {
      return await this.#fromCache(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#fetch();
      return this.#fromCache(header, token);
    }
  };

  #ageMs(): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : this.#nowMs() - this.#keys.fetchedMs;
  }

  #fromCache(...parameters: Parameters<JWTVerifyGetKey>): ReturnType<JWTVerifyGetKey> {
    if (this.#keys === undefined) throw new errors.JWKSNoMatchingKey();
    return this.#keys.find(...parameters);
  }

  /** Fetches the keys. Concurrent callers wait for the same answer. */
  #fetch(): Promise<void> {
    if (this.#pendingFetch !== undefined) return this.#pendingFetch;
    if (this.#nowMs() - this.#requestedMs < this.#pauseMs) return Promise.resolve();
    this.#requestedMs = this.#nowMs();
    this.#pendingFetch = this.#fetched().finally(() => {
      this.#pendingFetch = undefined;
    });
    return this.#pendingFetch;
  }

  async #fetched(): Promise<void> {
    try {
      const find = createLocalJWKSet(await this.#fetchKeys());
      this.#keys = { find, fetchedMs: this.#nowMs() };
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error;
    }
  }
}
