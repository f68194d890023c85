import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "../errors/tutti-error.ts";
import { sleep } from "../ports/timers.ts";
import { gate } from "../testing/index.ts";
import type { ComponentContext } from "./component.ts";
import { failing, never, withNotes } from "./orchestrator.fixture.ts";
import { Orchestrator } from "./orchestrator.ts";

describe("Orchestrator: stopping", () => {
  it("finishes running work before anything is stopped", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const finished = gate();
    orchestrator.register("store", noted("store"));
    orchestrator.register("api", noted("api", { drain: () => finished.pass() }));
    await orchestrator.start();
    const stopped = orchestrator.stop();
    await finished.arrivals(1);
    await foundation.time.flush();
    assert.equal(orchestrator.state, "draining");
    assert.deepEqual(notes.slice(2), ["drain api"]);
    finished.open();
    await stopped;
    assert.deepEqual(notes.slice(2), ["drain api", "drain store", "stop api", "stop store"]);
  });

  it("continues past failures and hanging, within the deadlines, and reports all of them", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    orchestrator.register("store", noted("store", { stop: failing("stuck") }));
    orchestrator.register("queue", noted("queue", { stop: never }), { stopTimeoutMs: 700 });
    orchestrator.register("api", noted("api", { drain: never }), { drainTimeoutMs: 300 });
    await orchestrator.start();
    const problems = [
      "step `api` of pipeline `drain` failed: The drain of `api` did not finish within 300 ms. " +
        "Check what it waits for, or raise `drainTimeoutMs`.",
      "step `queue` of pipeline `shut-down` failed: The stop of `queue` did not finish within 700 ms. " +
        "Check what it waits for, or raise `stopTimeoutMs`.",
      "step `store` of pipeline `shut-down` failed: stuck",
    ];
    const stopped = orchestrator.stop();
    await assert.rejects(foundation.time.settle(stopped), {
      code: "lifecycle.stop_incomplete",
      message: `billing did not stop cleanly: ${problems.join(" ")}.`,
    });
    assert.deepEqual(notes.slice(3), [
      ...["drain api", "drain queue", "drain store"],
      ...["stop api", "stop queue", "stop store"],
    ]);
    assert.equal(foundation.time.monotonic(), 1_000);
    assert.equal(orchestrator.state, "failed");
    assert.deepEqual(orchestrator.status().failure?.problems, problems);
    assert.equal(orchestrator.stop(), stopped);
  });

  it("returns the same promise for every call, and stops each component once", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("one", noted("one"));
    await orchestrator.start();
    orchestrator.once("stateChanged", () => void orchestrator.stop());
    const first = orchestrator.stop();
    assert.equal(orchestrator.stop(), first);
    await Promise.all([first, orchestrator.drain()]);
    assert.deepEqual(notes, ["start one", "drain one", "stop one"]);
  });

  it("during the start, aborts it, waits for the starting component, and stops the started components", async () => {
    const { orchestrator, noted, notes, states, foundation } = withNotes();
    const heeds = ({ signal }: ComponentContext) => sleep(foundation.timers, 60_000, signal);
    orchestrator.register("one", noted("one"));
    orchestrator.register("two", noted("two", { start: heeds }), { startTimeoutMs: 90_000 });
    orchestrator.register("three", noted("three"));
    const started = orchestrator.start();
    await foundation.time.advanceAsync(10);
    const stopped = orchestrator.stop();
    await assert.rejects(started, {
      code: "lifecycle.start_aborted",
      message: "billing was stopped before it was ready. Start it again.",
    });
    await stopped;
    assert.deepEqual(notes, ["start one", "stop one"]);
    assert.deepEqual(states, ["starting", "draining", "stopped"]);
    assert.equal(foundation.time.monotonic(), 10);
  });

  it("during the start, stops also the component that became ready in spite of it", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const deaf = () => sleep(foundation.timers, 1_000);
    orchestrator.register("one", noted("one"));
    orchestrator.register("two", noted("two", { start: deaf }));
    orchestrator.register("three", noted("three"));
    const started = orchestrator.start();
    await foundation.time.flush();
    const stopped = orchestrator.stop();
    await assert.rejects(foundation.time.settle(started), { code: "lifecycle.start_aborted" });
    await stopped;
    assert.deepEqual(notes, ["start one", "start two", "stop two", "stop one"]);
    assert.equal(orchestrator.state, "stopped");
  });

  it("during a start that hangs and ignores its signal, waits at most the stop timeout", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    orchestrator.register("one", noted("one"));
    orchestrator.register("two", noted("two", { start: never }), { stopTimeoutMs: 400 });
    const started = orchestrator.start();
    await foundation.time.flush();
    const stopped = orchestrator.stop();
    await assert.rejects(foundation.time.settle(started), { code: "lifecycle.start_aborted" });
    await stopped;
    assert.deepEqual([notes, foundation.time.monotonic()], [["start one", "stop one"], 400]);
  });

  it("an aborted signal of the caller ends all waits, but every component is still stopped", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    orchestrator.register("store", noted("store"));
    orchestrator.register("api", noted("api", { drain: never, stop: never }));
    await orchestrator.start();
    const patience = new AbortController();
    const stopped = orchestrator.stop(patience.signal);
    await foundation.time.flush();
    patience.abort(new Error("no more time"));
    await assert.rejects(stopped, /no more time/);
    assert.deepEqual(notes.slice(2), ["drain api", "drain store", "stop api", "stop store"]);
    assert.equal(foundation.time.monotonic(), 0);
  });

  it("happens at the end of an `await using` block", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("one", noted("one"));
    {
      await using running = orchestrator;
      await running.start();
    }
    assert.equal(orchestrator.state, "stopped");
    assert.deepEqual(notes, ["start one", "drain one", "stop one"]);
  });

  it("leaves no timer behind", async () => {
    const { orchestrator, noted, foundation } = withNotes();
    orchestrator.register("one", noted("one", { health: () => ({ level: "healthy", reason: "" }) }));
    await orchestrator.start();
    await orchestrator.stop();
    assert.equal(foundation.time.pending, 0);
  });
});

