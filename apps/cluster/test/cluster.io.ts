import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { until } from "@tutti/kernel/testing";
import { addressesOf, Cluster } from "../src/index.ts";
import { isAlive, readState } from "../src/running/state-file.ts";
import { plainNats } from "./plain-nats.ts";
import { natsServer, runningCluster, shape, type Timeline } from "./running-cluster.ts";

interface ComponentList {
  readonly processes: readonly {
    readonly services: readonly string[];
    readonly problem?: string;
    readonly components: readonly { readonly path: string; readonly state: string }[];
  }[];
}

interface IncidentList {
  readonly incidents: readonly { readonly incidentId: string; readonly ruleIds: readonly string[] }[];
}

interface InstanceList {
  readonly instances: readonly { readonly id: string; readonly openBreaker?: string }[];
}

interface MetricList {
  readonly source: string;
  readonly processes: readonly { readonly name: string; readonly problem?: string }[];
}

interface MetricAnswer {
  readonly series: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

describe("services as processes of their own", { skip: natsServer.skip }, () => {
  const running = runningCluster();
  const { tracesAtWork, sent, post, put, get, started, allEnd, idsOf } = running;

  it("show the metrics of all processes at any gateway", async () => {
    const paths = ["/v1/metrics", "/v1/metrics/series?name=process_resident_memory_bytes"];
    const servicesOf = ({ processes }: MetricList): string[] =>
      [...new Set(processes.flatMap(({ name }) => name.split(" ")[0]?.split("+") ?? []))].sort();
    const expected = ["gateway", "governance", "insight", "master", "registry", "swarm", "workflow"];
    const { source, processes } = await until(
      "metrics of all services",
      () => get<MetricList>(paths[0] ?? ""),
      (list) => isDeepStrictEqual(servicesOf(list), expected),
    );
    assert.equal(source, "insight");
    assert.deepEqual(
      processes.filter(({ problem }) => problem !== undefined),
      [],
    );
    const recorded = await until(
      "values of all processes",
      () => get<MetricAnswer>(paths[1] ?? ""),
      ({ series }) => series.length >= processes.length,
    );
    assert.deepEqual(
      recorded.series.map(({ labels }) => labels["process"]).sort(),
      processes.map(({ name }) => name).sort(),
    );
  });

  it("report the components of all processes at any gateway", async () => {
    const { processes } = await get<ComponentList>("/v1/components");
    assert.equal(
      processes.length,
      Object.values(shape.processes).reduce((sum, count) => sum + count, 0),
    );
    for (const { services, problem, components } of processes) {
      assert.equal(problem, undefined);
      assert.ok(components.length > 5, services.join());
      assert.ok(components.some(({ path, state }) => path.endsWith(".mesh") && state === "ready"));
    }
    const workflows = await get<ComponentList>("/v1/components?service=workflow");
    assert.deepEqual(
      workflows.processes.map(({ components: [first] }) => first?.path),
      ["workflow.workflow", "workflow.workflow"],
    );
  });

  it("know of a breaker that the repair of an incident opens, and of its undo", async () => {
    const rule = { title: "Slow disk", severity: "error", external: true };
    await put("/v1/alert-rules/slow-disk?namespace=system", rule);
    await post("/alertmanager/api/v2/alerts", [{ labels: { alertname: "slow-disk" } }]);
    const isIts = ({ ruleIds }: { readonly ruleIds: readonly string[] }) => ruleIds.includes("slow-disk");
    const { incidents } = await until(
      "the incident",
      () => get<IncidentList>("/v1/incidents?namespace=system"),
      (list) => list.incidents.some(isIts),
    );
    const repairs = `/v1/incidents/${incidents.find(isIts)?.incidentId}/repairs?namespace=system`;
    const instancesOf = async () => (await get<InstanceList>("/v1/instances?service=swarm")).instances;
    const [first] = await instancesOf();
    assert.ok(first !== undefined);
    const repair = { kind: "open_breaker", subject: first.id, reason: "bad disk" };
    const becomes = (expected: RegExp) =>
      until(
        `a breaker with ${expected}`,
        async () => (await instancesOf()).find(({ id }) => id === first.id)?.openBreaker ?? "",
        (found) => expected.test(found),
      );
    await post(repairs, repair);
    await becomes(/^incident \w+: bad disk$/);
    // This repair would leave no instance.
    const [other] = (await instancesOf()).filter(({ id }) => id !== first.id);
    const reply = await sent("POST", repairs, { ...repair, subject: other?.id ?? "" });
    assert.match(await reply.text(), /another instance of swarm that takes calls/);
    await started(idsOf("open", 5));
    await allEnd(idsOf("open", 5));
    await post(repairs, { ...repair, undo: true });
    await becomes(/^$/);
  });

  it("accept a sign-in at every gateway, and end it everywhere", async () => {
    const gateways = ["gateway-1", "gateway-2"].map(
      (name) => addressesOf(running.cluster.member(name).planned).http,
    );
    const [one = "", other = ""] = gateways;
    /** Sends a request as a browser does, with a cookie for each port. */
    const asBrowser = (address: string, secret: string, path: string, init: RequestInit = {}) => {
      const cookie = `tutti-${new URL(address).port}=${secret}`;
      const headers = { cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" };
      return fetch(`${address}${path}`, { ...init, headers });
    };
    const signedIn = async (): Promise<string> => {
      const response = await fetch(`${one}/v1/sign-in/link`, { method: "POST" });
      const { url } = (await response.json()) as { readonly url: string };
      const { search } = new URL(url);
      const answer = await fetch(`${one}/sign-in${search}`, { redirect: "manual" });
      return /^tutti-\d+=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1] ?? "";
    };
    const statusesAt = async (secret: string): Promise<number[]> =>
      Promise.all(gateways.map(async (gateway) => (await asBrowser(gateway, secret, "/v1/runs")).status));
    const secret = await signedIn();
    assert.deepEqual(await statusesAt(secret), [200, 200]);
    const events = await asBrowser(one, secret, "/v1/events");
    assert.equal(events.status, 200);
    const out = await asBrowser(other, secret, "/v1/sign-out", { method: "POST" });
    assert.ok(out.ok, await out.text());
    // A stream at one gateway ends after a sign-out at the other.
    await assert.rejects(async () => {
      for await (const _ of events.body ?? []);
    });
    assert.deepEqual(await statusesAt(secret), [401, 401]);
    const [first, second] = [await signedIn(), await signedIn()];
    assert.deepEqual([await statusesAt(first), await statusesAt(second)].flat(), [200, 200, 200, 200]);
    const ended = await fetch(`${other}/v1/sign-ins/revoke`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ all: true }),
    });
    assert.ok(ended.ok, await ended.text());
    for (const endedSecret of [first, second])
      await until("the end of it", async () => (await statusesAt(endedSecret)).every((code) => code === 401));
  });

  it("complete all runs, and each gateway call lists all of them", async () => {
    const ids = idsOf("first", 30);
    await started(ids);
    await allEnd(ids);
    for (let calls = 0; calls < 4; calls++) {
      const { runs } = await get<{ runs: readonly { runId: string }[] }>("/v1/runs?size=1000");
      const own = runs.map(({ runId }) => runId).filter((runId) => runId.startsWith("first-"));
      assert.deepEqual(own.sort(), [...ids].sort());
    }
  });

  it("publish the CloudEvents of each run in order to any NATS client, at any of the servers", async () => {
    const address = addressesOf(running.cluster.member("nats-2").planned).other;
    using plain = await plainNats(address, "tutti.events.default.workflow.run.>");
    const ids = idsOf("heard", 10);
    await started(ids);
    for (const id of ids) {
      const ofRun = await until(
        "its end to be heard",
        () => plain.received.filter(({ attributes }) => attributes["subject"] === id),
        (received) => received.at(-1)?.attributes["type"] === "tutti.workflow.run.completed",
      );
      assert.equal(ofRun[0]?.attributes["type"], "tutti.workflow.run.accepted");
      const sequences = ofRun.map(({ text }) => Number(JSON.parse(text).header.sequence));
      assert.deepEqual(
        sequences,
        sequences.toSorted((one, other) => one - other),
      );
      assert.equal(new Set(ofRun.map(({ attributes }) => attributes["id"])).size, ofRun.length, "each once");
    }
    assert.ok(plain.received.every(({ attributes }) => attributes["specversion"] === "1.0"));
  });

  for (const [mode, started, work] of [
    ["workflow", "RunService/StartRun", "run"],
    ["swarm", "MissionService/StartMission", "mission"],
  ] as const)
    it(`form one trace from the request through a session in the mode ${mode} to the agent, and the dashboard shows it`, async () => {
      const traceId = `4bf92f3577b34da6a3ce929d0e0e473${mode.length % 10}`;
      const outermost = "00f067aa0ba902b7";
      const tasks = { tasks: [{ id: "box", capability: "stock.count", input: {} }] };
      const traced = { traceparent: `00-${traceId}-${outermost}-01` };
      await post("/v1/sessions", { sessionId: `in-${mode}`, mode, tasks }, traced);
      const spans = () => running.collector.spans.filter((span) => span.traceId === traceId);
      const named = (name: string) => spans().find((span) => span.name === name);
      for (const name of ["POST /v1/sessions", "session", "part p1", work, "attempt box"])
        while (named(name) === undefined) await running.collector.nextRequest();
      // From the inside out: the nesting of spans, each with its process.
      const pathTo = async (name: string) => {
        const path: string[] = [];
        for (let at = named(name); at !== undefined; ) {
          const { parentSpanId, resource } = at;
          path.unshift(`${resource["service.name"]}: ${at.kind} ${at.name.split(".").at(-1)}`);
          while (parentSpanId !== outermost && !spans().some(({ spanId }) => spanId === parentSpanId))
            await running.collector.nextRequest();
          at = spans().find(({ spanId }) => spanId === parentSpanId);
        }
        return path;
      };
      const toMaster = [
        "gateway: server POST /v1/sessions",
        "gateway: client SessionService/ExecuteSession",
        "master: server SessionService/ExecuteSession",
      ];
      const engine = { run: "workflow", mission: "swarm" }[work];
      assert.deepEqual(await pathTo("attempt box"), [
        ...[...toMaster, `master: client ${started}`, `${engine}: server ${started}`],
        ...[`${engine}: internal ${work}`, `${engine}: client attempt box`],
      ]);
      assert.deepEqual(await pathTo("part p1"), [
        ...[...toMaster, "master: internal session", "master: internal part p1"],
      ]);
      assert.deepEqual(named("part p1")?.links, [named(work)?.spanId]);
      const { attributes = {} } = named("attempt box") ?? {};
      assert.equal(attributes["tutti.agent.id"], running.worker.agentId);
      assert.ok(Number(attributes["tutti.task.queued_ms"]) >= 0);
      assert.deepEqual(tracesAtWork.get(`in-${mode}`), traceId, "the agent got it");
      const timeline = await get<Timeline>(`/v1/sessions/in-${mode}/timeline?childDepth=2`);
      assert.equal(timeline.traceId, traceId);
      const exported = new Set(spans().map(({ spanId }) => spanId));
      for (const { spanId, task } of timeline.spans) assert.ok(exported.has(spanId), task);
      assert.ok(timeline.spans.some(({ task, kind }) => task === "p1/box" && kind === "attempt"));
    });

  it("list the running processes in their directory", async () => {
    const state = await readState(running.directory);
    assert.deepEqual(
      state?.members.map(({ name }) => name),
      running.cluster.members.map(({ name }) => name),
    );
    assert.ok(state?.members.every(({ pid }) => pid !== undefined && isAlive(pid)));
    assert.match(await readFile(join(running.directory, "logs", "workflow-2.log"), "utf8"), /"msg":"ready"/);
  });

  it("are managed by one process at a time", async () => {
    const options = { directory: running.directory, shape, natsServer: natsServer.path, moduleOf: () => "" };
    await assert.rejects(Cluster.create(options), { code: "cluster.already_up" });
    const other = { ...shape, partitions: shape.partitions + 1 };
    await assert.rejects(Cluster.create({ ...options, shape: other }), { code: "cluster.already_up" });
  });
});
