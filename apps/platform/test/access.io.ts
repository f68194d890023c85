/** Authentication and authorization, tested from outside the platform. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { describeAccess, sample } from "./support/access-matrix.ts";
import { hourMs, KeyedPlatform, keyHeaders, person } from "./support/keyed-platform.ts";
import { failureOf } from "./support/outside-client.ts";

const { identityService, Scope, TokenUse } = governance;

/** Well-formed, but not issued to any principal. */
const unknownKey = "tutti_live_000000000000_000000000000000000000000000000003oW4Oj";

describe("the platform with keys", () => {
  let platform: KeyedPlatform;

  before(async () => {
    platform = await KeyedPlatform.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  it("accepts a correctly signed token that has not expired", async () => {
    assert.equal(
      (await platform.rest("/v1/runs", await platform.signed("its own", Date.now() + hourMs))).status,
      200,
    );
  });

  it("exchanges a token once: a second exchange is refused", async () => {
    const oneTimeToken = await platform.issued("ada", TokenUse.TOKEN_USE_ONE_TIME);
    const { secret } = await platform.redeem(oneTimeToken);
    assert.equal((await platform.rest("/v1/runs", secret)).status, 200);
    const { code, error } = await failureOf(platform.redeem(oneTimeToken));
    assert.equal(error.code, "governance.token_refused");
    assert.notEqual(code, status.OK);
  });

  it("shows when and from which address a key was last used", async () => {
    const request = governance.ListKeysRequest.fromPartial({ namespace: "default" });
    const used = await until("a use of the key to be known", async () => {
      await (await platform.rest("/v1/runs", platform.keys.narrowed)).body?.cancel();
      const { keys } = await platform.outside.call(identityService.methods.listKeys, request);
      return keys.find(({ actor, useTime }) => actor?.id === "eve" && useTime !== undefined);
    });
    assert.equal(used.useAddress, "127.0.0.1");
  });

  it("refuses a well-formed key that was never issued, by its hash", async () => {
    const call = platform.outside.call(
      workflow.runService.methods.listRuns,
      workflow.ListRunsRequest.create(),
      {
        headers: keyHeaders(unknownKey),
      },
    );
    const { code, error } = await failureOf(call);
    assert.equal(code, status.UNAUTHENTICATED);
    assert.match(error.message, /there is no such key\. Create a new key with `tutti key create`\.$/);
    assert.equal((await platform.rest("/v1/runs", unknownKey)).status, 401);
  });

  it("lets a viewer read its namespace, and nothing else", async () => {
    const statusOf = async (path: string, init?: RequestInit) => {
      const answer = await platform.rest(path, platform.keys.viewer, init);
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await statusOf("/v1/runs"), 200);
    assert.equal(await statusOf("/v1/runs?namespace=b"), 403);
    assert.equal(await statusOf("/v1/events"), 200);
    assert.equal(await statusOf("/v1/events?namespace=b"), 403);
    assert.equal(await statusOf("/v1/events?namespace=*"), 403);
    assert.equal(await statusOf("/v1/sign-in/link", { method: "POST" }), 403);
  });

  it("denies the administrator of another tenant all reads in this namespace", async () => {
    for (const path of ["/v1/runs", "/v1/runs?namespace=default", "/v1/sessions", "/v1/events"]) {
      const answer = await platform.rest(path, platform.keys.other);
      assert.equal(answer.status, 403, path);
      await answer.body?.cancel();
    }
    const mine = await platform.rest("/v1/runs?namespace=b", platform.keys.other);
    assert.equal(mine.status, 200);
  });

  it("permits a narrowed key its scope, and refuses the other rights of its role", async () => {
    assert.equal((await platform.rest("/v1/runs", platform.keys.narrowed)).status, 200);
    const refused = await platform.rest("/v1/sessions", platform.keys.narrowed);
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /it is narrowed to workflow\.runs\.list/);
  });

  it("records refused calls in the audit log", async () => {
    await (await platform.rest("/v1/sessions", platform.keys.narrowed)).body?.cancel();
    const { searchRecords } = governance.auditService.methods;
    const request = governance.SearchRecordsRequest.fromPartial({
      namespace: "default",
      filter: { action: "session.sessions.list" },
    });
    await until(
      "the refusal to be recorded",
      async () => (await platform.outside.call(searchRecords, request)).records,
      (records) => records.some(({ error }) => error?.code === "mesh.denied"),
    );
  });

  it("accepts a rotated key and its successor during the overlap, and only the successor afterwards", async () => {
    const idOf = (key: string) => key.slice("tutti_live_".length).split("_", 1)[0] ?? "";
    const rotated = async (key: string, overlapMs: number) => {
      const request = { namespace: "default", keyId: idOf(key), overlapMs, idempotencyKey: "" };
      return platform.outside.call(identityService.methods.rotateKey, request);
    };
    const scope = Scope.fromPartial({ actions: ["workflow.runs.list"] });
    const first = await platform.keyOf("ada", "default", scope);
    const { secret: second } = await rotated(first, hourMs);
    assert.equal((await platform.known("/v1/runs", second)).status, 200);
    assert.equal((await platform.rest("/v1/runs", first)).status, 200, "the previous call to continue");
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

  it("answers the call after the last with 429 and a retry time, and serves other callers", async () => {
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

describeAccess("a sample of rpcs and routes", sample);
