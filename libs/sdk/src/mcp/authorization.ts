/**
 * OAuth of one MCP server by client credentials: a token after the first refusal, a new one after it has expired, and
 * one with more scopes if a call needs them.
 *
 * 1. The credentials belong to one authorization server: `issuer`, else the first one. Another never gets them.
 * 2. A request gets one new token. If the server refuses it too, the request fails.
 * 3. Answers contain no secret and no token: a mask replaces them.
 */
import type { Clock, Timers } from "@tutti/kernel";
import type { AdapterCall, SecretReference } from "../adapters/adapter.ts";
import { adapterErrors } from "../adapters/errors.ts";
import { Authentication } from "../adapters/http/auth.ts";
import { BrokenExchange, Connections, deadline, exchange } from "../adapters/http/wire.ts";
import { localSecret } from "../adapters/source.ts";
import { type OptionNames, oneOf, requireKnown, text } from "../options.ts";
import { Masks } from "../task/masks.ts";
import {
  type AuthorizationServer,
  type Challenge,
  challengeIn,
  discoverAuthorization,
  isProtected,
  isSameIssuer,
  Unusable,
} from "./discovery.ts";
import { mcpErrors } from "./errors.ts";

/** OAuth by client credentials. The server names its authorization server. */
export interface McpAuth {
  readonly clientId: string;
  /** `env:NAME` or `file:/path`. */
  readonly clientSecret?: SecretReference;
  /** How the client authenticates. Default: `jwt` with `signing`, else `basic`, or `post` if only that is supported. */
  readonly clientAuth?: "post" | "basic" | "jwt";
  /** Signs assertions (`private_key_jwt`), in the place of the secret. */
  readonly signing?: {
    /** A private key in PEM: RSA, EC (P-256) or Ed25519. */
    readonly key: SecretReference;
    readonly keyId?: string;
  };
  /** Scopes of the tokens. Default: those that the server asks for. */
  readonly scope?: string;
  /** The authorization server that gets the credentials. Default: the first that the server names. */
  readonly issuer?: string;
}

const authNames: OptionNames<McpAuth> = {
  clientId: text,
  clientSecret: true,
  clientAuth: oneOf(["basic", "post", "jwt"]),
  signing: { key: true, keyId: text },
  scope: text,
  issuer: text,
};

const metadataMs = 10_000;
const metadataBytesMax = 65_536;
/** Former tokens that are masked too, because they may still be valid. */
const tokensMax = 4;

/** Requires usable options, and opens the secrets once. */
export async function requireAuth(
  name: string,
  server: { readonly url?: string; readonly headers?: Readonly<Record<string, string>> },
  auth: McpAuth,
): Promise<void> {
  const fail = (problem: string, remedy: string) => {
    throw mcpErrors.authInvalid({ server: name, problem, remedy });
  };
  requireKnown(`${name}.auth`, auth, authNames);
  const { clientId, clientSecret, clientAuth, signing, issuer } = auth;
  const { url = "", headers = {} } = server;
  if (!URL.canParse(url))
    return fail("only a server with `url` has `auth`", "Pass secrets of a program in `env`.");
  const base = new URL(url);
  if (!isProtected(url, base)) fail("`url` is no https address", "Use https. Tokens are not sent over http.");
  if (Object.keys(headers).some((header) => header.toLowerCase() === "authorization"))
    fail("`headers` has `authorization` too", "Remove one of the two.");
  if (clientId === undefined || clientId === "")
    fail("`clientId` is missing", "Set `clientId` to the id of the registered client.");
  if ((clientSecret === undefined) === (signing === undefined))
    fail("it needs either `clientSecret` or `signing`", "Set one of the two.");
  if (clientAuth !== undefined && (clientAuth === "jwt") !== (signing !== undefined))
    fail(
      `\`clientAuth\` is \`${clientAuth}\``,
      "Use `jwt` with `signing`, and `basic` or `post` with `clientSecret`.",
    );
  if (issuer !== undefined && !isProtected(issuer, base))
    fail("`issuer` is no https address", "Set `issuer` to the address of the authorization server.");
  await localSecret(clientSecret ?? signing?.key ?? "");
}

