import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError } from "../errors/tutti-error.ts";
import { sleep } from "../ports/timers.ts";
import { gate, latch, testFoundation } from "../testing/index.ts";
import type { Component, ComponentContext } from "./component.ts";
import type { StartUp } from "./component-set.ts";
import type { Foundation } from "./foundation.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Orchestrator } from "./orchestrator.ts";
import { defineStep } from "./steps/step.ts";

/** Components that note what is done to them. */
function noting(notes: string[]) {
  return (name: string, own: Component = {}): Component => ({
    ...own,
    start: async (context) => {
      await own.start?.(context);
      notes.push(`start ${name}`);
    },
    drain: async (signal) => {
      notes.push(`drain ${name}`);
      await own.drain?.(signal);
    },
    stop: async (signal) => {
      notes.push(`stop ${name}`);
      await own.stop?.(signal);
    },
  });
}

function withNotes() {
  const foundation = testFoundation();
  const notes: string[] = [];
  const states: Lifecycle["state"][] = [];
  const orchestrator = new Orchestrator("billing", foundation);
  orchestrator.on("stateChanged", ({ to }) => states.push(to.state));
  return { foundation, notes, states, orchestrator, noted: noting(notes) };
}

const never = (): Promise<never> => new Promise(() => {});
const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message));

describe("Orchestrator: a coordinator of one's own", () => {
  class Ledger {
    entries = 0;
    start(): void {
      this.entries = 1;
    }
  }

  class Billing extends Orchestrator {
    readonly ledger: Ledger;
    constructor(foundation: Foundation) {
      super("billing", foundation, { scope: "orchestration", version: "1.2.0" });
      this.ledger = this.register("ledger", new Ledger());
      this.register(
        "mailer",
        { health: () => ({ level: "healthy", reason: "" }) },
        { dependsOn: ["ledger"] },
      );
    }
  }

  it("takes a few lines and appears in the platform's status with its components", async () => {
    const foundation = testFoundation();
    const platform = new Orchestrator("platform", foundation, { scope: "management" });
    platform.register("billing", new Billing(foundation));
    await platform.start();
    assert.deepEqual(JSON.parse(JSON.stringify(platform.status())), {
      name: "platform",
      scope: "management",
      version: "0.0.0",
      state: "ready",
      since: "2026-01-01T00:00:00.000Z",
      startDurationMs: 0,
      failure: null,
      health: { level: "healthy", reason: "" },
      components: [
        {
          name: "billing",
          scope: "service",
          version: "1.2.0",
          state: "started",
          critical: true,
          dependsOn: [],
          startDurationMs: 0,
          health: { level: "healthy", reason: "" },
          orchestrator: {
            name: "billing",
            scope: "orchestration",
            version: "1.2.0",
            state: "ready",
            since: "2026-01-01T00:00:00.000Z",
            startDurationMs: 0,
            failure: null,
            health: { level: "healthy", reason: "" },
            components: [
              {
                name: "ledger",
                scope: "service",
                version: null,
                state: "started",
                critical: true,
                dependsOn: [],
                startDurationMs: 0,
                health: { level: "healthy", reason: "" },
                orchestrator: null,
              },
              {
                name: "mailer",
                scope: "service",
                version: null,
                state: "started",
                critical: true,
                dependsOn: ["ledger"],
                startDurationMs: 0,
                health: { level: "healthy", reason: "" },
                orchestrator: null,
              },
            ],
            pipelines: {
              "start-up": [
                { name: "ledger", scope: "service", dependsOn: [] },
                { name: "mailer", scope: "service", dependsOn: ["ledger"] },
              ],
            },
          },
        },
      ],
      pipelines: { "start-up": [{ name: "billing", scope: "service", dependsOn: [] }] },
    });
    await platform.stop();
  });

  it("gives components back by name and by class, and names what there is when asked for another", () => {
    const billing = new Billing(testFoundation());
    assert.equal(billing.get(Ledger), billing.ledger);
    assert.equal(billing.get("ledger"), billing.ledger);
    assert.equal(billing.has("ledger"), true);
    assert.equal(billing.has("leger"), false);
    assert.throws(() => billing.get("leger"), {
      code: "lifecycle.component_unknown",
      message: "expected a component of billing, found `leger`; registered are `ledger`, `mailer`",
    });
    billing.register("second", new Ledger());
    assert.throws(() => billing.get(Ledger), {
      message: "expected one component of class Ledger in billing, found `ledger`, `second`; ask by name",
    });
  });

  it("knows the types of its components and events where they are declared", async () => {
    interface Parts {
      ledger: Ledger;
      mailer: Component;
    }
    interface Told {
      invoiced: { readonly amount: number };
    }
    class Typed extends Orchestrator<Parts, Told> {}
    const typed = new Typed("typed", testFoundation());
    typed.register("ledger", new Ledger());
    // @ts-expect-error: no such component is declared
    typed.register("leger", new Ledger());
    // @ts-expect-error: the component is of another type
    typed.register("mailer", { start: 5 });
    // @ts-expect-error: it depends on what is not declared
    assert.throws(() => typed.register("ledger", new Ledger(), { dependsOn: ["leger"] }));
    assert.equal(typed.get("ledger").entries, 0);
    const heard: number[] = [];
    typed.on("invoiced", ({ amount }) => heard.push(amount));
    typed.once("stateChanged", ({ to }) => heard.push(to.since));
    // @ts-expect-error: no such event
    typed.on("invoice", () => {});
    // @ts-expect-error: the event carries something else
    typed.emit("invoiced", { sum: 5 });
    typed.emit("invoiced", { amount: 7 });
    assert.deepEqual(heard, [undefined, 7]);
  });
});

