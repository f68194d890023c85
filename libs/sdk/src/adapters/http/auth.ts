/** Authentication of an adapter's requests. Secrets are references, and are read for each request. */
import { createPrivateKey, type KeyObject, randomUUID, sign } from "node:crypto";
import type { Clock, Timers } from "@tutti/kernel";
import { type Members, parsedMembers } from "../../agents/models/wire.ts";
import type { OptionNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { Masks } from "../../task/masks.ts";
import type { AdapterCall, SecretReference } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { type DigestChallenge, digestAuthorization, digestChallenge } from "./digest.ts";
import { type Agents, BrokenExchange, deadline, exchange, type HttpAnswer, retryAfterMsOf } from "./wire.ts";

export interface OAuth2 {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret?: SecretReference;
  /**
   * How the client authenticates: with its secret in the form, by HTTP Basic, or with an assertion signed with `signing`
   * (`private_key_jwt`). Default: `post`.
   */
  readonly clientAuth?: "post" | "basic" | "jwt";
  /** Signs assertions. Without `clientAuth: "jwt"`, tokens use the flow `jwt-bearer`, as for service accounts. */
  readonly signing?: {
    /** A private key in PEM: RSA, EC (P-256) or Ed25519. */
    readonly key: SecretReference;
    readonly keyId?: string;
    /** Subject of the token. Default: the client. */
    readonly subject?: string;
  };
  /** If set, tokens use the flow `refresh_token`, else `client_credentials`. */
  readonly refreshToken?: SecretReference;
  readonly scope?: string;
  readonly audience?: string;
}

export type HttpAuth =
  | { readonly basic: { readonly user: string; readonly password: SecretReference } }
  | { readonly digest: { readonly user: string; readonly password: SecretReference } }
  | { readonly bearer: SecretReference }
  | {
      readonly apiKey: {
        readonly in: "header" | "query" | "cookie";
        readonly name: string;
        readonly value: SecretReference;
      };
    }
  | { readonly oauth2: OAuth2 };

const loginNames = { user: true, password: true } as const;
export const authNames: OptionNames<HttpAuth> = {
  basic: loginNames,
  digest: loginNames,
  bearer: true,
  apiKey: { in: true, name: true, value: true },
  oauth2: {
    tokenUrl: true,
    clientId: true,
    clientSecret: true,
    clientAuth: true,
    signing: { key: true, keyId: true, subject: true },
    refreshToken: true,
    scope: true,
    audience: true,
  },
};

interface Token {
  readonly value: string;
  readonly untilMs: number;
}

/** Values that the server of a client dictates, and not its options. */
export interface Dictated {
  /** Identifier of the server that the token is for (RFC 8707). */
  readonly resource?: string;
  /** Audience of assertions, in the place of the address of the token server. */
  readonly assertionAudience?: string;
}

type Grant = OAuth2 & Dictated;

/** A token is renewed this long before it expires, so that it does not expire in transit. */
const marginMs = 30_000;
const secondMs = 1_000;
const tokenBytesMax = 65_536;
const detailLengthMax = 300;
/** Smaller skew is ignored: HTTP dates have only seconds, and token servers tolerate about as much. */
const skewMinMs = 10_000;

export class Authentication {
  readonly #auth: HttpAuth | undefined;
  readonly #dictated: Dictated;
  readonly #agentsOf: (operation: string, call: AdapterCall) => Promise<Agents>;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #masks: Pick<Masks, "text"> | undefined;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;
  /** Refresh token that the server issued with a token. It is valid as long as the secret is unchanged. */
  #refresh: { readonly secret: string; readonly value: string } | undefined;
  /** How far the clock of the token server is ahead. Set after it refused an assertion for its times. */
  #skewMs = 0;
  /** Digest challenges by origin, with the number of requests that used them. */
  readonly #challenges = new Map<string, { readonly challenge: DigestChallenge; count: number }>();

  constructor(
    auth: HttpAuth | undefined,
    agentsOf: (operation: string, call: AdapterCall) => Promise<Agents>,
    {
      clock,
      timers,
      masks,
    }: { readonly clock: Clock; readonly timers: Timers; readonly masks?: Pick<Masks, "text"> },
    dictated: Dictated = {},
  ) {
    this.#auth = auth;
    this.#dictated = dictated;
    this.#agentsOf = agentsOf;
    this.#clock = clock;
    this.#timers = timers;
    this.#masks = masks;
  }

  /** Handles an answer that refuses `authorization`. Returns whether a retry with other credentials may succeed. */
  renew({ headers, url }: Pick<HttpAnswer, "headers" | "url">, authorization: string | undefined): boolean {
    const auth = this.#auth ?? {};
    if ("oauth2" in auth) {
      // Another call may have renewed the token meanwhile.
      if (authorization === `Bearer ${this.#token?.value}`) this.#token = undefined;
      return true;
    }
    if (!("digest" in auth)) return false;
    const challenge = digestChallenge(headers["www-authenticate"] ?? "");
    if (challenge === undefined) return false;
    this.#challenges.set(url.origin, { challenge, count: 0 });
    return true;
  }

  async apply(
    { operation, method }: { readonly operation: string; readonly method: string },
    url: URL,
    headers: Record<string, string>,
    call: AdapterCall,
  ): Promise<void> {
    const auth = this.#auth;
    if (auth === undefined) return;
    if ("basic" in auth) {
      const { user, password } = auth.basic;
      const pair = `${user}:${await call.secret(password)}`;
      headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    } else if ("digest" in auth) {
      const known = this.#challenges.get(url.origin);
      // The server has to send a challenge first.
      if (known === undefined) return;
      const { user, password } = auth.digest;
      const proof = {
        method,
        target: url.pathname + url.search,
        user,
        password: await call.secret(password),
      };
      known.count++;
      headers["authorization"] = digestAuthorization(known.challenge, { ...proof, count: known.count });
    } else if ("bearer" in auth) headers["authorization"] = `Bearer ${await call.secret(auth.bearer)}`;
    else if ("apiKey" in auth) {
      const { in: place, name, value } = auth.apiKey;
      const key = await call.secret(value);
      if (place === "query") url.searchParams.set(name, key);
      else if (place === "header") headers[name.toLowerCase()] = key;
      else
        headers["cookie"] = [headers["cookie"], `${name}=${encodeURIComponent(key)}`]
          .filter(Boolean)
          .join("; ");
    } else {
      const { value } = await this.#tokenOf(operation, { ...auth.oauth2, ...this.#dictated }, call);
      headers["authorization"] = `Bearer ${value}`;
    }
  }

  async #tokenOf(operation: string, oauth2: Grant, call: AdapterCall): Promise<Token> {
    const token = this.#token;
    if (token !== undefined && token.untilMs > this.#clock.monotonic()) return token;
    // All calls that need a token share one request.
    this.#pending ??= this.#requestToken(operation, oauth2, call).finally(() => {
      this.#pending = undefined;
    });
    this.#token = await this.#pending;
    return this.#token;
  }

  async #requestToken(operation: string, oauth2: Grant, call: AdapterCall): Promise<Token> {
    const sentMs = this.#clock.monotonic();
    let answer = await this.#request(operation, oauth2, call);
    if ((answer.status === 400 || answer.status === 401) && this.#canDiffer(oauth2, answer))
      answer = await this.#request(operation, oauth2, call);
    const token = parsed(answer.body);
    const { access_token: value, expires_in: seconds, refresh_token: next } = token;
    if (answer.status !== 200 || typeof value !== "string" || value === "")
      throw this.#failureOf(operation, answer, token);
    if (typeof next === "string" && next !== "" && oauth2.refreshToken !== undefined)
      this.#refresh = { secret: await call.secret(oauth2.refreshToken), value: next };
    const lifeMs = typeof seconds === "number" && seconds > 0 ? seconds * secondMs : Number.POSITIVE_INFINITY;
    // A token that is valid for less than a minute is used for half of that time.
    return { value, untilMs: sentMs + Math.max(lifeMs - marginMs, lifeMs / 2) };
  }

  /** Handles the refusal of a token request. Returns whether the next request would differ. */
  #canDiffer({ signing }: OAuth2, { headers }: HttpAnswer): boolean {
    const hadRefresh = this.#refresh !== undefined;
    // The token server no longer accepts the refresh token that it issued. It may accept the stored one.
    this.#refresh = undefined;
    const serverMs = Date.parse(headers["date"] ?? "");
    const skewMs = Number.isNaN(serverMs) ? 0 : serverMs - this.#clock.now();
    const isSkewed = signing !== undefined && Math.abs(skewMs - this.#skewMs) > skewMinMs;
    if (isSkewed) this.#skewMs = skewMs;
    return hadRefresh || isSkewed;
  }

  async #request(operation: string, oauth2: Grant, call: AdapterCall): Promise<HttpAnswer> {
    const { tokenUrl, clientId, clientSecret, clientAuth } = oauth2;
    const agents = await this.#agentsOf(operation, call);
    const secret = clientSecret === undefined ? undefined : await call.secret(clientSecret);
    const isBasic = clientAuth === "basic";
    const form = new URLSearchParams({
      ...(!isBasic && { client_id: clientId, ...(secret !== undefined && { client_secret: secret }) }),
      ...(await this.#grantOf(operation, oauth2, call)),
    });
    const late = deadline(this.#timers, tokenMs);
    return exchange(
      {
        operation,
        method: "POST",
        url: new URL(tokenUrl),
        body: form.toString(),
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          accept: "application/json",
          ...(isBasic && { authorization: basicOf(clientId, secret ?? "") }),
        },
        // A cancelled caller must not end the request that other callers wait for.
        signal: late.signal,
        answerBytesMax: tokenBytesMax,
      },
      agents,
    )
      .catch((error: unknown) => {
        if (!(error instanceof BrokenExchange)) throw error;
        const reason = `the token server did not answer: ${error.message}`;
        throw adapterErrors.unreachable({ operation, reason }, { cause: error });
      })
      .finally(() => late.cancel());
  }

  /** Converts an answer to an error. An overloaded or failing token server does not mean wrong credentials. */
  #failureOf(operation: string, answer: HttpAnswer, { error, error_description: text }: Members): Error {
    const { status } = answer;
    const stated = [error, text].filter((part) => typeof part === "string" && part !== "").join(": ");
    const detail = this.#masks?.text(stated) ?? stated;
    const reason = `the token server answered ${status}${detail === "" ? "" : ` (${detail.slice(0, detailLengthMax)})`}`;
    const retryAfterMs = retryAfterMsOf(answer, this.#clock.now());
    if (status === 429 || (status === 503 && retryAfterMs > 0))
      return new Busy({ retryAfterMs, message: `${operation}: ${reason}` });
    if (status >= 500 || status === 408) return adapterErrors.failed({ operation, reason });
    return adapterErrors.notSignedIn({ operation, reason });
  }

  /** Returns the form fields of the grant. */
  async #grantOf(operation: string, oauth2: Grant, call: AdapterCall): Promise<Record<string, string>> {
    const { refreshToken, clientAuth, signing, scope, audience, resource } = oauth2;
    const stored = refreshToken && (await call.secret(refreshToken));
    if (this.#refresh?.secret !== stored) this.#refresh = undefined;
    const refresh = this.#refresh?.value ?? stored;
    const grantScopes = {
      ...(scope !== undefined && { scope }),
      ...(audience !== undefined && { audience }),
      ...(resource !== undefined && { resource }),
    };
    const grant = refresh
      ? { grant_type: "refresh_token", refresh_token: refresh }
      : { grant_type: "client_credentials" };
    if (signing === undefined) return { ...grant, ...grantScopes };
    const assertion = assertionOf(
      oauth2,
      keyFrom(operation, await call.secret(signing.key)),
      this.#clock.now() + this.#skewMs,
    );
    if (clientAuth !== "jwt") return { grant_type: `${grantTypes}jwt-bearer`, assertion, ...grantScopes };
    const assertionType = { client_assertion_type: `${assertionTypes}jwt-bearer` };
    return { ...grant, ...grantScopes, ...assertionType, client_assertion: assertion };
  }
}

