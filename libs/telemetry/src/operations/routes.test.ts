import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Component, Orchestrator, systemFoundation, unhealthy } from "@tutti/kernel";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { MetricsRegistry } from "../metrics/registry.ts";
import { parseExposition } from "../testing/exposition-parser.ts";
import { operationsErrors } from "./errors.ts";
import type { OperationsAccess } from "./operations-access.ts";
import { operationsRoutes } from "./routes.ts";

function setUp(components: Record<string, Component> = {}, access: OperationsAccess = async () => {}) {
  const time = new VirtualTime();
  const logger = recordingLogger();
  const registry = new MetricsRegistry({ logger });
  const foundation = systemFoundation({ clock: time, timers: time, logger, metrics: registry });
  const subject = new Orchestrator("platform", foundation);
  for (const [name, component] of Object.entries(components)) subject.register(name, component);
  const routes = operationsRoutes({ subject, registry, access });
  const get = async (path: string, method = "GET", accept?: string) => {
    const response = await routes.handle({ method, path, accept });
    const isJson = response.contentType.includes("json");
    return { ...response, json: isJson ? JSON.parse(response.body) : undefined };
  };
  return { time, subject, get };
}

describe("/livez", () => {
  it("is 200 from the beginning to the end, with any health", async () => {
    const { subject, get } = setUp({ store: { health: () => unhealthy("disk full") } });
    assert.equal((await get("/livez")).status, 200);
    await subject.start();
    assert.equal((await get("/livez")).status, 200);
    assert.deepEqual((await get("/livez")).json, { live: true, state: "ready" });
    await subject.stop();
  });

  it("is 503 when the whole has failed for good", async () => {
    const broken = { start: () => Promise.reject(new Error("no disk")) };
    const { subject, get } = setUp({ store: broken });
    await assert.rejects(subject.start());
    const { status, json } = await get("/livez");
    assert.equal(status, 503);
    assert.deepEqual(json, { live: false, state: "failed" });
  });
});

describe("/readyz", () => {
  it("is 503 before the start and 200 when all is well", async () => {
    const { subject, get } = setUp({ store: {} });
    const before = await get("/readyz");
    assert.equal(before.status, 503);
    assert.equal(before.json.state, "created");
    await subject.start();
    const after = await get("/readyz");
    assert.equal(after.status, 200);
    assert.deepEqual(after.json, {
      ready: true,
      state: "ready",
      health: { level: "healthy", reason: "" },
      problems: [],
    });
    await subject.stop();
    assert.equal((await get("/readyz")).status, 503);
  });

  it("is 503 while a component is broken, and names it and why", async () => {
    let broken = true;
    const store = {
      health: () => (broken ? unhealthy("disk full") : ({ level: "healthy", reason: "" } as const)),
    };
    const { subject, get, time } = setUp({ listener: {}, store });
    await subject.start();
    const { status, json } = await get("/readyz");
    assert.equal(status, 503);
    assert.deepEqual(json.problems, [{ component: "platform.store", reason: "disk full" }]);
    assert.equal((await get("/livez")).status, 200);
    broken = false;
    time.advance(2000);
    assert.equal((await get("/readyz")).status, 200);
    await subject.stop();
  });

  it("is 200 while a component is only degraded, and names the reason", async () => {
    const { subject, get } = setUp({
      bus: { health: () => ({ level: "degraded", reason: "reconnecting" }) },
    });
    await subject.start();
    const { status, json } = await get("/readyz");
    assert.equal(status, 200);
    assert.equal(json.health.level, "degraded");
    assert.match(json.health.reason, /reconnecting/);
    await subject.stop();
  });
});

describe("/metrics", () => {
  it("is the registry in the format that the scraper requests", async () => {
    const { get } = setUp();
    const classic = await get("/metrics");
    assert.equal(classic.contentType, "text/plain; version=0.0.4; charset=utf-8");
    assert.ok(parseExposition(classic.body).size > 0);
    const open = await get("/metrics", "GET", "application/openmetrics-text;version=1.0.0");
    assert.equal(open.contentType, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.ok(open.body.endsWith("# EOF\n"));
  });
});

describe("/status", () => {
  it("is the whole as JSON, with every component", async () => {
    const { subject, get } = setUp({ store: {}, listener: {} });
    await subject.start();
    const { status, json } = await get("/status");
    assert.equal(status, 200);
    assert.equal(json.name, "platform");
    assert.deepEqual(
      json.components.map((component: { name: string }) => component.name),
      ["store", "listener"],
    );
    await subject.stop();
  });
});

describe("a caller without access to metrics and state", () => {
  it("sees only liveness and readiness", async () => {
    const { get } = setUp({}, async () => {
      throw operationsErrors.keyNeeded();
    });
    assert.equal((await get("/livez")).status, 200);
    assert.equal((await get("/readyz")).status, 503);
    for (const path of ["/metrics", "/status", "/status?a=b"])
      await assert.rejects(get(path), { code: "operations.key_needed" }, path);
  });
});

describe("other requests", () => {
  it("to an unknown path return 404 with the known paths", async () => {
    for (const path of ["/", "/metric", "/livez/", "/constructor", "//livez", "/livez%00"]) {
      const { status, contentType, json } = await setUp().get(path);
      assert.equal(status, 404, path);
      assert.equal(contentType, "application/problem+json");
      assert.match(json.detail, /not found\. The paths are \/livez, \/readyz, \/metrics, \/status\./);
    }
  });

  it("with another method return 405 with the allowed methods", async () => {
    const { status, contentType, headers, json } = await setUp().get("/livez", "POST");
    assert.equal(status, 405);
    assert.equal(contentType, "application/problem+json");
    assert.equal(json.status, 405);
    assert.deepEqual(headers, { allow: "GET, HEAD" });
  });

  it("with a query are as without", async () => {
    assert.equal((await setUp().get("/livez?verbose=1")).status, 200);
  });
});