describe("Orchestrator: a component that cannot continue", () => {
  it("stops the others gracefully, and the whole has failed for its reason", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const contexts: ComponentContext[] = [];
    const saveContext = (context: ComponentContext): void => void contexts.push(context);
    orchestrator.register("store", noted("store", { start: saveContext }));
    orchestrator.register("api", noted("api"));
    await orchestrator.start();
    contexts[0]?.fail(new Error("the data directory is gone"));
    assert.equal(orchestrator.state, "draining");
    await orchestrator.stop();
    assert.deepEqual(notes.slice(2), ["drain api", "stop api", "stop store"]);
    assert.deepEqual(orchestrator.status().failure, {
      code: "lifecycle.component_failed",
      reason:
        "billing stopped because its component `store` cannot continue: Internal error: Error: the data directory is gone. Report it with the trace id of this call.",
      component: "store",
      problems: [],
    });
    await foundation.time.flush();
  });

  it("aborts a start under way, and start rejects with the reason", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const contexts: ComponentContext[] = [];
    orchestrator.register("store", noted("store", { start: (context) => void contexts.push(context) }));
    orchestrator.register("api", {
      start: ({ signal }) => sleep(foundation.timers, 60_000, signal),
    });
    const started = orchestrator.start();
    await foundation.time.flush();
    contexts[0]?.fail(
      new TuttiError({ code: "store.lost", status: "DATA_LOSS", message: "the store is lost" }),
    );
    await assert.rejects(started, {
      message: "billing stopped because its component `store` cannot continue: the store is lost",
    });
    assert.equal(orchestrator.status().failure?.component, "store");
    assert.deepEqual(notes, ["start store", "stop store"]);
  });

  it("degrades the orchestrator if it is not critical", async () => {
    const { orchestrator, noted, notes } = withNotes();
    const contexts: ComponentContext[] = [];
    const reports = noted("reports", { start: (context) => void contexts.push(context) });
    orchestrator.register("reports", reports, { critical: false });
    await orchestrator.start();
    contexts[0]?.fail(new Error("no more paper"));
    assert.equal(orchestrator.state, "ready");
    assert.equal((await orchestrator.health()).level, "degraded");
    await orchestrator.stop();
    assert.deepEqual(notes, ["start reports", "stop reports"]);
  });

  it("is unhealthy, and is stopped, even if it failed during its start", async () => {
    const { orchestrator, noted, notes } = withNotes();
    const reports = noted("reports", { start: ({ fail }) => fail(new Error("no more paper")) });
    orchestrator.register("reports", reports, { critical: false });
    await orchestrator.start();
    assert.equal(orchestrator.status().components[0]?.state, "failed");
    assert.match((await orchestrator.health()).reason, /no more paper/);
    await orchestrator.stop();
    assert.deepEqual(notes, ["start reports", "stop reports"]);
  });

  it("keeps the others running and the orchestrator unready with `whenFailed: stay`", async () => {
    const { orchestrator, noted } = withNotes();
    const contexts: ComponentContext[] = [];
    const reports = noted("reports", { start: (context) => void contexts.push(context) });
    orchestrator.register("reports", reports, { whenFailed: "stay" });
    await orchestrator.start();
    contexts[0]?.fail(new TuttiError({ code: "paper.gone", status: "DATA_LOSS", message: "no more paper" }));
    assert.equal(orchestrator.state, "ready");
    assert.deepEqual(orchestrator.readinessProblems(), [
      { component: "billing.reports", reason: "its run failed: no more paper" },
    ]);
    await orchestrator.stop();
  });

  it("in a nested orchestrator, stops the outer orchestrator, which names it", async () => {
    const { orchestrator: billing, noted, foundation } = withNotes();
    const contexts: ComponentContext[] = [];
    billing.register("store", noted("store", { start: (context) => void contexts.push(context) }));
    const platform = new Orchestrator("platform", foundation);
    platform.register("billing", billing);
    await platform.start();
    contexts[0]?.fail(
      new TuttiError({ code: "store.lost", status: "DATA_LOSS", message: "the store is lost" }),
    );
    await foundation.time.flush();
    assert.equal(platform.state, "failed");
    assert.equal(
      platform.status().failure?.reason,
      "platform stopped because its component `billing` cannot continue: " +
        "billing stopped because its component `store` cannot continue: the store is lost",
    );
  });

  it("does not replace the reason of a failed start that is being undone", async () => {
    const { orchestrator, noted, foundation } = withNotes();
    const contexts: ComponentContext[] = [];
    const saveContext = (context: ComponentContext): void => void contexts.push(context);
    orchestrator.register("store", noted("store", { start: saveContext }));
    const turnstile = gate();
    orchestrator.register("queue", noted("queue", { stop: () => turnstile.pass() }));
    orchestrator.register("api", { start: failing("port taken") });
    const started = orchestrator.start();
    await turnstile.arrivals(1);
    contexts[0]?.fail(new Error("lost meanwhile"));
    turnstile.open();
    await assert.rejects(foundation.time.settle(started), /port taken/);
    assert.equal(orchestrator.status().failure?.component, "api");
  });
});

