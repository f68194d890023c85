/** Alerts when their process is killed. Insight is a service of its own, next to the platform. */
import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { registriesAt, start } from "./support/services.ts";

interface AlertView {
  readonly ruleId?: string;
  readonly status?: string;
}

it("insight, killed between delivery and record, resends the same webhook-id, and the platform stays available", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-alerts-"));
  const receivedIds: string[] = [];
  let answers = false;
  let arrived = () => {};
  const server = createServer((request, response) => {
    receivedIds.push(String(request.headers["webhook-id"]));
    request.resume();
    if (answers) response.writeHead(204).end();
    arrived();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const environment = { OPS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  const receivers = JSON.stringify({ ops: { kind: "webhook", url: "env:OPS_URL", timeoutMs: 60_000 } });
  const platform = await start("platform", ["--insight.enabled=false"], { directory: folder.path });
  const launchInsight = () =>
    start(
      "insight",
      [
        ...[registriesAt(platform), `--insight.receivers=${receivers}`, "--insight.privateReceivers=true"],
        `--insight.dataDirectory=${join(folder.path, "insight-data")}`,
      ],
      { environment },
    );
  const call = async (path: string, method = "GET", body?: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${platform.http}${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    // The cast: each route of this test answers with one of these lists.
    const reply = (await response.json()) as { readonly [Part in "alerts" | "notifications"]: AlertView[] };
    return { status: response.status, reply };
  };
  let insight = await launchInsight();
  try {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const rule = {
      ...{ title: "Up", severity: "warning", condition: "up > 0.0", everyMs: 1_000, receivers: ["ops"] },
      queries: [{ queryId: "up", metric: "process_uptime_seconds", overSeries: "max" }],
    };
    await until(
      "the rule is set",
      async () => (await call("/v1/alert-rules/up", "PUT", rule)).status === 200,
    );
    await arrival;
    await insight.kill();
    assert.equal((await call("/readyz")).status, 200);
    assert.equal((await call("/v1/runs?size=1")).status, 200);
    answers = true;
    insight = await launchInsight();
    const remaining = await until("the receiver has it", async () => {
      const { status, reply } = await call("/v1/notifications");
      return status === 200 && receivedIds.length > 1 && reply.notifications.length === 0 ? reply : undefined;
    });
    assert.deepEqual([remaining.notifications, new Set(receivedIds).size], [[], 1]);
    const { reply } = await call("/v1/alerts");
    assert.deepEqual(
      // A loaded machine may fire other alerts.
      reply.alerts.filter(({ ruleId }) => ruleId === "up").map(({ ruleId, status }) => [ruleId, status]),
      [["up", "firing"]],
    );
  } finally {
    server.closeAllConnections();
    server.close();
    await insight.kill();
    await platform.kill();
  }
});

it("killed between two steps of an escalation, insight continues: each receiver has its step once", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-escalation-"));
  /** Ids of messages by receiver. */
  const received = new Map<string, string[]>([
    ["first", []],
    ["second", []],
  ]);
  let arrived = () => {};
  const server = createServer((request, response) => {
    received.get(request.url?.slice(1) ?? "")?.push(String(request.headers["webhook-id"]));
    request.resume();
    response.writeHead(204).end();
    arrived();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = { FIRST_URL: `${base}/first`, SECOND_URL: `${base}/second` };
  const receivers = JSON.stringify({
    first: { kind: "webhook", url: "env:FIRST_URL" },
    second: { kind: "webhook", url: "env:SECOND_URL" },
  });
  const flags = [
    ...[`--insight.receivers=${receivers}`, "--insight.privateReceivers=true"],
    `--insight.dataDirectory=${join(folder.path, "insight-data")}`,
  ];
  const platform = await start("platform", ["--insight.enabled=false"], { directory: folder.path });
  const launch = () => start("insight", [registriesAt(platform), ...flags], { environment });
  const call = async (path: string, method = "GET", body?: object) => {
    const headers = { "content-type": "application/json" };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${platform.http}${path}`, { method, headers, ...text });
    return { status: response.status, reply: (await response.json()) as Readonly<Record<string, unknown>> };
  };
  const isSet = async (path: string, body: object) => (await call(path, "PUT", body)).status === 200;
  let insight = await launch();
  try {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const steps = [{ receivers: ["first"] }, { afterMs: 15_000, receivers: ["second"] }];
    await until("the policy is set", () => isSet("/v1/escalation-policies/night", { steps }));
    const rule = { title: "Down", severity: "error", external: true, escalation: "night" };
    assert.ok(await isSet("/v1/alert-rules/Down", rule));
    await call("/v1/alerts", "POST", { alerts: [{ labels: { alertname: "Down" } }] });
    await arrival;
    await until("the record of the first step", async () => {
      const { reply } = await call("/v1/notifications");
      return Array.isArray(reply["notifications"]) && reply["notifications"].length === 0;
    });
    await insight.kill();
    insight = await launch();
    await until("the second step", () => received.get("second")?.length === 1);
    await until("the record of the second step", async () => {
      const { status, reply } = await call("/v1/notifications");
      return status === 200 && (reply["notifications"] as readonly unknown[]).length === 0;
    });
    assert.deepEqual(
      [...received.values()].map((ids) => new Set(ids).size),
      [1, 1],
    );
    assert.equal(received.get("first")?.length, 1);
  } finally {
    server.closeAllConnections();
    server.close();
    await insight.kill();
    await platform.kill();
  }
});
