import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "../errors/tutti-error.ts";
import { sleep } from "../ports/timers.ts";
import { latch } from "../testing/index.ts";
import type { ComponentContext } from "./component.ts";
import type { StartUp } from "./component-set.ts";
import { failing, never, withNotes } from "./orchestrator.fixture.ts";
import { defineStep } from "./steps/step.ts";
import { StepRegistry } from "./steps/step-registry.ts";

describe("Orchestrator: starting", () => {
  it("starts in the order of registration, stops in reverse, and reports each state", async () => {
    const { orchestrator, noted, notes, states } = withNotes();
    for (const name of ["a", "b", "c"]) orchestrator.register(name, noted(name));
    assert.equal(orchestrator.state, "created");
    await orchestrator.start();
    assert.equal(orchestrator.isReady, true);
    await orchestrator.stop();
    assert.deepEqual(notes, [
      ...["start a", "start b", "start c"],
      ...["drain c", "drain b", "drain a"],
      ...["stop c", "stop b", "stop a"],
    ]);
    assert.deepEqual(states, ["starting", "ready", "draining", "stopped"]);
  });

  it("starts a dependency first, even if it was registered later", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("api", noted("api"), { dependsOn: ["store"] });
    orchestrator.register("metrics", noted("metrics"));
    orchestrator.register("store", noted("store"));
    await orchestrator.start();
    assert.deepEqual(notes, ["start metrics", "start store", "start api"]);
    await orchestrator.stop();
  });

  it("failing at component 3 of 5 stops 2 and 1 in reverse, and has failed with the reason", async () => {
    const { orchestrator, noted, notes, states } = withNotes();
    orchestrator.register("one", noted("one"));
    orchestrator.register("two", noted("two"));
    orchestrator.register("three", noted("three", { start: failing("disk full") }));
    orchestrator.register("four", noted("four"));
    orchestrator.register("five", noted("five"));
    const message = "billing did not start: step `three` of pipeline `start-up` failed: disk full";
    await assert.rejects(orchestrator.start(), (error) => {
      assert.ok(error instanceof TuttiError);
      assert.equal(error.message, message);
      assert.equal(error.code, "lifecycle.start_failed");
      assert.deepEqual(error.details, { orchestrator: "billing", component: "three" });
      assert.ok(error.cause instanceof TuttiError);
      assert.equal(error.cause.code, "lifecycle.step_failed");
      assert.ok(error.cause.cause instanceof Error);
      assert.equal(error.cause.cause.message, "disk full");
      return true;
    });
    assert.deepEqual(notes, ["start one", "start two", "stop two", "stop one"]);
    assert.deepEqual(states, ["starting", "draining", "failed"]);
    const status = orchestrator.status();
    assert.equal(status.state, "failed");
    assert.deepEqual(status.failure, {
      code: "lifecycle.start_failed",
      reason: message,
      component: "three",
      problems: [],
    });
    assert.deepEqual(
      status.components.map(({ state }) => state),
      ["stopped", "stopped", "failed", "registered", "registered"],
    );
    assert.equal(orchestrator.isLive, false);
    assert.equal(orchestrator.isReady, false);
    await orchestrator.stop();
    assert.equal(orchestrator.state, "failed");
  });

  it("while a component starts, problems of started components are readiness problems", async () => {
    const { orchestrator, noted, foundation } = withNotes();
    const report = ({ health }: ComponentContext) =>
      health.unhealthy("partitions cannot be loaded: workflow/3");
    orchestrator.register("data", noted("data", { start: report }));
    orchestrator.register("ownership", noted("ownership", { start: never }));
    orchestrator.start().catch(() => {});
    await foundation.time.flush();
    assert.deepEqual(orchestrator.readinessProblems(), [
      { component: "billing", reason: "it is starting, just now `ownership`" },
      { component: "billing.data", reason: "partitions cannot be loaded: workflow/3" },
    ]);
    await foundation.time.settle(orchestrator.stop());
  });

  it("a failure keeps its own code, so that a program can identify it", async () => {
    const { orchestrator } = withNotes();
    const refusal = new TuttiError({
      code: "http.port_in_use",
      status: "UNAVAILABLE",
      message: "port 7400 is taken",
    });
    orchestrator.register("http", { start: () => Promise.reject(refusal) });
    await assert.rejects(orchestrator.start(), (error) => {
      assert.ok(error instanceof TuttiError && error.cause instanceof TuttiError);
      assert.equal(error.cause.code, "http.port_in_use");
      assert.equal(error.cause.cause, refusal);
      return true;
    });
  });

  it("a failure while undoing a failed start is reported next to the reason", async () => {
    const { orchestrator, noted } = withNotes();
    orchestrator.register("one", noted("one", { stop: failing("stuck") }));
    orchestrator.register("two", noted("two", { start: failing("disk full") }));
    await assert.rejects(orchestrator.start(), /disk full/);
    assert.deepEqual(orchestrator.status().failure?.problems, [
      "step `one` of pipeline `shut-down` failed: stuck",
    ]);
  });

  it("a start that hangs is aborted at its deadline, and the started components are stopped", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const signals: AbortSignal[] = [];
    const hangs = ({ signal }: ComponentContext): Promise<never> => {
      signals.push(signal);
      return never();
    };
    orchestrator.register("one", noted("one"));
    orchestrator.register("two", noted("two", { start: hangs }), { startTimeoutMs: 2_000 });
    const started = orchestrator.start();
    await foundation.time.flush();
    assert.deepEqual(orchestrator.readinessProblems(), [
      { component: "billing", reason: "it is starting, just now `two`" },
    ]);
    await assert.rejects(foundation.time.settle(started), {
      message:
        "billing did not start: step `two` of pipeline `start-up` failed: The start of `two` did not finish within 2 s. Check what it waits for, or raise `startTimeoutMs`.",
    });
    assert.equal(foundation.time.monotonic(), 2_000);
    assert.equal(signals[0]?.aborted, true);
    assert.deepEqual(notes, ["start one", "stop one"]);
  });

  it("a component that starts after its timeout is stopped again", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const late = latch();
    orchestrator.register("slow", noted("slow", { start: () => late.opened }), { startTimeoutMs: 100 });
    await assert.rejects(foundation.time.settle(orchestrator.start()), /within 100 ms/);
    late.open();
    await foundation.time.flush();
    assert.deepEqual(notes, ["start slow", "stop slow"]);
    foundation.logger.line("component started after its start timed out, stopping it");
  });

  it("a failed start of a component that is not critical degrades the orchestrator, and fails its dependents", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("store", noted("store"));
    orchestrator.register("reports", noted("reports", { start: failing("no licence") }), { critical: false });
    orchestrator.register("charts", noted("charts"), { critical: false, dependsOn: ["reports"] });
    await orchestrator.start();
    assert.equal(orchestrator.isReady, true);
    assert.deepEqual((await orchestrator.health()).components, {
      store: { level: "healthy", reason: "" },
      reports: { level: "unhealthy", reason: "its start failed: no licence" },
      charts: {
        level: "unhealthy",
        reason:
          "its start failed: `charts` was not started, because its dependency `reports` failed. See the error of the dependency.",
      },
    });
    assert.equal((await orchestrator.health()).level, "degraded");
    await orchestrator.stop();
    assert.deepEqual(notes, ["start store", "drain store", "stop store"]);
  });

  it("a failed start of a critical component with `whenFailed: stay` keeps the others running and the orchestrator unready", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("reports", noted("reports", { start: failing("no licence") }), {
      whenFailed: "stay",
    });
    orchestrator.register("store", noted("store"));
    await orchestrator.start();
    assert.equal(orchestrator.state, "ready");
    assert.deepEqual(orchestrator.readinessProblems(), [
      { component: "billing.reports", reason: "its start failed: no licence" },
    ]);
    assert.equal((await orchestrator.health()).level, "unhealthy");
    await orchestrator.stop();
    assert.deepEqual(notes, ["start store", "drain store", "stop store"]);
  });

  it("returns the same promise for every call, even from a listener of its first change", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("one", noted("one"));
    const inner: Promise<void>[] = [];
    orchestrator.once("stateChanged", () => inner.push(orchestrator.start()));
    const first = orchestrator.start();
    assert.equal(orchestrator.start(), first);
    assert.deepEqual(inner, [first]);
    await first;
    assert.equal(orchestrator.start(), first);
    assert.deepEqual(notes, ["start one"]);
    await orchestrator.stop();
  });

  it("is not started again after it was stopped", async () => {
    const { orchestrator } = withNotes();
    await orchestrator.stop();
    assert.equal(orchestrator.state, "stopped");
    await assert.rejects(orchestrator.start(), {
      message: "billing cannot start, because it is stopped. Create a new one.",
    });
  });
});