describe("Orchestrator: a nested orchestrator", () => {
  it("drains as a whole before any of it is stopped, and is bounded by its own components", async () => {
    const { orchestrator: billing, noted, notes, foundation } = withNotes();
    const slow = {
      start: () => sleep(foundation.timers, 25_000),
      drain: () => sleep(foundation.timers, 14_000),
    };
    for (const name of ["a", "b", "c"]) billing.register(name, noted(name, slow));
    const platform = new Orchestrator("platform", foundation);
    platform.register("store", noted("store"));
    platform.register("billing", billing);
    await foundation.time.settle(platform.start());
    assert.equal(foundation.time.monotonic(), 75_000);
    await foundation.time.settle(platform.stop());
    assert.deepEqual(notes, [
      ...["start store", "start a", "start b", "start c"],
      ...["drain c", "drain b", "drain a", "drain store"],
      ...["stop c", "stop b", "stop a", "stop store"],
    ]);
  });

  it("undoes its start when the outer start is aborted, and the outer orchestrator waits for it", async () => {
    const { orchestrator: billing, noted, notes, foundation } = withNotes();
    billing.register("a", noted("a", { stop: () => sleep(foundation.timers, 3_000) }));
    billing.register("b", { start: ({ signal }) => sleep(foundation.timers, 60_000, signal) });
    const platform = new Orchestrator("platform", foundation);
    platform.register("store", noted("store"));
    platform.register("billing", billing);
    const started = platform.start();
    await foundation.time.flush();
    const stopped = platform.stop();
    await assert.rejects(foundation.time.settle(started), { code: "lifecycle.start_aborted" });
    await stopped;
    assert.deepEqual(notes, ["start store", "start a", "stop a", "stop store"]);
    assert.equal(platform.state, "stopped");
    assert.equal(billing.state, "failed");
  });

  it("names the full path to the component that failed to start", async () => {
    const { orchestrator: billing, foundation } = withNotes();
    billing.register("ledger", { start: failing("disk full") });
    const platform = new Orchestrator("platform", foundation);
    platform.register("billing", billing);
    await assert.rejects(platform.start(), {
      message:
        "platform did not start: step `billing` of pipeline `start-up` failed: " +
        "billing did not start: step `ledger` of pipeline `start-up` failed: disk full",
    });
    assert.equal(platform.status().failure?.component, "billing");
    assert.equal(platform.status().components[0]?.orchestrator?.failure?.component, "ledger");
  });

  it("names the component that failed to stop", async () => {
    const { orchestrator: billing, noted, foundation } = withNotes();
    billing.register("ledger", noted("ledger", { stop: failing("stuck") }));
    const platform = new Orchestrator("platform", foundation);
    platform.register("billing", billing);
    await platform.start();
    await assert.rejects(platform.stop(), {
      message:
        "platform did not stop cleanly: step `billing` of pipeline `shut-down` failed: billing did not stop cleanly: step `ledger` of pipeline `shut-down` failed: stuck.",
    });
  });
});
