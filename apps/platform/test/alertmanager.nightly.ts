/** Prometheus tools against the API of Alertmanager: amtool, a reference Alertmanager, and Prometheus itself. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { until } from "@tutti/kernel/testing";
import { freePort, freePorts } from "@tutti/nats/testing";
import { needsProgram } from "../../../tools/programs.mjs";
import { TestProcess } from "./support/process.ts";
import { makeFolder, start } from "./support/services.ts";

const [amtool, alertmanager, prometheus] = [
  await needsProgram("amtool"),
  await needsProgram("prometheus-alertmanager"),
  await needsProgram("prometheus"),
];

type Json = Readonly<Record<string, unknown>>;

/** An endpoint of the API, with the actions of a test. */
class Api {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async call(path: string, method = "GET", body?: unknown): Promise<{ status: number; reply: unknown }> {
    const headers = { "content-type": "application/json" };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/api/v2/${path}`, { method, headers, ...text });
    const reply = await response.text();
    return { status: response.status, reply: reply === "" ? undefined : JSON.parse(reply) };
  }

  async list(path: string): Promise<readonly Json[]> {
    return (await this.call(path)).reply as readonly Json[];
  }

  async amtool(...args: readonly string[]): Promise<string> {
    const all = [`--alertmanager.url=${this.url}`, "--no-version-check", ...args];
    return (await promisify(execFile)(amtool.path, all)).stdout;
  }
}

const hourMs = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString();

describe("Alertmanager's API", { skip: amtool.skip || alertmanager.skip }, () => {
  it("gives the same answers as a real Alertmanager", async () => {
    await using folder = await makeFolder();
    await writeFile(join(folder.path, "am.yml"), "{route: {receiver: none}, receivers: [{name: none}]}");
    const port = await freePort();
    await using _real = new TestProcess({
      program: alertmanager.path,
      arguments: [
        ...["--config.file=am.yml", "--storage.path=am", "--cluster.listen-address="],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      directory: folder.path,
    });
    await using platform = await start("platform", [], { directory: folder.path });
    const theirs = new Api(`http://127.0.0.1:${port}`);
    const ours = new Api(`${platform.http}/alertmanager/namespaces/shop`);
    await until(
      "Alertmanager to be ready",
      async () => (await theirs.call("status").catch(() => undefined))?.status,
      (status) => status === 200,
    );

    const [mine, expected] = [await story(ours), await story(theirs)];

    assert.deepEqual(mine, expected);
    assert.deepEqual(expected.fingerprints.toSorted()[0], "3e8bd6317d6cae24");
  });

  it("serves amtool: alerts are added, silenced, listed, and routes are tested", async () => {
    await using folder = await makeFolder();
    const receivers = JSON.stringify({ ops: { kind: "command", command: ["true"] } });
    await using platform = await start("platform", [`--insight.receivers=${receivers}`], {
      directory: folder.path,
    });
    const api = new Api(`${platform.http}/alertmanager`);
    const rule = { title: "Disk", severity: "error", receivers: ["ops"], external: true };
    await until("the rule is set", async () => {
      const headers = { "content-type": "application/json" };
      const path = `${platform.http}/v1/alert-rules/Disk`;
      return (await fetch(path, { method: "PUT", headers, body: JSON.stringify(rule) })).status === 200;
    });
    await api.amtool("alert", "add", "alertname=Disk", "node=a", "--annotation=summary=full");
    await api.amtool("alert", "add", "alertname=Other", "node=b", `--end=${inHours(1)}`);
    assert.match(await api.amtool("alert", "query"), /Disk .* full .*active/);
    assert.match(await api.amtool("alert", "query", "--receiver=ops", "-o", "extended"), /alertname="Disk"/);
    assert.doesNotMatch(await api.amtool("alert", "query", "--receiver=ops"), /Other/);
    const id = (await api.amtool("silence", "add", "node=~a|c", "--comment=move", "--author=ada")).trim();
    assert.match(await api.amtool("silence", "query"), new RegExp(`${id} .*node=~"a\\|c".* ada .*move`));
    assert.doesNotMatch(await api.amtool("alert", "query"), /Disk/);
    assert.match(await api.amtool("alert", "query", "--silenced"), /Disk .*suppressed/);
    const next = (await api.amtool("silence", "update", "--duration=3h", id)).trim().split(/\s+/);
    assert.doesNotMatch(await api.amtool("alert", "query"), /Disk/);
    const [now = ""] = (await api.amtool("silence", "query", "-q")).trim().split("\n");
    assert.ok(now !== id && next.includes(now));
    await api.amtool("silence", "expire", now);
    assert.equal((await api.amtool("silence", "query", "-q")).trim(), "");
    assert.match(await api.amtool("alert", "query"), /Disk/);
    assert.equal((await api.amtool("config", "routes", "test", "alertname=Disk")).trim(), "ops");
    assert.match(await api.amtool("config", "show"), /receiver: "?ops/);
    assert.match(await api.amtool("cluster", "show"), /disabled/);
  });
});

