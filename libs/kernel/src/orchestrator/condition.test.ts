import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testFoundation } from "../testing/index.ts";
import type { Component, ComponentContext } from "./component.ts";
import { conditionOf } from "./condition.ts";
import { degraded, healthy, unhealthy } from "./health/health.ts";
import { Orchestrator } from "./orchestrator.ts";

/** Returns a component whose health the test sets. */
function patient() {
  const contexts: ComponentContext[] = [];
  const component: Component = { start: (context) => void contexts.push(context) };
  return {
    component,
    get context() {
      const [context] = contexts;
      assert.ok(context, "started");
      return context;
    },
  };
}

async function started() {
  const foundation = testFoundation();
  const orchestrator = new Orchestrator("billing", foundation);
  const store = patient();
  orchestrator.register("store", store.component, { critical: false });
  const condition = () => orchestrator.status().components[0]?.condition;
  return { foundation, orchestrator, store, condition };
}

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();

describe("the condition of a component", () => {
  const table = [
    ["registered", healthy, "pending"],
    ["created", healthy, "pending"],
    ["starting", healthy, "starting"],
    ["started", healthy, "ready"],
    ["ready", degraded("busy"), "degraded"],
    ["started", unhealthy("disk full"), "unhealthy"],
    ["draining", unhealthy("it is draining"), "draining"],
    ["failed", unhealthy("gone"), "failed"],
  ] as const;
  for (const [life, health, expected] of table)
    it(`${life} and ${health.level} is ${expected}`, () => assert.equal(conditionOf(life, health), expected));

  it("follows start, failures, recovery and stop, and keeps the last error", async () => {
    const { foundation, orchestrator, store, condition } = await started();
    const fresh = { reason: "", failures: 0, lastError: null };
    assert.deepEqual(condition(), { state: "pending", since: at(0), ...fresh });
    await foundation.time.advance(1_000);
    await orchestrator.start();
    assert.deepEqual(condition(), { state: "ready", since: at(1), ...fresh });

    await foundation.time.advance(1_000);
    store.context.health.degraded("slow disk");
    const slow = { reason: "slow disk", time: at(2) };
    assert.deepEqual(condition(), {
      ...{ state: "degraded", since: at(2), reason: "slow disk", failures: 1, lastError: slow },
    });

    await foundation.time.advance(1_000);
    store.context.health.unhealthy("disk full");
    const full = { reason: "disk full", time: at(3) };
    assert.deepEqual(condition(), {
      ...{ state: "unhealthy", since: at(3), reason: "disk full", failures: 1, lastError: full },
    });

    await foundation.time.advance(1_000);
    store.context.health.unhealthy("disk gone");
    const failure = { reason: "disk gone", time: at(4) };
    assert.deepEqual(condition(), {
      ...{ state: "unhealthy", since: at(3), reason: "disk gone", failures: 1, lastError: failure },
    });

    await foundation.time.advance(1_000);
    store.context.health.healthy();
    assert.deepEqual(condition(), {
      state: "ready",
      since: at(5),
      reason: "",
      failures: 1,
      lastError: failure,
    });

    store.context.health.degraded("slow disk");
    assert.equal(condition()?.failures, 2);
    await orchestrator.stop();
    assert.deepEqual([condition()?.state, condition()?.reason, condition()?.failures], ["stopped", "", 2]);
  });

  it("of a component that cannot continue is failed, with its reason", async () => {
    const { orchestrator, store, condition } = await started();
    await orchestrator.start();
    store.context.fail(new Error("the port is gone"));
    assert.equal(condition()?.state, "failed");
    assert.match(condition()?.reason ?? "", /the port is gone/);
    assert.equal(orchestrator.status().condition.state, "degraded");
    assert.match(orchestrator.status().condition.lastError?.reason ?? "", /store is unhealthy/);
    await orchestrator.stop();
    assert.equal(orchestrator.status().condition.state, "stopped");
  });
});
