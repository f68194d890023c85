/** Who gets in and what they may do, asked of the platform from outside: every rpc, and every route of HTTP. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { routes } from "@tutti/rest";
import {
  hourMs,
  jsonOf,
  KeyedPlatform,
  keyHeaders,
  person,
  routesAsked,
  takenBy,
  wrongCredentials,
} from "./support/keyed-platform.ts";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import { assertRefused } from "./support/refused-everywhere.ts";
import { hostOf, rpcs } from "./support/rpcs.ts";
import { makeFolder, start } from "./support/services.ts";

const { identityService, Scope, TokenUse } = governance;

/** Whole in its form, and of nobody. */
const unknownKey = "tutti_live_000000000000_000000000000000000000000000000003oW4Oj";

describe("the platform with keys", () => {
  let platform: KeyedPlatform;

  before(async () => {
    platform = await KeyedPlatform.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  const wrong = Object.entries(wrongCredentials);
  for (const [rest, [title, make]] of wrong.entries())
    it(`refuses ${title}, at its share of all rpcs and routes`, async () => {
      const shown = await make(platform);
      await assertRefused(
        platform,
        { shown, isGuess: title === "something else" },
        { of: wrong.length, rest },
      );
    });

  it("refuses the administrator of another tenant, by key and by token, at every rpc", async () => {
    for (const shown of [platform.keys.other, await platform.issued("bob", TokenUse.TOKEN_USE_CALLS, "b")])
      for (const [name, rpc] of rpcs) {
        const call = platform.outside.send(rpc.path, new Uint8Array(), {
          headers: { ...keyHeaders(shown), "tutti-namespace": "default", "tutti-service": hostOf(rpc.path) },
        });
        const { code } = await failureOf(call);
        assert.ok(
          code === status.PERMISSION_DENIED || code === status.UNIMPLEMENTED,
          `${name}: ${status[code]}`,
        );
      }
  });

  it("takes the same token, signed the same way, as long as it has not ended", async () => {
    assert.equal(
      (await platform.rest("/v1/runs", await platform.signed("its own", Date.now() + hourMs))).status,
      200,
    );
  });

  it("exchanges a token once: whoever comes with it again gets nothing", async () => {
    const once = await platform.issued("ada", TokenUse.TOKEN_USE_ONE_TIME);
    const { secret } = await platform.redeem(once);
    assert.equal((await platform.rest("/v1/runs", secret)).status, 200);
    const { code, error } = await failureOf(platform.redeem(once));
    assert.equal(error.code, "governance.token_refused");
    assert.notEqual(code, status.OK);
  });

  it("lets a token that was narrowed from an administrator's do what it names, at every rpc", async () => {
    await platform.bind("ann", "admin", "default");
    const wide = await platform.issued("ann", TokenUse.TOKEN_USE_CALLS);
    await until(
      "her role to be known",
      async () => (await platform.rest("/v1/sessions", wide)).status === 200,
    );
    const { secret } = await platform.outside.call(identityService.methods.narrowToken, {
      ...governance.NarrowTokenRequest.fromPartial({ namespace: "default", secret: wide }),
      scope: Scope.fromPartial({ actions: ["workflow.runs.list"] }),
    });
    for (const [name, rpc] of rpcs) {
      const call = platform.outside.send(rpc.path, new Uint8Array(), {
        headers: { ...keyHeaders(secret), "tutti-service": hostOf(rpc.path) },
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
    const others = routesAsked(platform.http, keyHeaders(secret), open);
    assert.deepEqual(await takenBy(others, [400, 403, 404, 501]), []);
  });

  it("tells when and where from a key was used last", async () => {
    const wanted = governance.ListKeysRequest.fromPartial({ namespace: "default" });
    const used = await until("a use of the key to be known", async () => {
      await (await platform.rest("/v1/runs", platform.keys.narrowed)).body?.cancel();
      const { keys } = await platform.outside.call(identityService.methods.listKeys, wanted);
      return keys.find(({ actor, useTime }) => actor?.id === "eve" && useTime !== undefined);
    });
    assert.equal(used.useAddress, "127.0.0.1");
  });

  it("refuses a key that is whole and of nobody, by its hash", async () => {
    const call = platform.outside.call(
      workflow.runService.methods.listRuns,
      workflow.ListRunsRequest.create(),
      {
        headers: keyHeaders(unknownKey),
      },
    );
    const { code, error } = await failureOf(call);
    assert.equal(code, status.UNAUTHENTICATED);
    assert.match(error.message, /there is no such key; get another one, such as with tutti key create$/);
    assert.equal((await platform.rest("/v1/runs", unknownKey)).status, 401);
  });

  it("lets nobody without a role do anything, whomever they name and wherever they ask", async () => {
    for (const [name, rpc] of rpcs)
      for (const namespace of ["default", "b"]) {
        const call = platform.outside.send(rpc.path, new Uint8Array(), {
          headers: {
            ...keyHeaders(platform.keys.nobody),
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
      const refused = await platform.rest(url, "a.b.c", init);
      assert.equal(refused.status, 401, `${name}: ${await refused.text()}`);
      if (open.has(name)) continue;
      const denied = await platform.rest(url, platform.keys.nobody, init);
      const text = await denied.text();
      assert.ok([400, 403, 404, 501].includes(denied.status), `${name}: ${denied.status} ${text}`);
    }
  });

  it("lets a viewer see what is in its namespace, and nothing else", async () => {
    const asked = async (path: string, init?: RequestInit) => {
      const answer = await platform.rest(path, platform.keys.viewer, init);
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
      const answer = await platform.rest(path, platform.keys.other);
      assert.equal(answer.status, 403, path);
      await answer.body?.cancel();
    }
    const mine = await platform.rest("/v1/runs?namespace=b", platform.keys.other);
    assert.equal(mine.status, 200);
  });

  it("lets a narrowed key do what it names, and refuses the rest of what its role permits", async () => {
    assert.equal((await platform.rest("/v1/runs", platform.keys.narrowed)).status, 200);
    const refused = await platform.rest("/v1/sessions", platform.keys.narrowed);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /it is narrowed to workflow\.runs\.list/);
  });

  it("keeps in the audit who was refused what", async () => {
    await (await platform.rest("/v1/sessions", platform.keys.narrowed)).body?.cancel();
    const { searchRecords } = governance.auditService.methods;
    const wanted = governance.SearchRecordsRequest.fromPartial({
      namespace: "default",
      filter: { action: "session.sessions.list" },
    });
    await until(
      "the refusal to be recorded",
      async () => (await platform.outside.call(searchRecords, wanted)).records,
      (records) => records.some(({ error }) => error?.code === "mesh.denied"),
    );
  });

  it("takes a key and the one in its place until the overlap is over, and then the new one alone", async () => {
    const idOf = (key: string) => key.slice("tutti_live_".length).split("_", 1)[0] ?? "";
    const rotated = async (key: string, overlapMs: number) => {
      const wanted = { namespace: "default", keyId: idOf(key), overlapMs, idempotencyKey: "" };
      return platform.outside.call(identityService.methods.rotateKey, wanted);
    };
    const scope = Scope.fromPartial({ actions: ["workflow.runs.list"] });
    const first = await platform.keyOf("ada", "default", scope);
    const { secret: second } = await rotated(first, hourMs);
    assert.equal((await platform.known("/v1/runs", second)).status, 200);
    assert.equal((await platform.rest("/v1/runs", first)).status, 200, "the one before goes on");
    assert.equal((await platform.rest("/v1/sessions", second)).status, 403, "the new one is narrowed alike");
    const { secret: third, oldKey } = await rotated(second, 1);
    assert.equal(oldKey?.successorKeyId, idOf(third));
    assert.equal((await platform.known("/v1/runs", third)).status, 200);
    await until(
      "the one before to end",
      async () => (await platform.rest("/v1/runs", second)).status === 401,
    );
    assert.equal((await platform.rest("/v1/runs", first)).status, 200, "its overlap is not over");
  });

  it("refuses a key once it is revoked", async () => {
    const key = await platform.keyOf("ada", "default");
    const first = await platform.known("/v1/runs", key);
    assert.equal(first.status, 200);
    const keyId = key.slice("tutti_live_".length).split("_", 1)[0] ?? "";
    await platform.outside.call(identityService.methods.revokeKey, {
      namespace: "default",
      keyId,
      reason: "lost",
    });
    const answer = await until("the key to be refused", async () => {
      const { status: code, body } = await platform.rest("/v1/runs", key);
      await body?.cancel();
      return code === 200 ? undefined : code;
    });
    assert.equal(answer, 401);
  });

  it("answers the call after the last with 429 and when to come again, and others go on", async () => {
    const calls = { count: 3, perMs: 3_600_000, burst: 3 };
    await platform.bind("kim", "viewer", "default");
    await platform.outside.call(identityService.methods.setIdentityLimit, {
      namespace: "default",
      limit: governance.IdentityLimit.fromPartial({ actor: person("kim"), calls }),
      revision: "",
      reason: "",
    });
    const key = await platform.keyOf("kim", "default");
    const answers: Response[] = [];
    for (let first = await platform.known("/v1/runs", key); ; first = await platform.rest("/v1/runs", key)) {
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
    assert.equal((await platform.rest("/v1/runs", platform.keys.viewer)).status, 200);
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
