/** OAuth of MCP servers by client credentials: over real HTTP on this machine, in virtual time. */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import type { Handler } from "../task/handlers.ts";
import { addMcpServer, type McpAuth } from "./index.ts";

type Json = Readonly<Record<string, unknown>>;

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const secret = "s3cret-of-shop";
const folder = mkdtempSync(join(tmpdir(), "tutti-mcp-auth-"));
const secretFile = `file:${join(folder, "secret")}` as const;
const prm = "/.well-known/oauth-protected-resource";
const basic: McpAuth = { clientId: "worker", clientSecret: secretFile };

/** An MCP server at `/mcp` and its authorization server at `/as`, with the metadata that a test sets. */
class Scene {
  time = new VirtualTime();
  received: Received[] = [];
  documents = new Map<string, unknown>();
  /** Scopes by valid token. */
  readonly tokens = new Map<string, readonly string[]>();
  challenge = "Bearer";
  /** Scopes that calls of the tool need. */
  needed: readonly string[] = [];
  expiresIn = 3_600;
  /** Answers a token request. Default: a token. */
  token: ((response: ServerResponse, form: URLSearchParams) => void) | undefined;
  toolText = "done";
  base = "";
  #calls = new Map<string, Handler>();

  readonly http = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const { url: path = "", headers } = request;
    this.received.push({ path, headers, body });
    const reply = (status: number, value: unknown, more: Record<string, string> = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...more }).end(JSON.stringify(value));
    const document = this.documents.get(path);
    if (path === "/as/token") this.#answerToken(response, new URLSearchParams(body), reply);
    else if (typeof document === "function") document(response);
    else if (path !== "/mcp") reply(document === undefined ? 404 : 200, document ?? {});
    else this.#answerMcp(JSON.parse(body), headers.authorization, reply);
  });

  reset(): void {
    this.time = new VirtualTime();
    this.received = [];
    this.tokens.clear();
    this.challenge = "Bearer";
    this.needed = [];
    this.expiresIn = 3_600;
    this.token = undefined;
    this.toolText = "done";
    const resource = { resource: `${this.base}/mcp`, authorization_servers: [`${this.base}/as`] };
    const metadata = { issuer: `${this.base}/as`, token_endpoint: `${this.base}/as/token` };
    this.documents = new Map<string, unknown>([
      [`${prm}/mcp`, resource],
      ["/.well-known/oauth-authorization-server/as", metadata],
    ]);
  }

  refuseWith(challenge: string): void {
    this.challenge = challenge;
  }

  #answerToken(
    response: ServerResponse,
    form: URLSearchParams,
    reply: (status: number, value: Json) => void,
  ) {
    if (this.token !== undefined) return this.token(response, form);
    const token = `token-${this.tokens.size + 1}-of-shop`;
    this.tokens.set(token, (form.get("scope") ?? "").split(" "));
    reply(200, { access_token: token, token_type: "Bearer", expires_in: this.expiresIn });
  }

  #answerMcp(
    { id, method }: { readonly id: number; readonly method: string },
    authorization: string | undefined,
    reply: (status: number, value: unknown, headers?: Record<string, string>) => void,
  ): void {
    const scopes = this.tokens.get(authorization?.replace("Bearer ", "") ?? "");
    const isMissing = method === "tools/call" && this.needed.some((scope) => !scopes?.includes(scope));
    const stepUp = `Bearer error="insufficient_scope", scope="${this.needed.join(" ")}"`;
    const status = scopes === undefined ? 401 : isMissing ? 403 : 200;
    const challenge = status === 401 ? this.challenge : stepUp;
    const results: Record<string, Json> = {
      "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
      "tools/list": { tools: [{ name: "buy", inputSchema: {} }] },
      "tools/call": { content: [{ type: "text", text: `${this.toolText} ${authorization}` }] },
    };
    if (status === 200) reply(200, { jsonrpc: "2.0", id, result: results[method] });
    else reply(status, {}, { "www-authenticate": challenge });
  }

  add(auth: McpAuth = basic, server: Json = {}) {
    this.#calls = new Map();
    const worker = {
      handle: (name: string, handler: Handler) => void this.#calls.set(name, handler),
      describe() {},
    };
    const ports = { timers: this.time, clock: this.time };
    const given = { url: `${this.base}/mcp`, auth, ...server };
    return addMcpServer(worker as never, "shop", given as never, ports);
  }

  call(): Promise<unknown> {
    const task = { signal: new AbortController().signal, progress() {} } as never;
    return Promise.resolve(this.#calls.get("mcp.shop.buy")?.({}, task));
  }

  get paths(): readonly string[] {
    return this.received.map(({ path }) => path).filter((path) => path !== "/mcp");
  }

  get forms(): readonly URLSearchParams[] {
    return this.received
      .filter(({ path }) => path === "/as/token")
      .map(({ body }) => new URLSearchParams(body));
  }
}

