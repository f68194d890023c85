/**
 * Rejections by the security enforcer, tested from outside like an attacker. Each rejection is recorded in the audit log.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { signedHeaders } from "@tutti/host/outgoing";
import { until } from "@tutti/kernel/testing";
import { OutsideClient } from "./support/outside-client.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const webhooks = {
  orders: { secrets: ["env:SHOP_SECRET"], workflow: "order", run: "order-${{ body.order }}" },
  paid: { secrets: ["env:SHOP_SECRET"], signal: "paid", run: "order-${{ body.order }}" },
  hasty: { secrets: ["env:SHOP_SECRET"], workflow: "order" },
};
const order = "workflow: order\ntasks: {paid: {wait: {signal: paid}}}\noutput: ${{ tasks.paid.output }}";

const { policyService } = governance;
const service = (id: string) => ({ kind: ActorKind.ACTOR_KIND_SERVICE, id });

describe("the security enforcer", () => {
  let folder: Folder;
  let platform: Service;
  let outside: OutsideClient;

  const open = () =>
    start(
      "platform",
      [
        `--platform.dataDirectory=${join(folder.path, "data")}`,
        `--gateway.webhooks=${JSON.stringify(webhooks)}`,
        "--gateway.bodyBytesMax=100000",
        "--access.reportMs=50",
        "--access.failuresBeforeLockout=3",
        "--access.lockoutMs=600000",
      ],
      { environment: { SHOP_SECRET: secret } },
    );

  before(async () => {
    folder = await makeFolder();
    platform = await open();
    outside = new OutsideClient(platform.grpc);
    const registered = await json("POST", "/v1/workflows", { text: order });
    assert.ok(registered.ok, await registered.text());
    for (const name of ["orders", "paid"]) {
      const subject = { $case: "actor" as const, value: service(`webhook.${name}`) };
      const binding = governance.RoleBinding.fromPartial({ bindingId: name, role: "operator", subject });
      await outside.call(policyService.methods.createRoleBinding, { namespace: "default", binding });
    }
  });
  after(async () => {
    outside?.[Symbol.dispose]();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const json = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${platform.http}${path}`, {
      ...{ method, body: JSON.stringify(body) },
      headers: { "content-type": "application/json", ...headers },
    });

  async function codeOf(answer: Response): Promise<string> {
    const { code } = (await answer.json()) as { readonly code: string };
    return `${answer.status} ${code}`;
  }

  /** Posts an event like a sender with the libraries of Standard Webhooks. */
  function postWebhook(name: string, id: string, body: unknown, change: Record<string, string> = {}) {
    const text = JSON.stringify(body);
    const signed = signedHeaders(secret, { id, nowMs: Date.now(), body: text });
    const headers = { "content-type": "application/json", ...signed, ...change };
    return fetch(`${platform.http}/v1/webhooks/${name}`, { method: "POST", body: text, headers });
  }

  /** Retries until the rules that permit the event have arrived. */
  async function postUntilAccepted(name: string, id: string, body: unknown): Promise<unknown> {
    const answer = await until(
      `${name} to be permitted`,
      () => postWebhook(name, id, body),
      ({ status }) => status !== 403 && status !== 503,
    );
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  }

  async function inAudit(
    filter: Partial<governance.AuditFilter>,
    code: string,
    namespace = "default",
  ): Promise<governance.AuditRecord> {
    const request = governance.SearchRecordsRequest.fromPartial({ namespace, filter });
    const records = await until(
      `${code} to be recorded`,
      async () => (await outside.call(governance.auditService.methods.searchRecords, request)).records,
      (found) => found.some(({ error }) => error?.code === code),
    );
    const record = records.find(({ error }) => error?.code === code);
    assert.ok(record !== undefined);
    return record;
  }

  it("lets signed webhooks start and signal a run, each once, even if they are repeated", async () => {
    const started = await postUntilAccepted("orders", "msg_1", { order: 7, items: ["tea"] });
    assert.deepEqual(started, { runId: "order-7", existed: false });
    await new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000)));
    const second = await postUntilAccepted("orders", "msg_1", { order: 7, items: ["tea"] });
    assert.deepEqual(second, { runId: "order-7", existed: true });
    assert.deepEqual(await postUntilAccepted("paid", "msg_2", { order: 7, by: "card" }), {
      runId: "order-7",
      existed: true,
    });
    const result = await fetch(`${platform.http}/v1/runs/order-7/result?waitMs=10000`);
    const { outcome } = (await result.json()) as { readonly outcome: unknown };
    assert.deepEqual(outcome, { completed: { order: 7, by: "card" } });
  });

  it("runs a webhook's action only with permission", async () => {
    const answer = await postWebhook("hasty", "msg_3", { order: 9 });
    assert.equal(await codeOf(answer), "403 mesh.denied");
    const { cause } = await inAudit({ action: "workflow.runs.start" }, "mesh.denied");
    assert.deepEqual([cause?.actor?.kind, cause?.actor?.id], [ActorKind.ACTOR_KIND_SERVICE, "webhook.hasty"]);
  });

  const action = "gateway.webhooks.tell";

  for (const [title, send, expected] of [
    ["unsigned", () => json("POST", "/v1/webhooks/orders", { order: 8 }), "401 webhook.unsigned"],
    [
      "signed for something else",
      () => postWebhook("orders", "msg_4", { order: 8 }, { "webhook-id": "msg_5" }),
      "401 webhook.signature_wrong",
    ],
    [
      "old",
      () => postWebhook("orders", "msg_6", { order: 8 }, { "webhook-timestamp": "1614265330" }),
      "401 webhook.late",
    ],
    ["for nobody", () => postWebhook("nobody", "msg_7", {}), "404 webhook.unknown"],
  ] as const)
    it(`refuses a webhook that is ${title}, and records its address in the audit log`, async () => {
      const refused = await send();
      assert.equal(await codeOf(refused), expected);
      const [, code = ""] = expected.split(" ");
      const namespace = title === "for nobody" ? "system" : "default";
      const record = await inAudit({ action }, code, namespace);
      assert.equal(record.address, "127.0.0.1");
    });

  it("refuses a replayed webhook", async () => {
    const headers = signedHeaders(secret, { id: "msg_8", nowMs: Date.now(), body: '{"order":10}' });
    const postOnce = () =>
      fetch(`${platform.http}/v1/webhooks/orders`, { method: "POST", body: '{"order":10}', headers });
    const first = await until(
      "it to be permitted",
      postOnce,
      ({ status }) => status !== 403 && status !== 503,
    );
    assert.equal(first.status, 200);
    assert.equal(await codeOf(await postOnce()), "409 webhook.replayed");
    await inAudit({ action }, "webhook.replayed");
  });

  it("refuses a body without a run id, and a body that is no JSON", async () => {
    assert.equal(
      await codeOf(await postWebhook("orders", "msg_9", { parcel: 1 })),
      "400 webhook.run_unnamed",
    );
    const body = "order 7";
    const headers = signedHeaders(secret, { id: "msg_10", nowMs: Date.now(), body });
    const answer = await fetch(`${platform.http}/v1/webhooks/orders`, { method: "POST", body, headers });
    assert.equal(await codeOf(answer), "400 rest.body_not_json");
  });

  it("refuses a body above the gateway's limit, and records caller and address in the audit log", async () => {
    const answer = await json("POST", "/v1/runs", { definition: "order", input: "x".repeat(200_000) });
    assert.equal(await codeOf(answer), "413 gateway.body_too_large");
    const { address, cause } = await inAudit({ action: "access" }, "gateway.body_too_large", "system");
    assert.deepEqual([address, cause?.actor?.id], ["127.0.0.1", "local-admin"]);
  });

  it("refuses calls into private networks on behalf of a caller, in every form", async () => {
    const scaler = { scalerId: "cloud", pool: "default", minAgents: 1 };
    const response = await json("POST", "/v1/scalers", {
      ...scaler,
      webhook: { url: "https://169.254.169.254/" },
    });
    assert.equal(await codeOf(response), "403 scaling.webhook_refused");
    const record = await inAudit({ action: "swarm.scalers.create" }, "scaling.webhook_refused");
    assert.match(record.error?.message ?? "", /169\.254\.169\.254/);
    // A host name is checked only when it is called.
    const named = await json("POST", "/v1/scalers", { ...scaler, webhook: { url: "https://localhost/" } });
    assert.ok(named.ok, await named.text());
    const called = await inAudit({ action: "swarm.scalers.call" }, "outgoing.refused");
    assert.match(called.error?.message ?? "", /its name leads into a private network/);
  });

  it("locks out wrong keys by address and prefix, and records it in the audit log", async () => {
    const guess = (key: string) =>
      fetch(`${platform.http}/v1/runs`, { headers: { authorization: `Bearer ${key}` } });
    const codes: string[] = [];
    for (let at = 0; at < 5; at++)
      codes.push(await codeOf(await guess(`tutti_live_${"0".repeat(12)}_${at}`)));
    assert.deepEqual(codes, [...Array(4).fill("401 access.credential_refused"), "429 access.locked_out"]);
    const wrong = await guess(`tutti_live_${"0".repeat(12)}_5`);
    assert.ok(Number(wrong.headers.get("retry-after")) > 0);
    assert.equal(await codeOf(await guess("a.b.c")), "401 access.credential_refused");
    for (const code of ["access.credential_refused", "access.locked_out"]) {
      const record = await inAudit({ action: "access" }, code, "system");
      assert.equal(record.address, "127.0.0.1");
      assert.ok(record.count >= 1);
    }
  });

  const lockouts = async () => {
    const request = governance.ListLockoutsRequest.fromPartial({ namespace: "system" });
    return (await outside.call(governance.identityService.methods.listLockouts, request)).lockouts;
  };
  const statusOf = async (key: string) =>
    (await fetch(`${platform.http}/v1/whoami`, { headers: { authorization: `Bearer ${key}` } })).status;

  it("lists a lock-out, keeps it after a restart, accepts valid keys meanwhile, and lifts it", async () => {
    const wrong = `tutti_live_${"0".repeat(12)}_6`;
    const { createKey } = governance.identityService.methods;
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    const request = governance.CreateKeyRequest.fromPartial({ namespace: "default", actor, title: "test" });
    const { secret: key } = await outside.call(createKey, request);
    const [{ subject = "", failures = 0 } = {}] = await until(
      "it to be listed",
      lockouts,
      ({ length }) => length > 0,
    );
    assert.equal(subject, "127.0.0.1/tutti_live_0000");
    assert.ok(failures >= 4, String(failures));
    outside[Symbol.dispose]();
    await platform.stop();
    platform = await open();
    outside = new OutsideClient(platform.grpc);
    // The copy of the rules on disk may be outdated.
    await until(
      "it to be locked out again",
      () => statusOf(wrong),
      (code) => code === 429,
    );
    await until(
      "the rules to have the key",
      () => statusOf(key),
      (code) => code === 200,
    );
    assert.equal(await statusOf(wrong), 429);
    const listed = (await (await fetch(`${platform.http}/v1/lockouts`)).json()) as {
      readonly lockouts: readonly { readonly subject: string }[];
    };
    assert.deepEqual(
      listed.lockouts.map((lockout) => lockout.subject),
      [subject],
    );
    const { liftLockout } = governance.identityService.methods;
    const { lifted } = await outside.call(liftLockout, {
      namespace: "system",
      subject,
      reason: "it was a script",
    });
    assert.equal(lifted, true);
    assert.deepEqual(await lockouts(), []);
    await until(
      "it to be lifted",
      () => statusOf(wrong),
      (code) => code === 401,
    );
  });
});