describe("Orchestrator: starting", () => {
  it("starts in the order of registration, stops in reverse, and tells of each state", async () => {
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

  it("starts what another depends on first, though it was registered later", async () => {
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

  it("a failure keeps its own code, so that a program can tell what it was", async () => {
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

  it("a failure while undoing a failed start is told beside the reason", async () => {
    const { orchestrator, noted } = withNotes();
    orchestrator.register("one", noted("one", { stop: failing("stuck") }));
    orchestrator.register("two", noted("two", { start: failing("disk full") }));
    await assert.rejects(orchestrator.start(), /disk full/);
    assert.deepEqual(orchestrator.status().failure?.problems, [
      "step `one` of pipeline `shut-down` failed: stuck",
    ]);
  });

  it("a start that hangs meets its deadline, its signal is aborted, and what had started is stopped", async () => {
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
        "billing did not start: step `two` of pipeline `start-up` failed: expected the start of `two` within 2000 ms, " +
        "found it still running; see what it waits for, or raise `startTimeoutMs`",
    });
    assert.equal(foundation.time.monotonic(), 2_000);
    assert.equal(signals[0]?.aborted, true);
    assert.deepEqual(notes, ["start one", "stop one"]);
  });

  it("a component that starts after it was given up is stopped again", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const late = latch();
    orchestrator.register("slow", noted("slow", { start: () => late.opened }), { startTimeoutMs: 100 });
    await assert.rejects(foundation.time.settle(orchestrator.start()), /within 100 ms/);
    late.open();
    await foundation.time.flush();
    assert.deepEqual(notes, ["start slow", "stop slow"]);
    foundation.logger.line("component started after its start was given up, and is stopped again");
  });

  it("a component that is not critical and fails to start only degrades, and takes its dependents with it", async () => {
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
          "its start failed: expected `reports` to be started before `charts`, found it failed; see its reason",
      },
    });
    assert.equal((await orchestrator.health()).level, "degraded");
    await orchestrator.stop();
    assert.deepEqual(notes, ["start store", "drain store", "stop store"]);
  });

  it("gives the same promise however often it is called, also from a listener to its first change", async () => {
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
      message: "expected billing to be new, found it stopped; make a new one to start again",
    });
  });
});

