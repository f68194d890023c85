/** Events in the reference, provoked on one installation and read by a plain NATS client and over SSE. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { serverEvents } from "@tutti/rest/client";
import { learningEvents, provokeLearning } from "./support/provoked-learning.ts";
import { provokeWork, workEvents } from "./support/provoked-work.ts";
import { makeFolder, start, usingNats } from "./support/services.ts";

const nats = await natsServerProgram();

const provoked = [
  ...["namespace.created", "namespace.changed", "namespace.deleted"].map((type) => `governance.${type}`),
  ...["key.issued", "key.rotated", "key.revoked"].map((type) => `governance.${type}`),
  ...["secret.created", "secret.rotated", "secret.deleted"].map((type) => `governance.${type}`),
  ...["policy.published", "policy.rolled_back"].map((type) => `governance.${type}`),
  ...["identity.locked", "identity.unlocked"].map((type) => `governance.${type}`),
  ...["access.denied", "admission.refused", "checkpoint.signed"].map((type) => `governance.${type}`),
  "governance.compliance.violated",
  ...["created", "changed", "paused", "resumed", "deleted"].map((type) => `swarm.pool.${type}`),
  ...["definition.registered", "run.accepted", "run.started", "run.signalled", "run.completed"].map(
    (type) => `workflow.${type}`,
  ),
  ...["paused", "resumed", "cancelling", "cancelled", "terminated", "retried", "reset", "failed"].map(
    (type) => `workflow.run.${type}`,
  ),
  ...["created", "changed", "paused", "resumed", "deleted", "fired"].map(
    (type) => `workflow.schedule.${type}`,
  ),
  ...["created", "changed", "paused", "resumed", "deleted"].map((type) => `workflow.trigger.${type}`),
  ...["requested", "claimed", "released", "decided"].map((type) => `workflow.approval.${type}`),
  ...["labelled", "archived"].map((type) => `workflow.definition.${type}`),
  "workflow.limit.changed",
  "workflow.run.progressed",
  ...["accepted", "started", "paused", "resumed", "cancelling", "cancelled"].map(
    (type) => `session.session.${type}`,
  ),
  ...["granted", "released"].map((type) => `session.lock.${type}`),
  ...["started", "paused", "resumed", "cancelled", "terminated"].map((type) => `swarm.mission.${type}`),
  ...["blackboard.changed", "agent.joined"].map((type) => `swarm.${type}`),
  ...["service.starting", "service.ready", "configuration.changed"].map((type) => `platform.${type}`),
  "registry.instance.registered",
]
  .map((type) => `tutti.${type}`)
  .concat(workEvents, learningEvents);

describe("documented events", { skip: nats.skip }, () => {
  it("are published: a plain NATS client and an SSE reader receive every event that one installation can cause", async (t) => {
    await using folder = await makeFolder();
    await using server = await startNatsServer();
    const plain = await connect({ servers: server.address });
    t.after(() => plain.close());
    const byNats = new Map<string, unknown>();
    const subjects = plain.subscribe("tutti.events.>");
    const reading = (async () => {
      for await (const { headers, data } of subjects) {
        const type = headers?.get("ce-type");
        if (type !== undefined && data.length > 0)
          byNats.set(type, JSON.parse(new TextDecoder().decode(data)));
      }
    })();
    const file = join(folder.path, "tutti.yaml");
    await writeFile(file, "foundation:\n  log:\n    level: info\n");
    await using platform = await start(
      "platform",
      [
        ...usingNats(server.address),
        `--platform.dataDirectory=${join(folder.path, "data")}`,
        ...["--access.reportMs=50", "--access.failuresBeforeLockout=3", "--access.lockoutMs=600000"],
        ...["--audit.checkpointEveryMs=1000", "--master.adviceEveryMs=0", "--master.modelEveryMs=100"],
      ],
      { directory: folder.path },
    );
    const over = new AbortController();
    t.after(() => over.abort());
    const bySse = new Set<string>();
    let isOpen = false;
    const following = (async () => {
      const answer = await fetch(`${platform.http}/v1/events?pattern=tutti.%3E&namespace=*`, {
        signal: over.signal,
      });
      assert.equal(answer.status, 200);
      assert.ok(answer.body);
      for await (const message of serverEvents(answer.body)) {
        if (message === undefined || message.data === "") continue;
        if (message.event === "ready") isOpen = true;
        else if (message.event !== "gap") bySse.add(JSON.parse(message.data).type);
      }
    })().catch(() => undefined);
    await until("the reader of SSE to be connected", () => isOpen);
    const call = async (method: string, path: string, body?: unknown, headers = {}): Promise<Response> =>
      fetch(`${platform.http}${path}`, {
        method,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const done = async (
      ...args: Parameters<typeof call>
    ): Promise<{ readonly secret?: string; readonly key?: { readonly keyId: string } }> => {
      const answer = await call(...args);
      const text = await answer.text();
      assert.ok(answer.ok, `${args[0]} ${args[1]}: ${answer.status} ${text}`);
      return text === "" ? {} : JSON.parse(text);
    };

    await done("POST", "/v1/namespaces", { name: "b" });
    await done("PATCH", "/v1/namespaces/b", { labels: { tier: "gold" } });
    await done("DELETE", "/v1/namespaces/b?reason=test");
    const actor = { kind: "person", id: "ada" };
    const { key, secret } = await done("POST", "/v1/keys", { actor, title: "test" });
    const { keyId = "" } = key ?? {};
    await done("POST", `/v1/keys/${keyId}/rotate`, {});
    await done("POST", `/v1/keys/${keyId}/revoke`, { reason: "test" });
    const value = Buffer.from("hush").toString("base64");
    await done("PUT", "/v1/secrets/token", { value });
    await done("PUT", "/v1/secrets/token", { value: Buffer.from("hush hush").toString("base64") });
    await done("DELETE", "/v1/secrets/token?reason=test");
    const text = 'forbid (principal, action == Action::"workflow.runs.terminate", resource);';
    const change = (policyId: string) => ({ change: { set: [{ policyId, text }] }, reason: "test" });
    await done("POST", "/v1/policies/apply", change("calm"));
    await done("POST", "/v1/policies/apply", change("calmer"));
    await done("POST", "/v1/policies/roll-back", { version: 1, reason: "test" });
    await done("POST", "/v1/pools", { pool: "calm" });
    await done("PATCH", "/v1/pools/calm", { description: "quiet" });
    await done("POST", "/v1/pools/calm/pause", { reason: "test" });
    await done("POST", "/v1/pools/calm/resume", { reason: "test" });
    await done("DELETE", "/v1/pools/calm?reason=test");
    await done("POST", "/v1/workflows", {
      text: "workflow: wait\nsignals: {go: {}}\ntasks: {go: {wait: {signal: go}}}",
    });
    await done("POST", "/v1/runs", { runId: "one", definition: { name: "wait" } });
    await done("POST", "/v1/runs/one/signals/go", {});
    await steerRuns(done);
    await steerOthers(done);
    await provokeWork(done, platform.grpc);
    await provokeLearning(done, platform.grpc);
    const rule = { subject: "request", when: 'call.action == "workflow.runs.start"' };
    await done("PUT", "/v1/rules/never", {
      ...rule,
      condition: 'subject.spec.labels.color != "red"',
      deny: { message: "no red" },
    });
    await done("PUT", "/v1/rules/seen", {
      ...rule,
      condition: 'subject.spec.labels.color != "blue"',
      note: { message: "blue" },
    });
    await until("the rule to hold", async () => {
      const labels = { color: "red" };
      return (await call("POST", "/v1/runs", { definition: { name: "wait" }, labels })).status === 403;
    });
    await done("POST", "/v1/runs", { definition: { name: "wait" }, labels: { color: "blue" } });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const other = await done("POST", "/v1/keys", { actor: { kind: "person", id: "eve" }, title: "test" });
    await until("a call to be denied", async () => {
      return (await call("GET", "/v1/runs", undefined, bearer(String(other.secret)))).status === 403;
    });
    const wrong = `${String(secret).slice(0, -4)}AAAA`;
    await until("the key to be locked out", async () => {
      await (await call("GET", "/v1/runs", undefined, bearer(wrong))).body?.cancel();
      return byNats.has("tutti.governance.identity.locked");
    });
    const { source: subject } = byNats.get("tutti.governance.identity.locked") as { readonly source: string };
    await done("POST", "/v1/lockouts/lift", { subject, reason: "test" });
    await writeFile(file, "foundation:\n  log:\n    level: warn\n");
    await done("GET", "/v1/audit/checkpoints");

    await until(
      "every provoked event to be read by both",
      () => ({
        nats: provoked.filter((type) => !byNats.has(type)),
        sse: provoked.filter((type) => !bySse.has(type) && !beforeReaders.has(type)),
      }),
      (missing) => missing.nats.length === 0 && missing.sse.length === 0,
    );
    over.abort();
    await following;
    await platform.stop();
    const ofStop = [
      "platform.service.draining",
      "platform.service.stopped",
      "registry.instance.deregistered",
    ];
    await until("the stop to be published", () => ofStop.every((type) => byNats.has(`tutti.${type}`)));
    subjects.unsubscribe();
    await reading;
    await plain.close();
  });
});

/** Events during the start of the platform, before a reader of SSE can connect. */
const beforeReaders = new Set(
  ["platform.service.starting", "platform.service.ready", "registry.instance.registered"].map(
    (type) => `tutti.${type}`,
  ),
);

