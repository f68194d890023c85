/** How requests of an adapter are signed in. Secrets are references, and are opened for each request. */
import type { Clock, Timers } from "@tutti/kernel";
import type { AdapterCall, SecretReference } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { type Agents, Broken, deadline, exchange } from "./wire.ts";

export interface OAuth2 {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret?: SecretReference;
  /** Where the client and its secret are sent: in the form, or by HTTP Basic. Default: `post`. */
  readonly clientAuth?: "post" | "basic";
  /** With it, tokens are made by the flow `refresh_token`. Without it, by `client_credentials`. */
  readonly refreshToken?: SecretReference;
  readonly scope?: string;
  readonly audience?: string;
}

export type HttpAuth =
  | { readonly basic: { readonly user: string; readonly password: SecretReference } }
  | { readonly bearer: SecretReference }
  | {
      readonly apiKey: {
        readonly in: "header" | "query" | "cookie";
        readonly name: string;
        readonly value: SecretReference;
      };
    }
  | { readonly oauth2: OAuth2 };

interface Token {
  readonly value: string;
  readonly untilMs: number;
}

/** A token is renewed this long before it expires, so that it does not expire on its way. */
const marginMs = 30_000;
const secondMs = 1_000;
const tokenBytesMax = 65_536;

export class Authentication {
  readonly #auth: HttpAuth | undefined;
  readonly #agentsOf: (operation: string, call: AdapterCall) => Promise<Agents>;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #token: Token | undefined;
  #asked: Promise<Token> | undefined;
  /** Given with a token in the place of the last one. */
  #refreshToken: string | undefined;

  constructor(
    auth: HttpAuth | undefined,
    agentsOf: (operation: string, call: AdapterCall) => Promise<Agents>,
    { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
  ) {
    this.#auth = auth;
    this.#agentsOf = agentsOf;
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Returns whether the other side may accept another token after it refused this one. */
  get isRenewable(): boolean {
    return this.#auth !== undefined && "oauth2" in this.#auth;
  }

  /** Forgets a token that was refused. */
  forget(): void {
    this.#token = undefined;
  }

  async apply(
    operation: string,
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
      const { value } = await this.#tokenOf(operation, auth.oauth2, call);
      headers["authorization"] = `Bearer ${value}`;
    }
  }

  async #tokenOf(operation: string, oauth2: OAuth2, call: AdapterCall): Promise<Token> {
    const token = this.#token;
    if (token !== undefined && token.untilMs > this.#clock.monotonic()) return token;
    // All calls that need a token wait for one request.
    this.#asked ??= this.#ask(operation, oauth2, call).finally(() => {
      this.#asked = undefined;
    });
    this.#token = await this.#asked;
    return this.#token;
  }

  async #ask(operation: string, oauth2: OAuth2, call: AdapterCall): Promise<Token> {
    const { tokenUrl, clientId, clientSecret, clientAuth, refreshToken, scope, audience } = oauth2;
    const agents = await this.#agentsOf(operation, call);
    const refresh = refreshToken && (this.#refreshToken ?? (await call.secret(refreshToken)));
    const secret = clientSecret === undefined ? undefined : await call.secret(clientSecret);
    const isBasic = clientAuth === "basic";
    const form = new URLSearchParams({
      grant_type: refresh ? "refresh_token" : "client_credentials",
      ...(!isBasic && { client_id: clientId, ...(secret !== undefined && { client_secret: secret }) }),
      ...(refresh && { refresh_token: refresh }),
      ...(scope !== undefined && { scope }),
      ...(audience !== undefined && { audience }),
    });
    const sentMs = this.#clock.monotonic();
    const fail = (reason: string) => adapterErrors.notSignedIn({ operation, reason });
    const late = deadline(this.#timers, tokenMs);
    const answer = await exchange(
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
        // One caller that is cancelled must not end the request that others wait for.
        signal: late.signal,
        answerBytesMax: tokenBytesMax,
      },
      agents,
    )
      .catch((error: unknown) => {
        throw error instanceof Broken ? fail(`the token server did not answer: ${error.message}`) : error;
      })
      .finally(() => late.cancel());
    const said = parsed(answer.body);
    const { access_token: value, expires_in: seconds, refresh_token: next, error } = said;
    if (answer.status !== 200 || typeof value !== "string" || value === "")
      throw fail(
        `the token server answered ${answer.status}${typeof error === "string" ? ` (${error})` : ""}`,
      );
    if (typeof next === "string" && next !== "") this.#refreshToken = next;
    const lifeMs = typeof seconds === "number" && seconds > 0 ? seconds * secondMs : Number.POSITIVE_INFINITY;
    // A token of less than a minute is used for half of its life.
    return { value, untilMs: sentMs + Math.max(lifeMs - marginMs, lifeMs / 2) };
  }
}

const tokenMs = 30_000;

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Both are encoded as in a form before they are joined: RFC 6749. */
function basicOf(id: string, secret: string): string {
  const encoded = (text: string) => `${new URLSearchParams({ text })}`.slice("text=".length);
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64")}`;
}