describe("Orchestrator: what is refused when it is put together", () => {
  const refused: readonly [string, (orchestrator: Orchestrator) => unknown, string][] = [
    [
      "two components of one name",
      (o) => {
        o.register("store", { start() {} });
        o.register("store", { start() {} });
      },
      "expected a new name, found a second component `store` in billing; give it a name of its own",
    ],
    [
      "a component that depends on itself",
      (o) => o.register("store", { start() {} }, { dependsOn: ["store"] }),
      "expected an order in pipeline `start-up`, found a circle of dependencies: store → store; take one of them away",
    ],
    [
      "the component that closes a circle",
      (o) => {
        o.register("a", { start() {} }, { dependsOn: ["c"] });
        o.register("b", { start() {} }, { dependsOn: ["a"] });
        o.register("c", { start() {} }, { dependsOn: ["b"] });
      },
      "expected an order in pipeline `start-up`, found a circle of dependencies: a → c → b → a; take one of them away",
    ],
    [
      "two pipelines of one name",
      (o) => o.addPipeline(o.startUp),
      "expected a new name, found a second pipeline `start-up` in billing; give it a name of its own",
    ],
  ];
  for (const [what, act, message] of refused) {
    it(what, () => {
      const { orchestrator } = withNotes();
      assert.throws(() => act(orchestrator), { message });
    });
  }

  it("a component that circles is not taken in", () => {
    const { orchestrator } = withNotes();
    assert.throws(() => orchestrator.register("store", { start() {} }, { dependsOn: ["store"] }));
    assert.equal(orchestrator.has("store"), false);
    orchestrator.register("store", { start() {} });
  });

  it("a dependency that never came, when it is started, with nothing started", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("api", noted("api"), { dependsOn: ["stor"] });
    orchestrator.register("store", noted("store"));
    await assert.rejects(orchestrator.start(), {
      message:
        "billing did not start: `api` expected a step `stor` in pipeline `start-up`, found `api`, `store`; " +
        "register it, or correct the name",
    });
    assert.deepEqual(notes, []);
    assert.equal(orchestrator.state, "failed");
  });

  it("a component that comes after the start", async () => {
    const { orchestrator } = withNotes();
    await orchestrator.start();
    assert.throws(() => orchestrator.register("late", { start() {} }), {
      message:
        "expected billing to be created and not yet started, found it ready; register `late` in the constructor",
    });
    await orchestrator.stop();
  });
});