type Done = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** Provokes events of runs that are paused, ended manually, retried and compensated, with definitions and questions. */
async function steerRuns(done: Done): Promise<void> {
  const reasonBody = { reason: "test" };
  const asking = "workflow: asks\ntasks: {sure: {approve: {title: Sure}}, then: {set: 1, needs: [sure]}}";
  await done("POST", "/v1/workflows", { text: asking });
  await done("POST", "/v1/workflows", { text: 'workflow: fails\ntasks: {a: {set: "${{ 1 / 0 }}"}}' });
  await done("PUT", "/v1/workflows/asks/labels/live", { ...reasonBody });
  const start = (runId: string, name: string) => done("POST", "/v1/runs", { runId, definition: { name } });
  await start("asks-1", "asks");
  await done("POST", "/v1/runs/asks-1/pause", reasonBody);
  await done("POST", "/v1/runs/asks-1/resume", reasonBody);
  const { approvals } = (await done("GET", "/v1/approvals?workId=asks-1")) as {
    readonly approvals: readonly { readonly approvalId: string }[];
  };
  const question = `/v1/approvals/${approvals[0]?.approvalId}`;
  await done("POST", `${question}/claim`, { runId: "asks-1" });
  await done("POST", `${question}/release`, { runId: "asks-1" });
  await done("POST", question, { runId: "asks-1", verdict: "approved" });
  await start("fails-1", "fails");
  await done("GET", "/v1/runs/fails-1/result?waitMs=20000");
  await done("POST", "/v1/runs/fails-1/retry", reasonBody);
  await start("asks-2", "asks");
  await done("POST", "/v1/runs/asks-2/reset", { toEvent: 1, ...reasonBody });
  await done("POST", "/v1/runs/asks-2/cancel", reasonBody);
  await start("asks-3", "asks");
  await done("POST", "/v1/runs/asks-3/terminate", reasonBody);
  await done("POST", "/v1/workflows/fails/archive", reasonBody);
  await done("PUT", "/v1/limits/printer", { maxConcurrent: 2 });
}