describe("OAuth of an MCP server", () => {
  const scene = new Scene();
  before(async () => {
    writeFileSync(join(folder, "secret"), `${secret}\n`);
    scene.http.listen(0, "127.0.0.1");
    await once(scene.http, "listening");
    scene.base = `http://127.0.0.1:${(scene.http.address() as AddressInfo).port}`;
  });
  beforeEach(() => scene.reset());
  after(() => {
    scene.http.close();
    scene.http.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const asMetadata = () => ({ issuer: `${scene.base}/as`, token_endpoint: `${scene.base}/as/token` });
  const failureOf = async (auth?: McpAuth, server?: Json): Promise<TuttiError> => {
    const error: unknown = await scene.add(auth, server).then(
      ({ close }) => close(),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof TuttiError, String(error));
    return error;
  };

  it("gets a token for the published resource with the scopes of the metadata, and uses it for all requests", async () => {
    const resource = { ...(scene.documents.get(`${prm}/mcp`) as Json), scopes_supported: ["read", "write"] };
    scene.documents.set(`${prm}/mcp`, resource);
    const { capabilities, close } = await scene.add();
    assert.deepEqual(capabilities, ["mcp.shop.buy"]);
    await scene.call();
    const places = [`${prm}/mcp`, "/.well-known/oauth-authorization-server/as", "/as/token"];
    assert.deepEqual(scene.paths, places);
    assert.deepEqual(Object.fromEntries(scene.forms[0] ?? []), {
      grant_type: "client_credentials",
      scope: "read write",
      resource: `${scene.base}/mcp`,
    });
    const { headers } = scene.received.find(({ path }) => path === "/as/token") ?? {};
    assert.equal(headers?.authorization, `Basic ${Buffer.from(`worker:${secret}`).toString("base64")}`);
    close();
  });

  it("prefers the metadata and the scopes that the challenge names", async () => {
    scene.challenge = `Negotiate, Bearer realm="a, b", scope="mcp:basic", resource_metadata="${scene.base}/meta"`;
    scene.documents.set("/meta", scene.documents.get(`${prm}/mcp`));
    scene.documents.delete(`${prm}/mcp`);
    const { close } = await scene.add();
    assert.deepEqual([scene.paths[0], scene.forms[0]?.get("scope")], ["/meta", "mcp:basic"]);
    close();
  });

  for (const [title, issuer, path] of [
    ["OpenID at the root", "", "/.well-known/openid-configuration"],
    ["OAuth at the root", "", "/.well-known/oauth-authorization-server"],
    ["OpenID with the path inserted", "/t/1", "/.well-known/openid-configuration/t/1"],
    ["OpenID with the path in front", "/t/1", "/t/1/.well-known/openid-configuration"],
  ] as const)
    it(`finds the authorization server by its metadata: ${title}`, async () => {
      const resource = { resource: scene.base, authorization_servers: [scene.base + issuer] };
      scene.documents = new Map<string, unknown>([
        [prm, resource],
        [path, { ...asMetadata(), issuer: scene.base + issuer }],
      ]);
      const { close } = await scene.add();
      assert.deepEqual(scene.paths.slice(0, 2), [`${prm}/mcp`, prm]);
      assert.equal(scene.paths.at(-2), path);
      assert.equal(scene.forms[0]?.get("resource"), scene.base, "as published, without a slash");
      close();
    });

  it("sends the secret in the form if the authorization server supports only that, or the options set it", async () => {
    const metadata = { ...asMetadata(), token_endpoint_auth_methods_supported: ["client_secret_post"] };
    scene.documents.set("/.well-known/oauth-authorization-server/as", metadata);
    (await scene.add()).close();
    scene.documents.set("/.well-known/oauth-authorization-server/as", asMetadata());
    (await scene.add({ ...basic, clientAuth: "post" })).close();
    for (const form of scene.forms)
      assert.deepEqual([form.get("client_id"), form.get("client_secret")], ["worker", secret]);
    assert.equal(scene.forms.length, 2);
  });

  it("proves itself by an assertion for the issuer, signed with the key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = join(folder, "key.pem");
    writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
    (await scene.add({ clientId: "worker", signing: { key: `file:${key}`, keyId: "k1" } })).close();
    const [form] = scene.forms;
    assert.equal(
      form?.get("client_assertion_type"),
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    const [header = "", claims = "", signature = ""] = form?.get("client_assertion")?.split(".") ?? [];
    const options = {
      key: createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
      dsaEncoding: "ieee-p1363",
    } as const;
    assert.ok(
      verify("sha256", Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, "base64url")),
    );
    const { iss, sub, aud } = JSON.parse(Buffer.from(claims, "base64url").toString());
    assert.deepEqual([iss, sub, aud], ["worker", "worker", `${scene.base}/as`]);
  });

  it("gets one token with more scopes when a call needs them, and keeps the former scopes", async () => {
    scene.challenge = 'Bearer scope="read"';
    const { close } = await scene.add();
    scene.needed = ["write"];
    await Promise.all([scene.call(), scene.call(), scene.call()]);
    await scene.call();
    assert.deepEqual(
      scene.forms.map((form) => form.get("scope")),
      ["read", "read write"],
    );
    assert.equal(scene.paths.length, 4, "the metadata is not read again");
    close();
  });

  it("does not ask again for scopes that the token server does not grant", async () => {
    const { close } = await scene.add();
    scene.needed = ["admin"];
    scene.token = (response) => {
      scene.tokens.set("poor-token", ["read"]);
      response.end(JSON.stringify({ access_token: "poor-token" }));
    };
    for (let count = 0; count < 2; count++)
      await assert.rejects(scene.call(), { code: "adapter.refused", message: /needs the scopes `admin`/ });
    assert.equal(scene.forms.length, 2);
    close();
  });

  it("renews a token before it expires, and once for all calls after the server refuses it", async () => {
    const { close } = await scene.add();
    await scene.time.advanceAsync(3_600_000);
    await scene.call();
    assert.equal(scene.forms.length, 2);
    scene.tokens.clear();
    scene.tokens.set("other", []);
    scene.tokens.set("another", []);
    await Promise.all([scene.call(), scene.call()]);
    assert.equal(scene.forms.length, 3);
    close();
  });

  it("fails after a second refusal, and does not repeat the request without end", async () => {
    scene.token = (response) => response.end(JSON.stringify({ access_token: "wrong-token" }));
    const error = await failureOf();
    assert.equal(error.code, "adapter.not_signed_in");
    assert.match(error.message, /`mcp\.shop` is not signed in: the server answered 401 to a new token/);
    assert.equal(scene.forms.length, 1);
    assert.equal(scene.received.filter(({ path }) => path === "/mcp").length, 2);
  });

  it("does not give the credentials to another authorization server later", async () => {
    const { close } = await scene.add();
    const other = { resource: `${scene.base}/mcp`, authorization_servers: [`${scene.base}/other`] };
    scene.documents.set(`${prm}/mcp`, other);
    const metadata = { ...asMetadata(), issuer: `${scene.base}/other` };
    scene.documents.set("/.well-known/oauth-authorization-server/other", metadata);
    scene.tokens.clear();
    await assert.rejects(scene.call(), {
      code: "adapter.not_signed_in",
      message: /the credentials belong to/,
    });
    assert.equal(scene.forms.length, 1);
    close();
  });

  it("does not give the credentials to another authorization server after the first has refused them", async () => {
    const { close } = await scene.add();
    scene.tokens.clear();
    scene.token = (response) => response.writeHead(401).end();
    await assert.rejects(scene.call(), { code: "adapter.not_signed_in" });
    const other = { resource: `${scene.base}/mcp`, authorization_servers: [`${scene.base}/other`] };
    scene.documents.set(`${prm}/mcp`, other);
    const metadata = { ...asMetadata(), issuer: `${scene.base}/other` };
    scene.documents.set("/.well-known/oauth-authorization-server/other", metadata);
    await assert.rejects(scene.call(), {
      code: "adapter.not_signed_in",
      message: /the credentials belong to/,
    });
    close();
  });

  describe("refuses", () => {
    const resource = (changes: Json) => () =>
      scene.documents.set(`${prm}/mcp`, { ...(scene.documents.get(`${prm}/mcp`) as Json), ...changes });
    const issuer = (changes: Json) => () =>
      scene.documents.set("/.well-known/oauth-authorization-server/as", { ...asMetadata(), ...changes });
    const redirect = (target: string) => (response: ServerResponse) =>
      response.writeHead(302, { location: target }).end();
    for (const [title, prepare, message] of [
      [
        "metadata for another server",
        resource({ resource: "https://evil.example/mcp" }),
        /for another server .*evil/,
      ],
      [
        "metadata for a sibling path",
        () => resource({ resource: `${scene.base}/mc` })(),
        /for another server/,
      ],
      ["metadata without a resource", resource({ resource: undefined }), /for another server/],
      [
        "another issuer",
        issuer({ issuer: "https://evil.example" }),
        /of another authorization server .*evil/,
      ],
      [
        "a token endpoint over http",
        issuer({ token_endpoint: "http://as.example/token" }),
        /as\.example\/token" is no https/,
      ],
      [
        "an authorization server over http",
        resource({ authorization_servers: ["http://as.example"] }),
        /is no https/,
      ],
      [
        "an authorization server without metadata",
        resource({ authorization_servers: ["http://localhost:1/"] }),
        /no answer/,
      ],
      [
        "metadata at another origin",
        () => scene.refuseWith('Bearer resource_metadata="https://evil.example/m"'),
        /another origin/,
      ],
      ["metadata above 64 KiB", resource({ padding: "x".repeat(70_000) }), /more than 65536 bytes/],
      [
        "redirects without end",
        () => scene.documents.set(`${prm}/mcp`, redirect(`${prm}/mcp`)),
        /more than 5 redirects/,
      ],
      [
        "metadata that is no JSON",
        () => scene.documents.set(`${prm}/mcp`, (response: ServerResponse) => response.end("<html>")),
        /no JSON object/,
      ],
    ] as const)
      it(`${title}, before it sends the secret`, async () => {
        prepare();
        const error = await failureOf();
        assert.match(error.message, message);
        assert.equal(scene.forms.length, 0);
      });

    it("an authorization server that is not `issuer`", async () => {
      const error = await failureOf({ ...basic, issuer: "https://login.example" });
      assert.match(error.message, /https:\/\/login\.example is not among the servers that it names/);
      assert.equal(scene.forms.length, 0);
    });

    const key = "env:TUTTI_TEST_NO_KEY" as const;
    for (const [title, auth, server, message] of [
      ["no secret", { clientId: "worker" }, {}, /either `clientSecret` or `signing`.*Set one/],
      ["a secret and a key", { ...basic, signing: { key } }, {}, /either `clientSecret` or `signing`/],
      ["no client", { ...basic, clientId: "" }, {}, /`clientId` is missing/],
      [
        "a key for Basic",
        { clientId: "w", clientAuth: "basic", signing: { key } },
        {},
        /`clientAuth` is `basic`.*Use `jwt`/,
      ],
      ["scopes that are no text", { ...basic, scope: ["a"] }, {}, /`scope`: expected a text/],
      ["an unknown option", { ...basic, clientSecrets: "env:A" }, {}, /no option `clientSecrets`/],
      ["a value as a secret", { clientId: "w", clientSecret: secret }, {}, /no valid reference/],
      [
        "a secret of the platform",
        { clientId: "w", clientSecret: "secret:shop" },
        {},
        /secret:shop can be opened only in a task.*env:NAME/,
      ],
      ["a missing secret", { clientId: "w", clientSecret: key }, {}, /env:TUTTI_TEST_NO_KEY is not set/],
      ["plain http", basic, { url: "http://shop.example/mcp" }, /`url` is no https address.*Use https/],
      [
        "two authorizations",
        basic,
        { headers: { Authorization: "Bearer x" } },
        /`headers` has `authorization` too/,
      ],
      ["a program", basic, { url: undefined, command: ["shop"] }, /only a server with `url`/],
    ] as const)
      it(`${title} in the options, before it calls the server`, async () => {
        const error = await failureOf(auth as McpAuth, server);
        assert.match(error.message, message);
        assert.ok(!error.message.includes(secret));
        assert.equal(scene.received.length, 0);
      });
  });

  it("masks the secret in errors of the token server, and the token in answers of the server", async () => {
    scene.token = (response) =>
      response
        .writeHead(401)
        .end(JSON.stringify({ error: "invalid_client", error_description: `no ${secret}` }));
    const error = await failureOf();
    assert.match(error.message, /the token server answered 401 \(invalid_client: no \[secret file:/);
    scene.token = undefined;
    const { close } = await scene.add();
    assert.equal(await scene.call(), "done Bearer [secret token of mcp.shop]");
    close();
  });

  it("returns a task to the queue while the token server is busy", async () => {
    const { close } = await scene.add();
    scene.tokens.clear();
    scene.token = (response) => response.writeHead(429, { "retry-after": "7" }).end();
    await assert.rejects(scene.call(), { name: "Busy", retryAfterMs: 7_000 });
    close();
  });
});