describe("Orchestrator: its start-up as a pipeline", () => {
  it("custom steps run at their position, even if dependencies move the step next to them", async () => {
    const { orchestrator, noted, notes } = withNotes();
    const recordingStep = (name: string) =>
      defineStep<StartUp, Promise<void>>({
        name,
        scope: "core",
        run: () => void notes.push(`run ${name}`),
      });
    orchestrator.register("api", noted("api"), { dependsOn: ["store"] });
    orchestrator.register("store", noted("store"));
    orchestrator.startUp.insertBefore("store", recordingStep("migrate"));
    orchestrator.startUp.insertAfter("api", recordingStep("announce"));
    await orchestrator.start();
    assert.deepEqual(notes, ["run migrate", "start store", "start api", "run announce"]);
    assert.deepEqual(
      orchestrator.status().pipelines["start-up"]?.map(({ name, scope }) => `${scope} ${name}`),
      ["core migrate", "service store", "service api", "core announce"],
    );
    await orchestrator.stop();
  });

  it("a failed step is named, and a hanging step fails at the deadline", async () => {
    for (const [run, problem] of [
      [failing("version 3 is newer than this program"), "version 3 is newer than this program"],
      [
        never,
        "The step `migrate` did not finish within 30 s. Check what it waits for, or raise `startTimeoutMs`.",
      ],
    ] as const) {
      const { orchestrator, noted, notes, foundation } = withNotes();
      orchestrator.register("store", noted("store"));
      orchestrator.startUp.register({ name: "migrate", scope: "service", run });
      await assert.rejects(foundation.time.settle(orchestrator.start()), {
        message: `billing did not start: step \`migrate\` of pipeline \`start-up\` failed: ${problem}`,
      });
      assert.deepEqual(notes, ["start store", "stop store"]);
    }
  });

  it("a component's own step can be replaced. It is stopped as any other", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("store", noted("store"));
    orchestrator.startUp.replace("store", {
      name: "store",
      scope: "integration",
      run: () => void notes.push("restore a copy"),
    });
    await orchestrator.start();
    await orchestrator.stop();
    assert.deepEqual(notes, ["restore a copy", "drain store", "stop store"]);
  });

  it("times each step and the whole", async () => {
    const { orchestrator, foundation } = withNotes();
    orchestrator.register("quick", { start() {} });
    orchestrator.register("slow", { start: () => sleep(foundation.timers, 250) });
    await foundation.time.settle(orchestrator.start());
    const { metrics } = foundation;
    const labels = { orchestrator: "billing", pipeline: "start-up" };
    assert.deepEqual(
      metrics.observations("tutti_orchestrator_step_duration_seconds", { ...labels, step: "slow" }),
      [0.25],
    );
    assert.deepEqual(
      metrics.observations("tutti_orchestrator_step_duration_seconds", { ...labels, step: "quick" }),
      [0],
    );
    assert.equal(
      metrics.value("tutti_orchestrator_start_duration_seconds", { orchestrator: "billing" }),
      0.25,
    );
    assert.equal(metrics.value("tutti_orchestrator_state", { orchestrator: "billing", state: "ready" }), 1);
    assert.equal(
      metrics.value("tutti_orchestrator_state", { orchestrator: "billing", state: "starting" }),
      0,
    );
    assert.equal(orchestrator.status().startDurationMs, 250);
    assert.deepEqual(
      orchestrator.status().components.map(({ startDurationMs }) => startDurationMs),
      [0, 250],
    );
    await orchestrator.stop();
  });
});

