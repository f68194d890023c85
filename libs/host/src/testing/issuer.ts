/**
 * An issuer of OpenID Connect on this machine, for tests. It publishes the usual metadata, and signs every user in at
 * once as the person that a test names. It is as strict about codes as the standards require.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** The request that a code was issued for. */
interface IssuedCode {
  readonly clientId: string;
  readonly redirect: string;
  readonly challenge: string;
  readonly nonce: string;
}

export interface IssuerClient {
  readonly clientId: string;
  /** Empty for one without. */
  readonly clientSecret: string;
  readonly redirect: string;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const second = 1_000;

export class TestIssuer implements AsyncDisposable {
  readonly #server: Server;
  readonly #codes = new Map<string, IssuedCode>();
  readonly #clients: () => readonly IssuerClient[];
  #keys: readonly SigningKey[] = [newKey()];
  /** The user of the next sign-in. */
  person: Readonly<Record<string, unknown>> = { sub: "ada" };
  /** Wrong claims in the next ID tokens. */
  wrongly: Readonly<Record<string, unknown>> = {};
  /** Number of requests for its keys. */
  keyRequests = 0;

  /** @param clients called for each request, because their addresses may not be known yet */
  static async open(clients: () => readonly IssuerClient[]): Promise<TestIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestIssuer(server, clients);
  }

  private constructor(server: Server, clients: () => readonly IssuerClient[]) {
    this.#server = server;
    this.#clients = clients;
    server.on("request", (request, response) => {
      this.#handleRequest(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  /** The issuer's own name. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on it signs with another key, and no longer publishes the old one. */
  rotate(): void {
    this.#keys = [newKey()];
  }

  idToken(clientId: string, nonce: string): string {
    const [key] = this.#keys;
    if (key === undefined) throw new Error("expected a key, got none");
    const nowS = Math.floor(Date.now() / second);
    const claims = { iss: this.url, aud: clientId, nonce, iat: nowS, exp: nowS + 300 };
    const body = `${encoded({ alg: "EdDSA", kid: key.kid })}.${encoded({ ...claims, ...this.person, ...this.wrongly })}`;
    return `${body}.${sign(null, Buffer.from(body), key.privateKey).toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /.well-known/openid-configuration":
        return json(response, 200, {
          ...{ issuer: this.url, authorization_endpoint: `${this.url}/authorize` },
          ...{ token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys` },
          ...{ code_challenge_methods_supported: ["S256"], response_types_supported: ["code"] },
          ...{ subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["EdDSA"] },
          authorization_response_iss_parameter_supported: true,
        });
      case "GET /keys":
        this.keyRequests++;
        return json(response, 200, { keys: this.#keys.map(({ jwk }) => jwk) });
      case "GET /authorize":
        return this.#authorize(searchParams, response);
      case "POST /token":
        return this.#exchange(request, response);
      default:
        return json(response, 404, { error: "not_found" });
    }
  }

  #authorize(parameters: URLSearchParams, response: ServerResponse): void {
    const value = (name: string): string => parameters.get(name) ?? "";
    const redirect = value("redirect_uri");
    const client = this.#clients().find(({ clientId }) => clientId === value("client_id"));
    // No redirect to an address that the client never registered.
    if (client?.redirect !== redirect) {
      json(response, 400, { error: "invalid_redirect" });
      return;
    }
    const isValid =
      value("response_type") === "code" &&
      value("scope").split(" ").includes("openid") &&
      value("code_challenge_method") === "S256" &&
      value("code_challenge").length === 43;
    const callbackUrl = new URL(redirect);
    callbackUrl.searchParams.set("state", value("state"));
    callbackUrl.searchParams.set("iss", this.url);
    if (isValid) {
      const code = randomBytes(16).toString("base64url");
      const { clientId } = client;
      this.#codes.set(code, {
        ...{ clientId, redirect, challenge: value("code_challenge"), nonce: value("nonce") },
      });
      callbackUrl.searchParams.set("code", code);
    } else callbackUrl.searchParams.set("error", "invalid_request");
    response.writeHead(302, { location: callbackUrl.href }).end();
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams(await text(request));
    const code = parameters.get("code") ?? "";
    const issued = this.#codes.get(code);
    // A code is valid once, even if the exchange fails.
    this.#codes.delete(code);
    const [id = "", secret = ""] = clientCredentials(request, parameters);
    const client = this.#clients().find(({ clientId }) => clientId === id);
    if (client?.clientSecret !== secret) return json(response, 401, { error: "invalid_client" });
    const challenge = createHash("sha256")
      .update(parameters.get("code_verifier") ?? "")
      .digest("base64url");
    const isGood =
      issued?.clientId === id &&
      issued.redirect === parameters.get("redirect_uri") &&
      issued.challenge === challenge &&
      parameters.get("grant_type") === "authorization_code";
    if (!isGood) return json(response, 400, { error: "invalid_grant" });
    const token = this.idToken(id, issued.nonce);
    return json(response, 200, { token_type: "Bearer", access_token: "opaque", id_token: token });
  }
}

function clientCredentials({ headers }: IncomingMessage, parameters: URLSearchParams): readonly string[] {
  const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
  if (basic === undefined) return [parameters.get("client_id") ?? "", parameters.get("client_secret") ?? ""];
  return Buffer.from(basic, "base64").toString().split(":").map(formDecoded);
}

function formDecoded(text: string): string {
  return new URLSearchParams(`text=${text}`).get("text") ?? "";
}

function newKey(): SigningKey {
  const kid = randomBytes(6).toString("base64url");
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { kid, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "EdDSA" } };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