describe("the security enforcer on a port that others reach", () => {
  let folder: Folder;
  let platform: Service;
  let outside: OutsideClient;
  const [gatewayKey, scrapeKey] = ["5e5a".repeat(8), "7a1d".repeat(16)];

  before(async () => {
    folder = await makeFolder();
    platform = await start(
      "platform",
      [
        `--platform.dataDirectory=${join(folder.path, "data")}`,
        ...["--operations.host=0.0.0.0", "--gateway.key=env:DOOR_KEY", "--operations.key=env:SCRAPE_KEY"],
        ...["--access.reportMs=50", "--access.failuresBeforeLockout=3", "--access.lockoutMs=600000"],
      ],
      { environment: { DOOR_KEY: gatewayKey, SCRAPE_KEY: scrapeKey } },
    );
    outside = new OutsideClient(platform.grpc);
  });
  after(async () => {
    outside?.[Symbol.dispose]();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const fetchPath = (path: string, key: string) =>
    fetch(`${platform.http}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const codeOf = async (path: string, key: string) => {
    const answer = await fetchPath(path, key);
    const text = await answer.text();
    return answer.ok ? `${answer.status}` : `${answer.status} ${JSON.parse(text).code}`;
  };
  const { searchRecords } = governance.auditService.methods;
  const { listLockouts, liftLockout } = governance.identityService.methods;
  const namespace = "system";

  it("counts wrong keys of operations and of the installation apart: locked out, listed, and in the audit", async () => {
    for (const [path, code] of [
      ["/metrics", "operations.key_wrong"],
      ["/v1/whoami", "gateway.key_wrong"],
    ] as const) {
      for (let failure = 0; failure < 4; failure++) assert.equal(await codeOf(path, "guess"), `401 ${code}`);
      const answer = await fetchPath(path, "guess");
      assert.equal(answer.status, 429);
      assert.ok(Number(answer.headers.get("retry-after")) > 0);
    }
    // Valid keys pass during the lock-out: both are too long to be guessed.
    assert.equal(await codeOf("/metrics", scrapeKey), "200");
    assert.equal(await codeOf("/v1/whoami", gatewayKey), "200");
    assert.equal(
      (await fetch(`${platform.http}/livez`)).status,
      200,
      "a caller of the liveness probe cannot guess keys",
    );
    for (const code of ["operations.key_wrong", "gateway.key_wrong", "access.locked_out"]) {
      const request = governance.SearchRecordsRequest.fromPartial({
        namespace,
        filter: { action: "access" },
      });
      const records = await until(
        `${code} to be recorded`,
        async () => (await outside.call(searchRecords, request)).records,
        (found) => found.some(({ error }) => error?.code === code),
      );
      const record = records.find(({ error }) => error?.code === code);
      assert.equal(record?.address, "127.0.0.1", code);
      assert.doesNotMatch(JSON.stringify(record), /guess"|7a1d/);
    }
    const { lockouts } = await until(
      "it to be listed",
      () => outside.call(listLockouts, governance.ListLockoutsRequest.fromPartial({ namespace })),
      (found) => found.lockouts.length > 1,
    );
    assert.deepEqual(
      lockouts.map(({ subject }) => subject),
      ["127.0.0.1/gateway.key", "127.0.0.1/operations.key"],
    );
    const subject = "127.0.0.1/operations.key";
    await outside.call(liftLockout, { namespace, subject, reason: "a scraper with an old key" });
    await until(
      "it to be lifted",
      () => codeOf("/metrics", "guess"),
      (code) => code === "401 operations.key_wrong",
    );
  });
});