/** Returns the replies to the same requests, without times and ids. */
async function story(api: Api) {
  const annotations = { summary: "Slow" };
  const foo = { labels: { alertname: "foo", node: "a", severity: "warning", empty: "" }, annotations };
  const bar = { labels: { alertname: "bar", node: "b" }, generatorURL: "http://prometheus/graph" };
  const statuses: unknown[] = [];
  const request = async (path: string, method?: string, body?: unknown) => {
    const { status, reply } = await api.call(path, method, body);
    statuses.push([method, path.replace(/[\w-]+$/, ""), status]);
    return reply;
  };
  await request("alerts", "POST", [foo, { ...bar, endsAt: inHours(1) }]);
  await request("alerts", "POST", [{ labels: {} }]);
  await request("alerts", "POST", { alerts: [] });
  await request("alerts", "POST", [{ ...bar, startsAt: inHours(2), endsAt: inHours(1) }]);
  await request("alerts?filter=wrong");
  await request("alerts?filter=a%3D~%28");
  const silence = {
    ...{ startsAt: inHours(0), endsAt: inHours(2), createdBy: "ada", comment: "moving" },
    matchers: [
      { name: "alertname", value: "f.o", isRegex: true },
      { name: "node", value: "b", isRegex: false, isEqual: false },
    ],
  };
  const { silenceID } = (await request("silences", "POST", silence)) as { readonly silenceID: string };
  await request("silences", "POST", { ...silence, matchers: [{ name: "a", value: ".*", isRegex: true }] });
  await request("silences", "POST", { ...silence, endsAt: inHours(-1) });
  await request("silences", "POST", { ...silence, comment: undefined });
  await until(
    "the silence counts",
    () => api.list("alerts"),
    (all) => all.some(({ status }) => (status as Json)["state"] === "suppressed"),
  );
  const alerts = await api.list("alerts");
  const named = (list: readonly Json[]) =>
    list.map(({ labels, annotations: texts, generatorURL, fingerprint, status }) => {
      const { state, silencedBy } = status as {
        readonly state: string;
        readonly silencedBy: readonly string[];
      };
      return { labels, texts, generatorURL, fingerprint, state, silences: silencedBy.length };
    });
  const filters = [
    ...["filter=alertname%3Dfoo", 'filter=node%3D~"a|b"&filter=alertname!%3Dfoo', "filter=team%3D"],
    ...["silenced=false", "active=false", "inhibited=false", "receiver=no.*y"],
  ];
  const found: Json = Object.fromEntries(
    await Promise.all(filters.map(async (query) => [query, named(await api.list(`alerts?${query}`))])),
  );
  const withoutTimes = ({ id: _, startsAt: _s, endsAt: _e, updatedAt: _u, ...rest }: Json) => rest;
  const silences = (await api.list("silences")).map(withoutTimes);
  const conditions = ["alertname%3Df.o", "alertname%3D~f.o", "node!%3Db", "node%3Db", "team%3D"];
  const filtered = await Promise.all(
    conditions.map(async (filter) => (await api.list(`silences?filter=${filter}`)).length),
  );
  const firstSilence = withoutTimes((await request(`silence/${silenceID}`)) as Json);
  await request(`silence/${silenceID}`, "DELETE");
  await request("silence/11111111-2222-3333-4444-555555555555");
  const active = named(await api.list("alerts?active=true&silenced=false"));
  await request("alerts", "POST", [{ ...foo, endsAt: new Date(Date.now() - 1_000).toISOString() }]);
  const remaining = named(await api.list("alerts"));
  const fingerprints = alerts.map(({ fingerprint }) => String(fingerprint));
  const keys = Object.keys(alerts[0] ?? {}).toSorted();
  return {
    statuses,
    keys,
    alerts: named(alerts),
    found,
    silences,
    filtered,
    firstSilence: firstSilence,
    active,
    remaining: remaining,
    fingerprints,
  };
}