describe("Orchestrator: stopping", () => {
  it("finishes what runs before anything is stopped", async () => {
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

  it("goes on past failures and hanging, within the deadlines, and reports all of them", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    orchestrator.register("store", noted("store", { stop: failing("stuck") }));
    orchestrator.register("queue", noted("queue", { stop: never }), { stopTimeoutMs: 700 });
    orchestrator.register("api", noted("api", { drain: never }), { drainTimeoutMs: 300 });
    await orchestrator.start();
    const problems = [
      "step `api` of pipeline `drain` failed: expected the drain of `api` within 300 ms, found it still running; " +
        "see what it waits for, or raise `drainTimeoutMs`",
      "step `queue` of pipeline `shut-down` failed: expected the stop of `queue` within 700 ms, found it still running; " +
        "see what it waits for, or raise `stopTimeoutMs`",
      "step `store` of pipeline `shut-down` failed: stuck",
    ];
    const stopped = orchestrator.stop();
    await assert.rejects(foundation.time.settle(stopped), {
      code: "lifecycle.stop_incomplete",
      message: `billing did not stop cleanly: ${problems.join("; ")}`,
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

  it("gives the same promise however often it is called, and stops each component once", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("one", noted("one"));
    await orchestrator.start();
    orchestrator.once("stateChanged", () => void orchestrator.stop());
    const first = orchestrator.stop();
    assert.equal(orchestrator.stop(), first);
    await Promise.all([first, orchestrator.drain()]);
    assert.deepEqual(notes, ["start one", "drain one", "stop one"]);
  });

  it("during the start, aborts it, lets the component in progress end, and stops what had started", async () => {
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
      message: "billing was stopped before it was ready",
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

  it("during a start that hangs and does not listen, waits no longer than a stop may take", async () => {
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

  it("a caller whose patience ends makes it hurry, but every component is still told to stop", async () => {
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

describe("Orchestrator: a component that cannot go on", () => {
  it("stops the others in good order, and the whole has failed for its reason", async () => {
    const { orchestrator, noted, notes, foundation } = withNotes();
    const contexts: ComponentContext[] = [];
    const keeps = (context: ComponentContext): void => void contexts.push(context);
    orchestrator.register("store", noted("store", { start: keeps }));
    orchestrator.register("api", noted("api"));
    await orchestrator.start();
    contexts[0]?.fail(new Error("the data directory is gone"));
    assert.equal(orchestrator.state, "draining");
    await orchestrator.stop();
    assert.deepEqual(notes.slice(2), ["drain api", "stop api", "stop store"]);
    assert.deepEqual(orchestrator.status().failure, {
      code: "lifecycle.component_failed",
      reason:
        "billing stopped because its component `store` cannot go on: expected no failure here, found " +
        "Error: the data directory is gone; report it with the trace id of this call",
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
      message: "billing stopped because its component `store` cannot go on: the store is lost",
    });
    assert.equal(orchestrator.status().failure?.component, "store");
    assert.deepEqual(notes, ["start store", "stop store"]);
  });

  it("is only unhealthy where it is not critical", async () => {
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

  it("within another orchestrator, makes that one stop and name it", async () => {
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
      "platform stopped because its component `billing` cannot go on: " +
        "billing stopped because its component `store` cannot go on: the store is lost",
    );
  });
});

describe("Orchestrator: its start-up as a pipeline", () => {
  it("steps of one's own run where they were put, also when dependencies move their neighbour", async () => {
    const { orchestrator, noted, notes } = withNotes();
    const note = (name: string) =>
      defineStep<StartUp, Promise<void>>({
        name,
        scope: "core",
        run: () => void notes.push(`run ${name}`),
      });
    orchestrator.register("api", noted("api"), { dependsOn: ["store"] });
    orchestrator.register("store", noted("store"));
    orchestrator.startUp.insertBefore("store", note("migrate"));
    orchestrator.startUp.insertAfter("api", note("announce"));
    await orchestrator.start();
    assert.deepEqual(notes, ["run migrate", "start store", "start api", "run announce"]);
    assert.deepEqual(
      orchestrator.status().pipelines["start-up"]?.map(({ name, scope }) => `${scope} ${name}`),
      ["core migrate", "service store", "service api", "core announce"],
    );
    await orchestrator.stop();
  });

  it("a step that fails is named, and one that hangs meets the deadline", async () => {
    for (const [run, problem] of [
      [failing("version 3 is newer than this program"), "version 3 is newer than this program"],
      [
        never,
        "expected the end of `migrate` within 30000 ms, found it still running; see what it waits for, or raise `startTimeoutMs`",
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

  it("a component's own step can be replaced; it is stopped as any other", async () => {
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

describe("Orchestrator: events", () => {
  it("a listener that throws, or whose promise is rejected, harms nobody, and is logged and counted", async () => {
    const { orchestrator, foundation } = withNotes();
    const heard: string[] = [];
    orchestrator.on("stateChanged", () => {
      throw new Error("listener is broken");
    });
    orchestrator.on("stateChanged", failing("listener is broken later"));
    orchestrator.on("stateChanged", ({ to }) => heard.push(to.state));
    await orchestrator.start();
    await foundation.time.flush();
    assert.deepEqual(heard, ["starting", "ready"]);
    assert.equal(foundation.logger.messages("error").filter((line) => line === "listener failed").length, 4);
    const labels = { orchestrator: "billing", event: "stateChanged" };
    assert.equal(foundation.metrics.value("tutti_orchestrator_listener_failures_total", labels), 4);
    await orchestrator.stop();
  });

  it("tells of components as they start, fail and stop", async () => {
    const { orchestrator, noted } = withNotes();
    const heard: string[] = [];
    orchestrator.on("componentStarted", ({ component }) => heard.push(`${component} started`));
    orchestrator.on("componentFailed", ({ component, phase }) =>
      heard.push(`${component} failed to ${phase}`),
    );
    orchestrator.on("componentStopped", ({ component }) => heard.push(`${component} stopped`));
    orchestrator.register("one", noted("one", { drain: failing("busy"), stop: failing("stuck") }));
    orchestrator.register("two", noted("two"));
    orchestrator.register("three", noted("three", { start: failing("") }), { critical: false });
    await orchestrator.start();
    await assert.rejects(orchestrator.stop());
    assert.deepEqual(heard, [
      ...["one started", "two started", "three failed to start"],
      ...["one failed to drain", "two stopped", "one failed to stop"],
    ]);
  });
});