/** Provokes events of schedules, triggers, sessions, locks and missions, from start to end. */
async function steerOthers(done: Done): Promise<void> {
  const reasonBody = { reason: "test" };
  const run = { definition: { name: "wait" } };
  for (const [kind, created] of [
    ["schedules", { scheduleId: "daily", timing: { rules: [{ cron: "0 8 * * *" }] }, run }],
    ["triggers", { triggerId: "sent", source: { event: { type: "shop.sent" } }, run }],
  ] as const) {
    const id = "scheduleId" in created ? created.scheduleId : created.triggerId;
    await done("POST", `/v1/${kind}`, created);
    await done("PATCH", `/v1/${kind}/${id}`, { ...created, labels: { a: "b" } });
    await done("POST", `/v1/${kind}/${id}/pause`, reasonBody);
    await done("POST", `/v1/${kind}/${id}/resume`, reasonBody);
    if (kind === "schedules") await done("POST", `/v1/${kind}/${id}/trigger`, reasonBody);
    await done("DELETE", `/v1/${kind}/${id}?reason=test`);
  }
  const offering = { capabilities: [{ name: "stage.none", version: "1.0.0" }], slots: 1 };
  await done("POST", "/v1/tasks/claim", { agentId: "agent-1", offering });
  const tasks = [{ id: "a", capability: "stage.none" }];
  await done("POST", "/v1/sessions", { sessionId: "s1", mode: "workflow", tasks: { tasks } });
  await done("POST", "/v1/missions", { missionId: "m1", spec: { tasks } });
  await done("POST", "/v1/missions", { missionId: "m2", spec: { tasks } });
  for (const work of ["sessions/s1", "missions/m1"])
    for (const verb of ["pause", "resume", "cancel"]) await done("POST", `/v1/${work}/${verb}`, reasonBody);
  await done("POST", "/v1/missions/m2/board", { writes: [{ key: "a", value: 1 }] });
  await done("POST", "/v1/missions/m2/terminate", reasonBody);
  const holder = { holder: "test", leaseMs: 60_000 };
  await done("POST", "/v1/locks/door/acquire", holder);
  await done("POST", "/v1/locks/door/release", { holder: "test" });
}
