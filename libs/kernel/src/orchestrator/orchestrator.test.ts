import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { Configuration } from "../configuration/configuration.ts";
import type { Scope } from "../configuration/scopes.ts";
import { defineSection } from "../configuration/section.ts";
import { memorySources } from "../configuration/sources.ts";
import { testFoundation } from "../testing/index.ts";
import type { Component } from "./component.ts";
import type { Foundation } from "./foundation.ts";
import { failing, withNotes } from "./orchestrator.fixture.ts";
import { Orchestrator } from "./orchestrator.ts";

describe("Orchestrator: a custom orchestrator", () => {
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

  it("appears in the status of the platform with its components", async () => {
    const foundation = testFoundation();
    const platform = new Orchestrator("platform", foundation, { scope: "management" });
    platform.register("billing", new Billing(foundation));
    await platform.start();
    const condition = {
      ...{ state: "ready", since: "2026-01-01T00:00:00.000Z" },
      ...{ reason: "", failures: 0, lastError: null },
    };
    assert.deepEqual(JSON.parse(JSON.stringify(platform.status())), {
      name: "platform",
      scope: "management",
      version: "0.0.0",
      state: "ready",
      since: "2026-01-01T00:00:00.000Z",
      startDurationMs: 0,
      failure: null,
      health: { level: "healthy", reason: "" },
      condition,
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
          condition,
          orchestrator: {
            name: "billing",
            scope: "orchestration",
            version: "1.2.0",
            state: "ready",
            since: "2026-01-01T00:00:00.000Z",
            startDurationMs: 0,
            failure: null,
            health: { level: "healthy", reason: "" },
            condition,
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
                condition,
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
                condition,
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

  it("returns components by name and by class, and lists the components if a name is unknown", () => {
    const billing = new Billing(testFoundation());
    assert.equal(billing.get(Ledger), billing.ledger);
    assert.equal(billing.get("ledger"), billing.ledger);
    assert.equal(billing.has("ledger"), true);
    assert.equal(billing.has("leger"), false);
    assert.throws(() => billing.get("leger"), {
      code: "lifecycle.component_unknown",
      message: "billing has no component `leger`. It has `ledger`, `mailer`. Correct the name.",
    });
    billing.register("second", new Ledger());
    assert.throws(() => billing.get(Ledger), {
      message:
        "billing has several components of class Ledger: `ledger`, `second`. Look the component up by name.",
    });
  });

  it("reads its configuration in its own scope", () => {
    const section = defineSection({
      scope: "foundation",
      name: "payments",
      schema: z.object({ currency: z.string().default("EUR").describe("What is paid in.") }),
    });
    const sources = memorySources({ arguments: ["--engines.payments.currency=CHF"] });
    const configuration = Configuration.load({ sections: [section], sources });
    const foundation = { ...testFoundation(), configuration };
    const currencyIn = (scope: Scope) =>
      new Orchestrator("o", foundation, { scope }).settings(section).currency;
    assert.deepEqual([currencyIn("orchestration"), currencyIn("engines")], ["EUR", "CHF"]);
    assert.throws(() => new Billing(testFoundation()).settings(section), {
      message:
        "The foundation of billing has no configuration to read `payments` from. Load a configuration and add it to the foundation.",
    });
  });

  it("has the types of its declared components and events", async () => {
    interface Parts {
      ledger: Ledger;
      mailer: Component;
    }
    interface Events {
      invoiced: { readonly amount: number };
    }
    class Typed extends Orchestrator<Parts, Events> {}
    const typed = new Typed("typed", testFoundation());
    typed.register("ledger", new Ledger());
    // @ts-expect-error: no such component is declared
    typed.register("leger", new Ledger());
    // @ts-expect-error: the component is of another type
    typed.register("mailer", { start: 5 });
    // @ts-expect-error: it depends on a component that is not declared
    assert.throws(() => typed.register("ledger", new Ledger(), { dependsOn: ["leger"] }));
    assert.equal(typed.get("ledger").entries, 0);
    const received: number[] = [];
    typed.on("invoiced", ({ amount }) => received.push(amount));
    typed.once("stateChanged", ({ to }) => received.push(to.since));
    // @ts-expect-error: no such event
    typed.on("invoice", () => {});
    // @ts-expect-error: the event carries something else
    typed.emit("invoiced", { sum: 5 });
    typed.emit("invoiced", { amount: 7 });
    assert.deepEqual(received, [undefined, 7]);
  });
});

describe("Orchestrator: refused registrations", () => {
  const refused: readonly [string, (orchestrator: Orchestrator) => unknown, string][] = [
    [
      "two components of one name",
      (o) => {
        o.register("store", { start() {} });
        o.register("store", { start() {} });
      },
      "billing already has a component `store`. Give the component its own name.",
    ],
    [
      "a component that depends on itself",
      (o) => o.register("store", { start() {} }, { dependsOn: ["store"] }),
      "Pipeline `start-up` has a cycle of dependencies: store → store. Remove one of them.",
    ],
    [
      "the component that closes a circle",
      (o) => {
        o.register("a", { start() {} }, { dependsOn: ["c"] });
        o.register("b", { start() {} }, { dependsOn: ["a"] });
        o.register("c", { start() {} }, { dependsOn: ["b"] });
      },
      "Pipeline `start-up` has a cycle of dependencies: a → c → b → a. Remove one of them.",
    ],
    [
      "two pipelines of one name",
      (o) => o.addPipeline(o.startUp),
      "billing already has a pipeline `start-up`. Give the pipeline its own name.",
    ],
  ];
  for (const [title, act, message] of refused) {
    it(title, () => {
      const { orchestrator } = withNotes();
      assert.throws(() => act(orchestrator), { message });
    });
  }

  it("a component in a circle is not registered", () => {
    const { orchestrator } = withNotes();
    assert.throws(() => orchestrator.register("store", { start() {} }, { dependsOn: ["store"] }));
    assert.equal(orchestrator.has("store"), false);
    orchestrator.register("store", { start() {} });
  });

  it("a missing dependency, at the start, before any component starts", async () => {
    const { orchestrator, noted, notes } = withNotes();
    orchestrator.register("api", noted("api"), { dependsOn: ["stor"] });
    orchestrator.register("store", noted("store"));
    await assert.rejects(orchestrator.start(), {
      message:
        "billing did not start: `api` needs step `stor` of pipeline `start-up`, which has `api`, `store`. Register the step, or correct the name.",
    });
    assert.deepEqual(notes, []);
    assert.equal(orchestrator.state, "failed");
  });

  it("a component registered after the start", async () => {
    const { orchestrator } = withNotes();
    await orchestrator.start();
    assert.throws(() => orchestrator.register("late", { start() {} }), {
      message:
        "`late` cannot be registered, because billing is already ready. Register it in the constructor.",
    });
    await orchestrator.stop();
  });
});

describe("Orchestrator: events", () => {
  it("a listener that throws or rejects does not disturb other listeners, and is logged and counted", async () => {
    const { orchestrator, foundation } = withNotes();
    const received: string[] = [];
    orchestrator.on("stateChanged", () => {
      throw new Error("listener is broken");
    });
    orchestrator.on("stateChanged", failing("listener is broken later"));
    orchestrator.on("stateChanged", ({ to }) => received.push(to.state));
    await orchestrator.start();
    await foundation.time.flush();
    assert.deepEqual(received, ["starting", "ready"]);
    assert.equal(foundation.logger.messages("error").filter((line) => line === "listener failed").length, 4);
    const labels = { orchestrator: "billing", event: "stateChanged" };
    assert.equal(foundation.metrics.value("tutti_orchestrator_listener_failures_total", labels), 4);
    await orchestrator.stop();
  });

  it("reports components as they start, fail and stop", async () => {
    const { orchestrator, noted } = withNotes();
    const received: string[] = [];
    orchestrator.on("componentStarted", ({ component }) => received.push(`${component} started`));
    orchestrator.on("componentFailed", ({ component, phase }) =>
      received.push(`${component} failed to ${phase}`),
    );
    orchestrator.on("componentStopped", ({ component }) => received.push(`${component} stopped`));
    orchestrator.register("one", noted("one", { drain: failing("busy"), stop: failing("stuck") }));
    orchestrator.register("two", noted("two"));
    orchestrator.register("three", noted("three", { start: failing("") }), { critical: false });
    await orchestrator.start();
    await assert.rejects(orchestrator.stop());
    assert.deepEqual(received, [
      ...["one started", "two started", "three failed to start"],
      ...["one failed to drain", "two stopped", "one failed to stop"],
    ]);
  });
});