/**
 * `changed`: another call has requested a newer token. `renewed`: this call has. Undefined: the answer is no refusal of a
 * token, or a new token would be the same.
 */
export type Renewal = "changed" | "renewed" | undefined;

interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
}

interface Granted {
  readonly server: AuthorizationServer;
  readonly scopes: readonly string[];
  readonly authentication: Authentication;
}

export class McpAuthorization {
  readonly #operation: string;
  readonly #url: URL;
  readonly #auth: McpAuth;
  readonly #ports: Ports;
  readonly #connections = new Connections();
  #masks = new Masks();
  readonly #secrets = new Map<string, string>();
  #tokens: readonly string[] = [];
  #granted: Granted | undefined;
  #issuer: string | undefined;
  /** The request for a new token that all refused requests share. */
  #pending: Promise<void> | undefined;

  constructor(name: string, url: string, auth: McpAuth, ports: Ports) {
    this.#operation = `mcp.${name}`;
    this.#url = new URL(url);
    this.#auth = auth;
    this.#ports = ports;
    this.#issuer = auth.issuer;
  }

  /** Removes the secrets and tokens from an answer of the server. */
  masked(value: unknown): unknown {
    return this.#masks.json(value);
  }

  maskedText(stated: string): string {
    return this.#masks.text(stated);
  }

