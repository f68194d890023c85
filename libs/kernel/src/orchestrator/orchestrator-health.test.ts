import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, testFoundation } from "../testing/index.ts";
import type { Component, ComponentContext } from "./component.ts";
import { degraded, type Health, healthy, unhealthy } from "./health/health.ts";
import { Orchestrator, type OrchestratorOptions } from "./orchestrator.ts";

/** Returns a component whose health a test sets, for its check and by its own report. */
function patient() {
  const contexts: ComponentContext[] = [];
  const state = { health: healthy, calls: 0 };
  const component: Component = {
    start: (context) => void contexts.push(context),
    health: () => {
      state.calls++;
      return state.health;
    },
  };
  const reporter = () => {
    const [context] = contexts;
    assert.ok(context, "started");
    return context.health;
  };
  return { component, state, reporter };
}

async function ready(components: Readonly<Record<string, Component>>, options: OrchestratorOptions = {}) {
  const foundation = testFoundation();
  const orchestrator = new Orchestrator("billing", foundation, options);
  for (const [name, component] of Object.entries(components)) {
    orchestrator.register(name, component, { critical: !name.startsWith("optional") });
  }
  await orchestrator.start();
  return { foundation, orchestrator };
}

describe("Orchestrator: health", () => {
  const table: readonly [string, Readonly<Record<string, Health>>, Health][] = [
    ["nothing", {}, healthy],
    ["healthy ones", { store: healthy, optionalMail: healthy }, healthy],
    [
      "a degraded one",
      { store: degraded("slow disk"), api: healthy },
      degraded("store is degraded: slow disk"),
    ],
    [
      "a critical one that is unhealthy",
      { api: degraded("busy"), store: unhealthy("disk full") },
      unhealthy(["store is unhealthy: disk full", "api is degraded: busy"].join("; ")),
    ],
    [
      "one that is unhealthy but not critical",
      { store: healthy, optionalMail: unhealthy("no relay") },
      degraded("optionalMail is unhealthy: no relay"),
    ],
  ];
  for (const [title, parts, expected] of table) {
    it(`of ${title} is ${expected.level}`, async () => {
      const components = Object.entries(parts).map(([name, health]) => [name, { health: () => health }]);
      const { orchestrator } = await ready(Object.fromEntries(components));
      const { components: known, ...whole } = await orchestrator.health();
      assert.deepEqual(whole, expected);
      assert.deepEqual(known, parts);
      assert.equal(orchestrator.isReady, expected.level !== "unhealthy");
      await orchestrator.stop();
    });
  }

  it("a broken component is named and makes the orchestrator unready, but the orchestrator stays live", async () => {
    const store = patient();
    const { orchestrator } = await ready({ store: store.component, api: {} });
    assert.deepEqual(await orchestrator.readiness(), { ready: true, problems: [] });
    store.reporter().unhealthy("disk full", { freeBytes: 0 });
    assert.deepEqual(await orchestrator.readiness(), {
      ready: false,
      problems: [{ component: "billing.store", reason: "disk full" }],
    });
    assert.deepEqual(orchestrator.status().components[0]?.health, unhealthy("disk full", { freeBytes: 0 }));
    assert.equal(orchestrator.isLive, true);
    store.reporter().healthy();
    assert.equal(orchestrator.isReady, true);
    await orchestrator.stop();
  });

  it("the worse of the reported and the checked health counts", async () => {
    const store = patient();
    const { orchestrator, foundation } = await ready({ store: store.component });
    store.reporter().degraded("slow disk");
    assert.equal((await orchestrator.health()).reason, "store is degraded: slow disk");
    store.state.health = unhealthy("no answer");
    await foundation.time.advanceAsync(1_000);
    assert.equal((await orchestrator.health()).reason, "store is unhealthy: no answer");
    store.state.health = healthy;
    await foundation.time.advanceAsync(1_000);
    assert.equal((await orchestrator.health()).reason, "store is degraded: slow disk");
    await orchestrator.stop();
  });

  it("a check that throws or rejects is unhealthy, with its error message", async () => {
    const { orchestrator } = await ready({
      store: {
        health: () => {
          throw new Error("no such file");
        },
      },
      api: { health: () => Promise.reject(new Error("refused")) },
    });
    const { components } = await orchestrator.health();
    assert.deepEqual(components, { store: unhealthy("no such file"), api: unhealthy("refused") });
    await orchestrator.stop();
  });

  it("a check that hangs is unhealthy after its timeout, is not called again, and counts once it answers", async () => {
    const turnstile = gate();
    let calls = 0;
    const check = async (): Promise<Health> => {
      calls++;
      await turnstile.pass();
      return healthy;
    };
    const { orchestrator, foundation } = await ready({ store: { health: check } });
    const first = orchestrator.health();
    const second = orchestrator.health();
    assert.equal((await foundation.time.settle(first)).level, "unhealthy");
    assert.equal(foundation.time.monotonic(), 2_000);
    assert.deepEqual((await second).components, {
      store: unhealthy("its health check did not answer within 2 s"),
    });
    await foundation.time.advanceAsync(20_000);
    assert.equal((await orchestrator.health()).level, "unhealthy");
    assert.equal(calls, 1);
    turnstile.open();
    await foundation.time.flush();
    assert.equal(orchestrator.isReady, true);
    await orchestrator.stop();
  });

  it("results are cached for one second, and refreshed every five seconds without a request", async () => {
    const store = patient();
    const { orchestrator, foundation } = await ready({ store: store.component });
    await Promise.all([orchestrator.health(), orchestrator.health()]);
    await orchestrator.health();
    assert.equal(store.state.calls, 1);
    await foundation.time.advanceAsync(1_000);
    await orchestrator.health();
    assert.equal(store.state.calls, 2);
    await foundation.time.advanceAsync(9_000);
    assert.equal(store.state.calls, 4);
    await orchestrator.stop();
    await foundation.time.advanceAsync(60_000);
    assert.equal(store.state.calls, 4);
  });

  it("changes are events of the component and of the whole, and are logged and counted, once each", async () => {
    const store = patient();
    const { orchestrator, foundation } = await ready({ store: store.component }, { healthIntervalMs: 100 });
    const received: string[] = [];
    orchestrator.on("componentHealthChanged", ({ component, from, to }) =>
      received.push(`${component}: ${from.level} → ${to.level}`),
    );
    orchestrator.on("healthChanged", ({ from, to }) => received.push(`${from.level} → ${to.level}`));
    store.state.health = unhealthy("disk full");
    await foundation.time.advanceAsync(5_000);
    assert.deepEqual(received, ["store: healthy → unhealthy", "healthy → unhealthy"]);
    assert.deepEqual(foundation.logger.line("component unhealthy").fields, {
      orchestrator: "billing",
      component: "store",
      health: "unhealthy",
      reason: "disk full",
    });
    store.state.health = unhealthy("disk full by 2 bytes");
    await foundation.time.advanceAsync(1_000);
    const unhealthyLines = foundation.logger
      .messages("warn")
      .filter((each) => each === "component unhealthy");
    assert.equal(unhealthyLines.length, 1);
    received.splice(2);
    const { metrics } = foundation;
    assert.equal(metrics.value("tutti_orchestrator_health_severity", { orchestrator: "billing" }), 2);
    const labels = { orchestrator: "billing", component: "store" };
    assert.equal(metrics.value("tutti_orchestrator_component_health_severity", labels), 2);
    store.state.health = healthy;
    await foundation.time.advanceAsync(1_000);
    assert.deepEqual(received.slice(2), ["store: unhealthy → healthy", "unhealthy → healthy"]);
    await orchestrator.stop();
  });

  it("of a nested orchestrator propagates at once, and names the path of the broken component", async () => {
    const store = patient();
    const foundation = testFoundation();
    const billing = new Orchestrator("accounts", foundation);
    billing.register("store", store.component);
    const platform = new Orchestrator("platform", foundation);
    platform.register("billing", billing);
    assert.deepEqual(await platform.readiness(), {
      ready: false,
      problems: [{ component: "platform", reason: "it is created" }],
    });
    await platform.start();
    assert.equal(platform.isReady, true);
    store.reporter().unhealthy("disk full");
    assert.equal(platform.isReady, false);
    assert.deepEqual(await platform.readiness(), {
      ready: false,
      problems: [{ component: "platform.billing.store", reason: "disk full" }],
    });
    assert.equal(platform.status().health.reason, "billing is unhealthy: store is unhealthy: disk full");
    store.reporter().healthy();
    assert.deepEqual((await platform.health()).components, { billing: healthy });
    await billing.stop();
    assert.deepEqual(platform.readinessProblems(), [
      { component: "platform.billing", reason: "it is stopped" },
    ]);
    await platform.stop();
    assert.equal(platform.state, "stopped");
  });

  it("of an orchestrator that drains with the whole is no news, and no warning", async () => {
    const foundation = testFoundation();
    const billing = new Orchestrator("billing", foundation);
    const platform = new Orchestrator("platform", foundation);
    platform.register("billing", billing);
    await platform.start();
    const received: string[] = [];
    platform.on("componentHealthChanged", ({ component }) => received.push(component));

    await platform.stop();

    assert.equal(billing.state, "stopped");
    assert.deepEqual(received, []);
    assert.deepEqual(foundation.logger.messages("warn"), []);
  });

  it("a draining or stopped orchestrator is not ready, and reports its state", async () => {
    const { orchestrator } = await ready({ store: {} });
    const stopped = orchestrator.stop();
    assert.deepEqual(orchestrator.readinessProblems(), [{ component: "billing", reason: "it is draining" }]);
    assert.equal(orchestrator.isReady, false);
    await stopped;
    assert.equal(orchestrator.status().health.reason, "it is stopped");
  });
});