describe("a Prometheus", { skip: prometheus.skip }, () => {
  it("sends its alerts, and their end", async () => {
    await using folder = await makeFolder();
    const [port, target] = await freePorts(2);
    await using platform = await start("platform", [], { directory: folder.path });
    const alerting = {
      static_configs: [{ targets: [platform.http.slice("http://".length)] }],
      path_prefix: "/alertmanager",
    };
    const configuration = {
      global: { scrape_interval: "1s", evaluation_interval: "1s", external_labels: { region: "eu" } },
      rule_files: ["rules.yml"],
      alerting: { alertmanagers: [alerting] },
      scrape_configs: [{ job_name: "shop", static_configs: [{ targets: [`127.0.0.1:${target}`] }] }],
    };
    const down = {
      ...{ alert: "ShopDown", expr: "up == 0", labels: { severity: "critical" } },
      annotations: { summary: "{{ $labels.instance }} is down", runbook_url: "https://example.com/shop" },
    };
    await writeFile(join(folder.path, "prometheus.yml"), JSON.stringify(configuration));
    await writeFile(
      join(folder.path, "rules.yml"),
      JSON.stringify({ groups: [{ name: "shop", rules: [down] }] }),
    );
    await using _server = new TestProcess({
      program: prometheus.path,
      arguments: [
        ...["--config.file=prometheus.yml", "--storage.tsdb.path=series"],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      directory: folder.path,
    });
    const instance = `127.0.0.1:${target}`;
    interface AlertView {
      readonly title: string;
      readonly advice: string;
      readonly severity: string;
      readonly labels: Json;
      readonly report?: { readonly generatorUrl: string };
    }
    const alertsFor = async (query: string) => {
      const response = await fetch(`${platform.http}/v1/alerts?label=instance%3D${instance}${query}`);
      return response.ok ? ((await response.json()) as { readonly alerts: readonly AlertView[] }).alerts : [];
    };
    const [alert] = await until(
      "the alert",
      () => alertsFor(""),
      (alerts) => alerts.length === 1,
    );
    const labels = { alertname: "ShopDown", instance, job: "shop", region: "eu", severity: "critical" };
    assert.deepEqual(alert?.labels, labels);
    assert.deepEqual([alert?.title, alert?.severity], [`${instance} is down`, "critical"]);
    assert.equal(alert?.advice, "Runbook: https://example.com/shop");
    assert.match(alert?.report?.generatorUrl ?? "", /\/graph\?g0\.expr=up/);
    const shop = createServer((_request, response) => response.end("up_since 1\n"));
    await new Promise<void>((resolve) => shop.listen(target, "127.0.0.1", resolve));
    try {
      assert.equal((shop.address() as AddressInfo).port, target);
      await until(
        "the end",
        () => alertsFor("&status=resolved"),
        (alerts) => alerts.length === 1,
      );
      assert.deepEqual(await alertsFor(""), []);
    } finally {
      shop.closeAllConnections();
      shop.close();
    }
  });
});