  /** Returns the value of `Authorization`. Undefined before the first refusal. */
  async header(): Promise<string | undefined> {
    const granted = this.#granted;
    if (granted === undefined) return undefined;
    const headers: Record<string, string> = {};
    const request = { operation: this.#operation, method: "POST" };
    try {
      await granted.authentication.apply(request, this.#url, headers, this.#call);
    } catch (error) {
      // The next request starts with the metadata, which an operator may have corrected.
      if (this.#granted === granted) this.#granted = undefined;
      throw error;
    }
    const { authorization = "" } = headers;
    this.#keepToken(authorization.slice("Bearer ".length));
    return authorization;
  }

  /** Handles an answer that may be a refusal. */
  async renew(
    { status, headers }: Pick<Response, "status" | "headers">,
    sent: string | undefined,
  ): Promise<Renewal> {
    const challenge = challengeIn(headers.get("www-authenticate") ?? "");
    const isStepUp = status === 403 && challenge.error === "insufficient_scope";
    if (status !== 401 && !isStepUp) return undefined;
    const isKnown = this.#pending === undefined && (await this.header()) === sent;
    // Another request may renew the token by now.
    if (!isKnown || this.#pending !== undefined) {
      await this.#pending;
      return "changed";
    }
    const { scopes = [] } = this.#granted ?? {};
    if (isStepUp && challenge.scopes.every((scope) => scopes.includes(scope))) return undefined;
    this.#pending = this.#request(challenge, isStepUp, sent).finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
    return "renewed";
  }

  /** Returns the error of a final refusal. Undefined for other answers. */
  refusalOf({ status, headers }: Pick<Response, "status" | "headers">) {
    const { error, scopes } = challengeIn(headers.get("www-authenticate") ?? "");
    const operation = this.#operation;
    if (status === 401)
      return adapterErrors.notSignedIn({
        operation,
        reason: "the server answered 401 to a new token",
        remedy: "Check the rights of the client at the authorization server, and the log of the MCP server.",
      });
    if (status !== 403 || error !== "insufficient_scope") return undefined;
    return adapterErrors.refused({
      operation,
      reason: `the server needs the scopes \`${scopes.join(" ")}\`, and refuses a token that was requested with them`,
      remedy: "Grant the scopes to the client at the authorization server.",
    });
  }

  close(): void {
    this.#connections.close();
  }

  async #request(challenge: Challenge, isStepUp: boolean, sent: string | undefined): Promise<void> {
    const before = this.#granted;
    const server = isStepUp && before !== undefined ? before.server : await this.#discover(challenge);
    const isAsked = isStepUp || challenge.scopes.length > 0;
    const asked = isAsked ? challenge.scopes : (before?.scopes ?? server.scopes);
    const base =
      this.#auth.scope === undefined || isStepUp ? asked : this.#auth.scope.split(" ").filter(Boolean);
    const scopes = [...new Set([...(before?.scopes ?? []), ...base])];
    const isSame =
      before !== undefined &&
      JSON.stringify([before.server, before.scopes]) === JSON.stringify([server, scopes]);
    if (isSame) before.authentication.renew({ headers: {}, url: this.#url }, sent);
    else this.#granted = { server, scopes, authentication: this.#authenticationFor(server, scopes) };
    // Also if the request fails: it has the secret.
    this.#issuer = server.issuer;
    try {
      await this.header();
    } catch (error) {
      // The former token is still valid for other calls.
      if (isStepUp) this.#granted = before;
      throw error;
    }
  }

  async #discover(challenge: Challenge): Promise<AuthorizationServer> {
    const operation = this.#operation;
    try {
      const server = await discoverAuthorization(this.#url, challenge, this.#auth.issuer, (url) =>
        this.#read(url),
      );
      if (this.#issuer === undefined || isSameIssuer(this.#issuer, server.issuer)) return server;
      throw new Unusable(
        `the server now names the authorization server ${server.issuer}, and the credentials belong to ${this.#issuer}`,
        "If the change is right, restart the worker with the credentials of the new authorization server.",
      );
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      const remedy = error.remedy ?? "Check the metadata of the MCP server.";
      throw adapterErrors.notSignedIn({ operation, reason: error.message, remedy }, { cause: error });
    }
  }

  async #read(url: URL) {
    const operation = this.#operation;
    const late = deadline(this.#ports.timers, metadataMs);
    try {
      const request = { operation, method: "GET", url, headers: { accept: "application/json" } };
      const agents = await this.#connections.of(operation, this.#call);
      const answer = await exchange(
        { ...request, signal: late.signal, answerBytesMax: metadataBytesMax },
        agents,
      );
      if (answer.status < 500 && answer.status !== 429) return answer;
      throw adapterErrors.failed({ operation, reason: `${url.href} answered ${answer.status}` });
    } catch (error) {
      if (!(error instanceof BrokenExchange)) throw error;
      throw adapterErrors.unreachable(
        { operation, reason: `${url.href}: ${error.message}` },
        { cause: error },
      );
    } finally {
      late.cancel();
    }
  }

  #authenticationFor(server: AuthorizationServer, scopes: readonly string[]): Authentication {
    const { clientId, clientSecret, clientAuth, signing } = this.#auth;
    const { tokenUrl, issuer, resource, clientAuths } = server;
    const isPost = clientAuths.includes("client_secret_post") && !clientAuths.includes("client_secret_basic");
    const oauth2 = {
      tokenUrl,
      clientId,
      clientAuth: clientAuth ?? (signing !== undefined ? "jwt" : isPost ? "post" : "basic"),
      ...(clientSecret !== undefined && { clientSecret }),
      ...(signing !== undefined && { signing }),
      ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    };
    const agentsOf = (operation: string, call: AdapterCall) => this.#connections.of(operation, call);
    const masks = { text: (stated: string) => this.maskedText(stated) };
    const ports = { ...this.#ports, masks };
    return new Authentication({ oauth2 }, agentsOf, ports, { resource, assertionAudience: issuer });
  }

  get #call(): AdapterCall {
    const signal = new AbortController().signal;
    return { idempotencyKey: "", signal, secret: (reference) => this.#secret(reference) };
  }

  async #secret(reference: string): Promise<string> {
    const value = await localSecret(reference);
    if (this.#secrets.get(reference) !== value) {
      this.#secrets.set(reference, value);
      this.#updateMasks();
    }
    return value;
  }

  #keepToken(token: string): void {
    if (this.#tokens[0] === token) return;
    this.#tokens = [token, ...this.#tokens].slice(0, tokensMax);
    this.#updateMasks();
  }

  #updateMasks(): void {
    const masks = new Masks();
    for (const [reference, value] of this.#secrets) masks.add(reference, value);
    for (const token of this.#tokens) masks.add(`token of ${this.#operation}`, token);
    this.#masks = masks;
  }
}
