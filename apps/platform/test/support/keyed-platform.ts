/** A platform with users, keys and roles in two namespaces, tested from outside. */
import { createHmac } from "node:crypto";
import { join } from "node:path";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { keysDirectoryIn, openInstallationKeys } from "@tutti/host";
import { systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { newTokenKey, TokenIssuer } from "@tutti/policy";
import { routes } from "@tutti/rest";
import { OutsideClient } from "./outside-client.ts";
import { type Folder, makeFolder, type Service, start } from "./services.ts";

const { identityService, policyService, namespaceService } = governance;
const { Scope, TokenUse } = governance;

export const hourMs = 3_600_000;
export const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
export const keyHeaders = (key: string) => ({ authorization: `Bearer ${key}` });

export class KeyedPlatform implements AsyncDisposable {
  readonly #folder: Folder;
  readonly #service: Service;
  readonly outside: OutsideClient;
  /** A viewer of `default`, a developer there with a narrowed key, an administrator of `b`, and a user without a role. */
  readonly keys = { nobody: "", viewer: "", narrowed: "", other: "" };

  private constructor(folder: Folder, service: Service) {
    this.#folder = folder;
    this.#service = service;
    this.outside = new OutsideClient(service.grpc);
  }

  static async start(): Promise<KeyedPlatform> {
    const folder = await makeFolder();
    const service = await start("platform", [
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      "--access.failuresBeforeLockout=100000",
      "--access.reportMs=100",
    ]);
    const created = new KeyedPlatform(folder, service);
    await created.outside.call(namespaceService.methods.createNamespace, {
      ...governance.CreateNamespaceRequest.fromPartial({ resource: { name: "b" } }),
    });
    await created.bind("ada", "viewer", "default");
    await created.bind("bob", "admin", "b");
    await created.bind("eve", "developer", "default");
    created.keys.nobody = await created.keyOf("nil", "default");
    created.keys.viewer = await created.keyOf("ada", "default");
    const narrow = Scope.fromPartial({ actions: ["workflow.runs.list"] });
    created.keys.narrowed = await created.keyOf("eve", "default", narrow);
    created.keys.other = await created.keyOf("bob", "b");
    await (await created.known("/v1/runs?namespace=b", created.keys.other)).body?.cancel();
    return created;
  }

  get grpc(): string {
    return this.#service.grpc;
  }

  get http(): string {
    return this.#service.http;
  }

  async keyOf(id: string, namespace: string, scope?: governance.Scope): Promise<string> {
    const request = { namespace, actor: person(id), title: "test", scope, lifetimeMs: 0, idempotencyKey: "" };
    const { secret } = await this.outside.call(identityService.methods.createKey, request);
    return secret;
  }

  async bind(id: string, role: string, namespace: string): Promise<void> {
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = governance.RoleBinding.fromPartial({ bindingId: `${id}-${role}`, role, subject });
    await this.outside.call(policyService.methods.createRoleBinding, { namespace, binding });
  }

  rest(path: string, key: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.http}${path}`, { ...init, headers: { ...keyHeaders(key), ...init.headers } });
  }

  /** Retries until the bundle with a key has arrived. */
  known(path: string, key: string): Promise<Response> {
    const attempt = async () => {
      const answer = await this.rest(path, key);
      if (answer.status !== 401 && answer.status !== 503) return answer;
      await answer.body?.cancel();
      return undefined;
    };
    return until("a key to be known", attempt);
  }

  /** Returns a token like that of the installation, signed by its own key or another one. */
  async signed(key: "its own" | "another", endMs: number): Promise<string> {
    const directory = keysDirectoryIn(join(this.#folder.path, "data"));
    const { tokenKey } = await openInstallationKeys(directory, systemFoundation());
    const issuer = await TokenIssuer.with(
      "tutti",
      key === "its own" ? tokenKey : await newTokenKey(tokenKey.kid ?? ""),
    );
    return issuer.issue({
      ...{ tokenId: "token_made", actor: person("ada"), namespace: "default", groups: [] },
      ...{ use: TokenUse.TOKEN_USE_CALLS, scope: Scope.create() },
      ...{ createMs: endMs - 2 * hourMs, expireMs: endMs },
    });
  }

  async issued(id: string, use: governance.TokenUse, namespace = "default"): Promise<string> {
    const request = governance.IssueTokenRequest.fromPartial({ namespace, actor: person(id), use });
    const { secret } = await this.outside.call(identityService.methods.issueToken, request);
    return secret;
  }

  redeem(secret: string): Promise<{ readonly secret: string }> {
    return this.outside.call(identityService.methods.redeemToken, {
      ...{ namespace: "default", secret, use: TokenUse.TOKEN_USE_CALLS, idempotencyKey: "" },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.outside[Symbol.dispose]();
    await this.#service.stop();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Rejected credentials, by their fault. */
export const wrongCredentials: Readonly<
  Record<string, (platform: KeyedPlatform) => string | Promise<string>>
> = {
  "a key with another sign": ({ keys }) =>
    `${keys.viewer.slice(0, -1)}${keys.viewer.endsWith("A") ? "B" : "A"}`,
  "a token without a signature": () => forged("none"),
  "a token signed with a shared secret": () => forged("HS256"),
  "a token that has ended": (platform) => platform.signed("its own", Date.now() - hourMs),
  "a token signed with another key under the same name": (platform) =>
    platform.signed("another", Date.now() + hourMs),
  "a token that is for one exchange": (platform) => platform.issued("ada", TokenUse.TOKEN_USE_ONE_TIME),
  "a token that was exchanged already": async (platform) => {
    const oneTimeToken = await platform.issued("ada", TokenUse.TOKEN_USE_ONE_TIME);
    await platform.redeem(oneTimeToken);
    return oneTimeToken;
  },
  "something else": () => "open sesame",
};

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = {
  ...{ iss: "tutti", aud: "tutti", sub: "person:local-admin", jti: "x", namespace: "", use: "calls" },
  ...{ iat: 1, exp: 4_000_000_000, scope: {} },
};

function forged(alg: string): string {
  const body = `${encoded({ alg, typ: "tutti+jwt", kid: "k" })}.${encoded(claims)}`;
  const signature = alg === "none" ? "" : createHmac("sha256", "guess").update(body).digest("base64url");
  return `${body}.${signature}`;
}

/** Requests each route that needs a right, by its name. */
export function routeRequests(
  address: string,
  headers: Readonly<Record<string, string>>,
  but: ReadonlySet<string> = new Set(),
): readonly (readonly [string, () => Promise<Response>])[] {
  return routes
    .filter(({ name, open }) => !open && !but.has(name))
    .map(({ name, method, path }) => {
      const bare: RequestInit = method === "GET" || method === "DELETE" ? { method } : jsonOf(method);
      const init = { ...bare, headers: { ...headers, ...bare.headers } };
      return [name, () => fetch(`${address}${path.replace(/\{\w+\}/g, "x")}`, init)] as const;
    });
}

/** Returns the routes that answer with another status. */
export async function unexpectedAnswers(
  requests: ReturnType<typeof routeRequests>,
  expected: readonly number[],
): Promise<readonly string[]> {
  const unexpected: string[] = [];
  for (const [name, send] of requests) {
    const answer = await send();
    await answer.body?.cancel();
    if (!expected.includes(answer.status)) unexpected.push(`${name}: ${answer.status}`);
  }
  return unexpected;
}

function jsonOf(method: string): RequestInit {
  return { method, body: "{}", headers: { "content-type": "application/json" } };
}
