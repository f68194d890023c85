/**
 * Limits per caller that the edges of a running platform enforce over HTTP, gRPC and WebSocket: count, size and
 * duration.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { ListRunsRequest, runService } from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const { identityService, policyService } = governance;
const namespace = "default";
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe("the edges of the platform", () => {
  let folder: Folder;
  let platform: Service;
  let outside: OutsideClient;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      "--access.reportMs=50",
    ]);
    outside = new OutsideClient(platform.grpc);
  });
  after(async () => {
    outside?.[Symbol.dispose]();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const rest = (path: string, secret: string, init: RequestInit = {}) =>
    fetch(`${platform.http}${path}`, { ...init, headers: { ...bearer(secret), ...init.headers } });

  /** Creates a user with their own role and key, and waits until the platform knows the key. */
  async function somebody(id: string, limit: Partial<governance.IdentityLimit> = {}) {
    const subject = { $case: "actor" as const, value: person(id) };
    const binding = governance.RoleBinding.fromPartial({ bindingId: id, role: "operator", subject });
    await outside.call(policyService.methods.createRoleBinding, { namespace, binding });
    await outside.call(identityService.methods.setIdentityLimit, {
      ...{ namespace, revision: "", reason: "" },
      limit: governance.IdentityLimit.fromPartial({ actor: person(id), maxStreams: 100, ...limit }),
    });
    const request = governance.CreateKeyRequest.fromPartial({ namespace, actor: person(id), title: "test" });
    const { secret, key } = await outside.call(identityService.methods.createKey, request);
    await until(
      `${id} to be known`,
      async () => (await rest("/v1/whoami", secret)).status,
      (code) => code === 200,
    );
    return { secret, keyId: key?.keyId ?? "" };
  }

  async function inAudit(id: string, code: string): Promise<void> {
    const { searchRecords } = governance.auditService.methods;
    const filter = { action: "access", actor: person(id) };
    const request = governance.SearchRecordsRequest.fromPartial({ namespace, filter });
    await until(
      `${code} to be recorded`,
      async () => (await outside.call(searchRecords, request)).records,
      (records) => records.some(({ error }) => error?.code === code),
    );
  }

  for (const [title, path] of [
    ["the gateway refuses", "/v1/runs?size=x"],
    ["a service refuses", "/v1/runs/nope"],
  ] as const)
    it(`the trace id of a request that ${title} finds a log line at the default level`, async () => {
      const answer = await fetch(`${platform.http}${path}`);
      assert.ok(answer.status >= 400);
      const [, traceId = ""] = answer.headers.get("traceparent")?.split("-") ?? [];
      assert.match(traceId, /^[0-9a-f]{32}$/);
      const line = await platform.line((each) => each["traceId"] === traceId);
      assert.match(line.msg, /^(request refused|call failed)$/);
    });

  it("refuse requests above the caller's size limit, and accept the same requests of other callers", async () => {
    const [small, large] = await Promise.all([
      somebody("small", { maxRequestBytes: 2_000 }),
      somebody("large"),
    ]);
    const text = JSON.stringify({ runId: "heavy", definition: { name: "none" }, input: "x".repeat(3_000) });
    const post = (secret: string, body: RequestInit["body"]) =>
      rest("/v1/runs", secret, {
        ...{ method: "POST", body: body ?? null, duplex: "half" },
        headers: { "content-type": "application/json" },
      } as RequestInit);
    const refused = await post(small.secret, text);
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    assert.deepEqual([refused.status, code], [413, "access.request_too_large"]);
    assert.match(
      detail,
      /has 3\d{3} bytes, more than the maximum of 2000 for this caller\. Send less at once/,
    );
    // A request without a declared size.
    const streamed = await post(small.secret, new Blob([text]).stream());
    assert.equal(streamed.status, 413);
    assert.equal((await rest("/v1/runs", small.secret)).status, 200);
    assert.equal((await post(large.secret, text)).status, 404, "there is no such workflow");

    const value = new Uint8Array(3_000).fill(48);
    const payload = { body: { $case: "inline" as const, value }, mediaType: "text/plain" };
    const signal = { namespace, runId: "none", signal: "go", payload, idempotencyKey: "" };
    const overGrpc = ({ secret }: { readonly secret: string }) =>
      failureOf(outside.call(runService.methods.signalRun, signal, { headers: bearer(secret) }));
    const { code: found, error } = await overGrpc(small);
    assert.deepEqual([found, error.code], [status.RESOURCE_EXHAUSTED, "access.request_too_large"]);
    assert.equal((await overGrpc(large)).code, status.NOT_FOUND);
    await inAudit("small", "access.request_too_large");
  });

  it("answer the call after the last with RESOURCE_EXHAUSTED and a retry time over gRPC too, and serve other callers", async () => {
    const calls = { count: 40, perMs: 3_600_000, burst: 40 };
    const [busy, idle] = await Promise.all([somebody("busy", { calls }), somebody("idle")]);
    const list = ({ secret }: { readonly secret: string }) =>
      outside.call(runService.methods.listRuns, ListRunsRequest.fromPartial({ namespace }), {
        headers: bearer(secret),
      });
    let last: Awaited<ReturnType<typeof failureOf>> | undefined;
    let answered = 0;
    for (; last === undefined; answered++)
      last = await list(busy).then(
        () => undefined,
        (error: unknown) => failureOf(Promise.reject(error)),
      );
    assert.ok(answered > 1 && answered <= calls.count, `${answered} of ${calls.count}`);
    assert.deepEqual([last.code, last.error.code], [status.RESOURCE_EXHAUSTED, "access.too_many_calls"]);
    assert.ok(last.error.retryAfterMs > 0);
    assert.equal(
      (await rest("/v1/runs", busy.secret)).status,
      429,
      "what is counted is counted at all edges",
    );
    await list(idle);
    assert.equal((await rest("/v1/runs", idle.secret)).status, 200);
    await inAudit("busy", "access.too_many_calls");
  });

  /** A stream of a caller, with the code of the problem that ended it. */
  interface Followed {
    readonly ended: Promise<string>;
    isOver: boolean;
  }

  async function sse(path: string, secret: string): Promise<Followed> {
    const answer = await rest(path, secret);
    assert.equal(answer.status, 200, path);
    const followed: Followed = { isOver: false, ended: Promise.resolve("") };
    return Object.assign(followed, {
      ended: answer.text().then((text) => {
        followed.isOver = true;
        return /event: problem\ndata: .*"code":"([^"]*)"/.exec(text)?.[1] ?? text;
      }),
    });
  }

  function socket(path: string, secret: string): Promise<Followed> {
    const followed: Followed = { isOver: false, ended: Promise.resolve("") };
    const webSocket = new WebSocket(`${platform.http.replace("http", "ws")}${path}`, {
      headers: bearer(secret),
    });
    let problemCode = "";
    const ended = new Promise<string>((resolve) => {
      webSocket.addEventListener("close", () => {
        followed.isOver = true;
        resolve(problemCode);
      });
    });
    return new Promise((resolve, reject) => {
      webSocket.addEventListener("error", () => reject(new Error(`${path} failed`)));
      webSocket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(String(data)) as { kind: string; problem?: { code: string } };
        problemCode = frame.problem?.code ?? "";
        if (frame.kind === "ready") resolve(Object.assign(followed, { ended }));
      });
    });
  }

  const everything = (secret: string) =>
    Promise.all([sse("/v1/events", secret), socket("/v1/events", secret), sse("/v1/watch/runs", secret)]);

  it("end the streams of a key when that key is revoked, with the reason, while other streams continue", async () => {
    const [revoked, remaining] = await Promise.all([somebody("gone"), somebody("stays")]);
    const [open, others] = [await everything(revoked.secret), await everything(remaining.secret)];
    await outside.call(identityService.methods.revokeKey, {
      namespace,
      keyId: revoked.keyId,
      reason: "lost",
    });
    for (const { ended } of open) assert.equal(await ended, "access.credential_refused");
    assert.deepEqual(
      others.map(({ isOver }) => isOver),
      [false, false, false],
    );
    // Another stream ends when its user loses the right.
    await outside.call(policyService.methods.deleteRoleBinding, {
      namespace,
      bindingId: "stays",
      reason: "",
    });
    for (const { ended } of others) assert.equal(await ended, "mesh.denied");
  });

  it("end the streams of a token when it expires, without any other change", async () => {
    await somebody("brief");
    const request = { namespace, actor: person("brief"), lifetimeMs: 3_000 };
    const { secret } = await outside.call(
      identityService.methods.issueToken,
      governance.IssueTokenRequest.fromPartial(request),
    );
    const open = await everything(secret);
    for (const { ended } of open) assert.equal(await ended, "access.credential_refused");
  });
});
