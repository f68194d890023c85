/**
 * The public keys of another issuer of tokens, fetched where that issuer keeps them.
 *
 * 1. They are fetched when they are needed for the first time, and again when they are old. Meanwhile the ones at hand
 *    count.
 * 2. A token with a key that is not there may be the first after a rotation: they are fetched again, but not more often
 *    than the pause allows, so that made-up keys cannot make this process ask all the time.
 * 3. When the issuer cannot be reached, the keys at hand count for a while longer, and then nothing does.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

export interface IssuerKeysParts {
  /** Asks the issuer. Rejects when that fails. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly nowMs: () => number;
  /** How old keys get before they are fetched again. Default 10 min. */
  readonly freshMs?: number;
  /** How old keys may get while the issuer cannot be reached. Default 24 h. */
  readonly staleMs?: number;
  /** How long no second request is made. Default 30 s. */
  readonly pauseMs?: number;
}

/** The issuer cannot be reached, and what it said before is too old. */
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
  #asking: Promise<void> | undefined;
  #problem: unknown;

  constructor(parts: IssuerKeysParts) {
    this.#fetchKeys = parts.fetchKeys;
    this.#nowMs = parts.nowMs;
    this.#freshMs = parts.freshMs ?? 600_000;
    this.#staleMs = parts.staleMs ?? 86_400_000;
    this.#pauseMs = parts.pauseMs ?? 30_000;
  }

  /** The key that a token is to be checked with. Rejects when there is none. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const ageMs = this.#ageMs();
    if (ageMs >= this.#staleMs) await this.#fetch();
    // Keys that are a little old are used without waiting.
    else if (ageMs >= this.#freshMs) void this.#fetch();
    if (this.#ageMs() >= this.#staleMs) throw new KeysUnavailable("no keys", { cause: this.#problem });
    try {
      return await this.#atHand(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#fetch();
      return this.#atHand(header, token);
    }
  };

  #ageMs(): number {
    return this.#keys === undefined ? Number.POSITIVE_INFINITY : this.#nowMs() - this.#keys.fetchedMs;
  }

  #atHand(...parameters: Parameters<JWTVerifyGetKey>): ReturnType<JWTVerifyGetKey> {
    if (this.#keys === undefined) throw new errors.JWKSNoMatchingKey();
    return this.#keys.find(...parameters);
  }

  /** Callers during a request wait for the same answer. */
  #fetch(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    if (this.#nowMs() - this.#requestedMs < this.#pauseMs) return Promise.resolve();
    this.#requestedMs = this.#nowMs();
    this.#asking = this.#fetched().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
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