describe("Orchestrator: pipelines of its own", () => {
  it("are shown in the status, and their steps are timed, counted and named", async () => {
    const { orchestrator, foundation } = withNotes();
    const requests = new StepRegistry<number, Promise<number>>("request")
      .register({ name: "wait", scope: "core", run: () => sleep(foundation.timers, 20) })
      .register({
        name: "check",
        scope: "service",
        around: async (input, next) => {
          if (input < 0) throw new Error("below zero");
          return next(input);
        },
      });
    orchestrator.addPipeline(requests);
    const handle = orchestrator.compose(requests, async (input) => input + 1);
    assert.equal(await foundation.time.settle(handle(1)), 2);
    await assert.rejects(foundation.time.settle(handle(-1)), {
      message: "step `check` of pipeline `request` failed: below zero",
    });
    const labels = { orchestrator: "billing", pipeline: "request" };
    const { metrics } = foundation;
    const durations = metrics.observations("tutti_orchestrator_step_duration_seconds", {
      ...labels,
      step: "wait",
    });
    assert.deepEqual(durations, [0.02, 0.02]);
    const failures = (step: string) =>
      metrics.value("tutti_orchestrator_step_failures_total", { ...labels, step });
    assert.deepEqual([failures("wait"), failures("check")], [0, 1]);
    assert.deepEqual(orchestrator.status().pipelines["request"], [
      { name: "wait", scope: "core", dependsOn: [] },
      { name: "check", scope: "service", dependsOn: [] },
    ]);
  });
});
