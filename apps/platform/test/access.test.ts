/** Who gets in and what they may do, asked of the platform from outside: every rpc, and every route of HTTP. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { keysDirectoryIn, openInstallationKeys } from "@tutti/host";
import { systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { newTokenKey, TokenIssuer } from "@tutti/policy";
import { routes } from "@tutti/rest";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import { hostOf, rpcs } from "./support/rpcs.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const { identityService, policyService, Scope, TokenUse } = governance;
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });

/** Whole in its form, and of nobody. */
const unknownKey = "tutti_live_000000000000_000000000000000000000000000000003oW4Oj";

describe("the platform with keys", () => {
  let folder: Folder;
  let platform: Service;
  let outside: OutsideClient;
  const keys = { nobody: "", viewer: "", narrowed: "", other: "" };

  const headers = (key: string) => ({ authorization: `Bearer ${key}` });

  async function keyOf(id: string, namespace: string, scope?: governance.Scope): Promise<string> {
    const wanted = { namespace, actor: person(id), title: "test", scope, lifetimeMs: 0, idempotencyKey: "" };
    const { secret } = await outside.call(identityService.methods.createKey, wanted);
    return secret;
  }

  async function bind(id: string, role: string, namespace: string): Promise<void> {
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = governance.RoleBinding.fromPartial({ bindingId: `${id}-${role}`, role, subject });
    await outside.call(policyService.methods.createRoleBinding, { namespace, binding });
  }

  const rest = (path: string, key: string, init: RequestInit = {}) =>
    fetch(`${platform.http}${path}`, { ...init, headers: { ...headers(key), ...init.headers } });

  /** Until the bundle that knows a key has come. */
  async function known(path: string, key: string): Promise<Response> {
    for (;;) {
      const answer = await rest(path, key);
      if (answer.status !== 401 && answer.status !== 503) return answer;
      await answer.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [
      `--platform.dataDirectory=${dataDirectory()}`,
      "--access.guessesFree=100000",
      "--access.reportMs=100",
    ]);
    outside = new OutsideClient(platform.grpc);
    await outside.call(governance.namespaceService.methods.createNamespace, {
      ...governance.CreateNamespaceRequest.fromPartial({ resource: { name: "b" } }),
    });
    await bind("ada", "viewer", "default");
    await bind("bob", "admin", "b");
    await bind("eve", "developer", "default");
    keys.nobody = await keyOf("nil", "default");
    keys.viewer = await keyOf("ada", "default");
    keys.narrowed = await keyOf("eve", "default", Scope.fromPartial({ actions: ["workflow.runs.list"] }));
    keys.other = await keyOf("bob", "b");
    await (await known("/v1/runs?namespace=b", keys.other)).body?.cancel();
  });
  after(async () => {
    outside?.[Symbol.dispose]();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

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
  const hourMs = 3_600_000;
  const dataDirectory = () => join(folder.path, "data");

  /** As the installation makes them, by its own key or another one. */
  async function signed(key: "its own" | "another", endMs: number): Promise<string> {
    const { tokenKey } = await openInstallationKeys(keysDirectoryIn(dataDirectory()), systemFoundation());
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

  async function issued(id: string, use: governance.TokenUse, namespace = "default"): Promise<string> {
    const wanted = governance.IssueTokenRequest.fromPartial({ namespace, actor: person(id), use });
    const { secret } = await outside.call(identityService.methods.issueToken, wanted);
    return secret;
  }

  const redeem = (secret: string) =>
    outside.call(identityService.methods.redeemToken, {
      ...{ namespace: "default", secret, use: TokenUse.TOKEN_USE_CALLS, idempotencyKey: "" },
    });

  const wrong: Readonly<Record<string, () => string | Promise<string>>> = {
    "a key with another sign": () => `${keys.viewer.slice(0, -1)}${keys.viewer.endsWith("A") ? "B" : "A"}`,
    "a token without a signature": () => forged("none"),
    "a token signed with a shared secret": () => forged("HS256"),
    "a token that has ended": () => signed("its own", Date.now() - hourMs),
    "a token signed with another key under the same name": () => signed("another", Date.now() + hourMs),
    "a token that is for one exchange": () => issued("ada", TokenUse.TOKEN_USE_ONE_TIME),
    "a token that was exchanged already": async () => {
      const once = await issued("ada", TokenUse.TOKEN_USE_ONE_TIME);
      await redeem(once);
      return once;
    },
    "something else": () => "open sesame",
  };

  for (const [title, make] of Object.entries(wrong)) {
    it(`refuses ${title} at every rpc and every route`, async () => {
      const shown = await make();
      // Who goes on with what has not even the form of a key or token is kept out for a while.
      const refused = title === "something else" ? [401, 429] : [401];
      assert.deepEqual(await takenBy(routesAsked(platform.http, headers(shown)), refused), []);
      for (const [name, rpc] of rpcs) {
        const call = outside.send(rpc.path, new Uint8Array(), {
          headers: {
            ...headers(shown),
            "tutti-principal": "person/local-admin?admin",
            "tutti-service": hostOf(rpc.path),
          },
        });
        const { code } = await failureOf(call);
        // What nobody serves yet refuses everybody.
        assert.ok(
          code === status.UNAUTHENTICATED || code === status.UNIMPLEMENTED,
          `${name}: ${status[code]}`,
        );
      }
    });
  }

  it("refuses the administrator of another tenant, by key and by token, at every rpc", async () => {
    for (const shown of [keys.other, await issued("bob", TokenUse.TOKEN_USE_CALLS, "b")])
      for (const [name, rpc] of rpcs) {
        const call = outside.send(rpc.path, new Uint8Array(), {
          headers: { ...headers(shown), "tutti-namespace": "default", "tutti-service": hostOf(rpc.path) },
        });
        const { code } = await failureOf(call);
        assert.ok(
          code === status.PERMISSION_DENIED || code === status.UNIMPLEMENTED,
          `${name}: ${status[code]}`,
        );
      }
  });

  it("takes the same token, signed the same way, as long as it has not ended", async () => {
    assert.equal((await rest("/v1/runs", await signed("its own", Date.now() + hourMs))).status, 200);
  });

  it("exchanges a token once: whoever comes with it again gets nothing", async () => {
    const once = await issued("ada", TokenUse.TOKEN_USE_ONE_TIME);
    const { secret } = await redeem(once);
    assert.equal((await rest("/v1/runs", secret)).status, 200);
    const { code, error } = await failureOf(redeem(once));
    assert.equal(error.code, "governance.token_refused");
    assert.notEqual(code, status.OK);
  });

  it("lets a token that was narrowed from an administrator's do what it names, at every rpc", async () => {
    await bind("ann", "admin", "default");
    const wide = await issued("ann", TokenUse.TOKEN_USE_CALLS);
    await (await known("/v1/sessions", wide)).body?.cancel();
    while ((await rest("/v1/sessions", wide)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const { secret } = await outside.call(identityService.methods.narrowToken, {
      ...governance.NarrowTokenRequest.fromPartial({ namespace: "default", secret: wide }),
      scope: Scope.fromPartial({ actions: ["workflow.runs.list"] }),
    });
    for (const [name, rpc] of rpcs) {
      const call = outside.send(rpc.path, new Uint8Array(), {
        headers: { ...headers(secret), "tutti-service": hostOf(rpc.path) },
      });
      const code = await call.then(
        () => status.OK,
        () => failureOf(call).then((failure) => failure.code),
      );
      // What is let in may still miss something in an empty request.
      const expected =
        rpc.action === "workflow.runs.list"
          ? [status.OK, status.INVALID_ARGUMENT]
          : [status.PERMISSION_DENIED, status.UNIMPLEMENTED];
      assert.ok(expected.includes(code), `${name}: ${status[code]}`);
    }
    // What says who one is says it of everybody.
    const open = new Set(["runs.list", "whoami", "myself", "signOut", "missingRights"]);
    const others = routesAsked(platform.http, headers(secret), open);
    assert.deepEqual(await takenBy(others, [400, 403, 404, 501]), []);
  });

  it("tells when and where from a key was used last", async () => {
    for (;;) {
      const { keys: found } = await outside.call(identityService.methods.listKeys, {
        ...governance.ListKeysRequest.fromPartial({ namespace: "default" }),
      });
      const used = found.find(({ actor }) => actor?.id === "eve");
      if (used?.useTime !== undefined) {
        assert.equal(used.useAddress, "127.0.0.1");
        return;
      }
      await (await rest("/v1/runs", keys.narrowed)).body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it("refuses a key that is whole and of nobody, by its hash", async () => {
    const call = outside.call(workflow.runService.methods.listRuns, workflow.ListRunsRequest.create(), {
      headers: headers(unknownKey),
    });
    const { code, error } = await failureOf(call);
    assert.equal(code, status.UNAUTHENTICATED);
    assert.match(error.message, /there is no such key; get another one, such as with tutti key create$/);
    assert.equal((await rest("/v1/runs", unknownKey)).status, 401);
  });

  it("lets nobody without a role do anything, whomever they name and wherever they ask", async () => {
    for (const [name, rpc] of rpcs)
      for (const namespace of ["default", "b"]) {
        const call = outside.send(rpc.path, new Uint8Array(), {
          headers: {
            ...headers(keys.nobody),
            ...{ "tutti-principal": "person/local-admin?admin", "tutti-namespace": namespace },
            "tutti-service": hostOf(rpc.path),
          },
        });
        const { code } = await failureOf(call);
        assert.ok(
          code === status.PERMISSION_DENIED || code === status.UNIMPLEMENTED,
          `${name}: ${status[code]}`,
        );
      }
  });

  it("refuses a wrong key at every route that is not open, and gives nobody without a role anything", async () => {
    const open = new Set(["whoami", "signOut", "missingRights"]);
    for (const { name, method, path, open: isOpen } of routes) {
      if (isOpen) continue;
      const url = path.replace(/\{\w+\}/g, "x");
      const init: RequestInit = method === "GET" || method === "DELETE" ? { method } : jsonOf(method);
      const refused = await rest(url, "a.b.c", init);
      assert.equal(refused.status, 401, `${name}: ${await refused.text()}`);
      if (open.has(name)) continue;
      const denied = await rest(url, keys.nobody, init);
      const text = await denied.text();
      assert.ok([400, 403, 404, 501].includes(denied.status), `${name}: ${denied.status} ${text}`);
    }
  });

  it("lets a viewer see what is in its namespace, and nothing else", async () => {
    const asked = async (path: string, init?: RequestInit) => {
      const answer = await rest(path, keys.viewer, init);
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await asked("/v1/runs"), 200);
    assert.equal(await asked("/v1/runs?namespace=b"), 403);
    assert.equal(await asked("/v1/events"), 200);
    assert.equal(await asked("/v1/events?namespace=b"), 403);
    assert.equal(await asked("/v1/events?namespace=*"), 403);
    assert.equal(await asked("/v1/sign-in/link", { method: "POST" }), 403);
  });

  it("lets the administrator of another tenant neither see, count nor start here", async () => {
    for (const path of ["/v1/runs", "/v1/runs?namespace=default", "/v1/sessions", "/v1/events"]) {
      const answer = await rest(path, keys.other);
      assert.equal(answer.status, 403, path);
      await answer.body?.cancel();
    }
    const mine = await rest("/v1/runs?namespace=b", keys.other);
    assert.equal(mine.status, 200);
  });

  it("lets a narrowed key do what it names, and refuses the rest of what its role permits", async () => {
    assert.equal((await rest("/v1/runs", keys.narrowed)).status, 200);
    const refused = await rest("/v1/sessions", keys.narrowed);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /it is narrowed to workflow\.runs\.list/);
  });

  it("keeps in the audit who was refused what", async () => {
    await (await rest("/v1/sessions", keys.narrowed)).body?.cancel();
    const { searchRecords } = governance.auditService.methods;
    const wanted = governance.SearchRecordsRequest.fromPartial({
      namespace: "default",
      filter: { action: "session.sessions.list" },
    });
    await until(
      "the refusal to be recorded",
      async () => (await outside.call(searchRecords, wanted)).records,
      (records) => records.some(({ error }) => error?.code === "mesh.denied"),
    );
  });

  it("takes a key and the one in its place until the overlap is over, and then the new one alone", async () => {
    const idOf = (key: string) => key.slice("tutti_live_".length).split("_", 1)[0] ?? "";
    const rotated = async (key: string, overlapMs: number) => {
      const wanted = { namespace: "default", keyId: idOf(key), overlapMs, idempotencyKey: "" };
      return outside.call(identityService.methods.rotateKey, wanted);
    };
    const scope = Scope.fromPartial({ actions: ["workflow.runs.list"] });
    const first = await keyOf("ada", "default", scope);
    const { secret: second } = await rotated(first, hourMs);
    assert.equal((await known("/v1/runs", second)).status, 200);
    assert.equal((await rest("/v1/runs", first)).status, 200, "the one before goes on");
    assert.equal((await rest("/v1/sessions", second)).status, 403, "the new one is narrowed alike");
    const { secret: third, oldKey } = await rotated(second, 1);
    assert.equal(oldKey?.successorKeyId, idOf(third));
    assert.equal((await known("/v1/runs", third)).status, 200);
    await until("the one before to end", async () => (await rest("/v1/runs", second)).status === 401);
    assert.equal((await rest("/v1/runs", first)).status, 200, "its overlap is not over");
  });

  it("refuses a key once it is revoked", async () => {
    const key = await keyOf("ada", "default");
    const first = await known("/v1/runs", key);
    assert.equal(first.status, 200);
    const keyId = key.slice("tutti_live_".length).split("_", 1)[0] ?? "";
    await outside.call(identityService.methods.revokeKey, { namespace: "default", keyId, reason: "lost" });
    let answer = await rest("/v1/runs", key);
    while (answer.status === 200) {
      await answer.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await rest("/v1/runs", key);
    }
    assert.equal(answer.status, 401);
  });

  it("answers the call after the last with 429 and when to come again, and others go on", async () => {
    const calls = { count: 3, perMs: 3_600_000, burst: 3 };
    await bind("kim", "viewer", "default");
    await outside.call(identityService.methods.setIdentityLimit, {
      namespace: "default",
      limit: governance.IdentityLimit.fromPartial({ actor: person("kim"), calls }),
      revision: "",
      reason: "",
    });
    const key = await keyOf("kim", "default");
    const answers: Response[] = [];
    for (let first = await known("/v1/runs", key); ; first = await rest("/v1/runs", key)) {
      answers.push(first);
      await first.body?.cancel();
      if (first.status === 429) break;
    }
    const last = answers.at(-1);
    assert.deepEqual(
      answers.map(({ status: code }) => code),
      [200, 200, 200, 429],
    );
    assert.equal(last?.headers.get("ratelimit-limit"), "3");
    assert.equal(last?.headers.get("ratelimit-remaining"), "0");
    assert.ok(Number(last?.headers.get("retry-after")) > 0);
    assert.equal((await rest("/v1/runs", keys.viewer)).status, 200);
  });
});

describe("the platform at an address that others reach", () => {
  it("answers nobody who shows nothing, at any rpc and any route, whomever they name", async () => {
    await using folder = await makeFolder();
    const key = join(folder.path, "key");
    await writeFile(key, "5c3e".repeat(16));
    await using platform = await start("platform", [
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      ...["--mesh.listen=0.0.0.0:0", "--mesh.allowUnprotected=true", "--operations.host=0.0.0.0"],
      ...[`--gateway.key=file:${key}`, `--operations.key=file:${key}`],
    ]);
    using outside = new OutsideClient(platform.grpc);
    for (const [name, rpc] of rpcs) {
      const call = outside.send(rpc.path, new Uint8Array(), {
        headers: { "tutti-principal": "person/local-admin?admin", "tutti-service": hostOf(rpc.path) },
      });
      const { code } = await failureOf(call);
      assert.ok(code === status.UNAUTHENTICATED || code === status.UNIMPLEMENTED, `${name}: ${status[code]}`);
    }
    const named = { "tutti-principal": "person/local-admin?admin" };
    assert.deepEqual(await takenBy(routesAsked(platform.http, named), [401]), []);
  });
});

/** Each route that is not for everybody, by its name. */
function routesAsked(
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

/** Those that answer with anything else. */
async function takenBy(
  asked: ReturnType<typeof routesAsked>,
  expected: readonly number[],
): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const [name, ask] of asked) {
    const answer = await ask();
    await answer.body?.cancel();
    if (!expected.includes(answer.status)) taken.push(`${name}: ${answer.status}`);
  }
  return taken;
}

function jsonOf(method: string): RequestInit {
  return { method, body: "{}", headers: { "content-type": "application/json" } };
}