const grantTypes = "urn:ietf:params:oauth:grant-type:";
const assertionTypes = "urn:ietf:params:oauth:client-assertion-type:";
/** Lifetime of an assertion. Token servers accept at most an hour. */
const assertionSeconds = 300;

function keyFrom(operation: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const reason = "the secret of `signing.key` is no private key in PEM";
    throw adapterErrors.notSignedIn({ operation, reason }, { cause: error });
  }
}

/** Returns a JSON web token as defined in RFC 7523, for grants and for clients. */
function assertionOf(
  { tokenUrl, clientId, clientAuth, signing, scope, assertionAudience = tokenUrl }: Grant,
  key: KeyObject,
  nowMs: number,
) {
  const issued = Math.floor(nowMs / secondMs);
  const isClient = clientAuth === "jwt";
  const algorithms: Readonly<Record<string, string>> = { ec: "ES256", ed25519: "EdDSA" };
  const alg = algorithms[key.asymmetricKeyType ?? ""] ?? "RS256";
  const header = { alg, typ: "JWT", ...(signing?.keyId !== undefined && { kid: signing.keyId }) };
  const claims = {
    iss: clientId,
    sub: isClient ? clientId : (signing?.subject ?? clientId),
    aud: assertionAudience,
    iat: issued,
    exp: issued + assertionSeconds,
    jti: randomUUID(),
    // Google's service accounts expect their scopes here.
    ...(scope !== undefined && !isClient && { scope }),
  };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signed = sign(alg === "EdDSA" ? null : "sha256", Buffer.from(text), {
    key,
    dsaEncoding: "ieee-p1363",
  });
  return `${text}.${signed.toString("base64url")}`;
}

const tokenMs = 30_000;

function parsed(body: Buffer): Members {
  return parsedMembers(body.toString("utf8")) ?? {};
}

/** Returns HTTP Basic credentials. Both parts are form-encoded before they are joined, as RFC 6749 requires. */
function basicOf(id: string, secret: string): string {
  const encoded = (text: string) => `${new URLSearchParams({ text })}`.slice("text=".length);
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64")}`;
}
