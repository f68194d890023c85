import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultOrigin, ProcessEdge, StopSignal } from "../ports/process.ts";
import { gate, testFoundation } from "../testing/index.ts";
import type { Component, ComponentContext } from "./component.ts";
import { Orchestrator } from "./orchestrator.ts";
import { type RunOptions, runUntilSignal } from "./run-until-signal.ts";

function recordingEdge() {
  const signals = new Map<StopSignal, () => void>();
  const faults: ((error: unknown, origin: FaultOrigin) => void)[] = [];
  const exits: number[] = [];
  let alive = 0;
  const edge: ProcessEdge = {
    onSignal(signal, listener) {
      signals.set(signal, listener);
      return () => signals.delete(signal);
    },
    onFault(listener) {
      faults.push(listener);
      return () => faults.splice(0);
    },
    keepAlive() {
      alive++;
      return () => alive--;
    },
    onEmpty: () => () => {},
    exit: (code) => exits.push(code),
  };
  return {
    edge,
    exits,
    send: (signal: StopSignal) => signals.get(signal)?.(),
    fault: (error: unknown) => faults[0]?.(error, "unhandledRejection"),
    held: () => ({ alive, signals: signals.size, faults: faults.length }),
  };
}

function running(component: Component, options: RunOptions = {}) {
  const foundation = testFoundation();
  const orchestrator = new Orchestrator("billing", foundation);
  orchestrator.register("api", component);
  const outer = recordingEdge();
  const code = runUntilSignal(orchestrator, { edge: outer.edge, ...options });
  return { ...outer, foundation, orchestrator, code, time: foundation.time };
}

describe("runUntilSignal", () => {
  it("keeps the process alive until the signal, drains, and exits with 0", async () => {
    const notes: string[] = [];
    const { code, exits, send, held, orchestrator, time } = running(
      { drain: () => void notes.push("drained"), stop: () => void notes.push("stopped") },
      { ready: () => void notes.push("ready"), flush: () => void notes.push("flushed") },
    );
    await time.flush();
    assert.equal(orchestrator.state, "ready");
    assert.deepEqual(held(), { alive: 1, signals: 2, faults: 1 });
    send("SIGTERM");
    assert.equal(await code, 0);
    assert.deepEqual(notes, ["ready", "drained", "stopped", "flushed"]);
    assert.deepEqual(exits, [0]);
    assert.deepEqual(held(), { alive: 0, signals: 0, faults: 0 });
  });

  for (const [second, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`exits at once with ${expected} at a second signal, ${second}`, async () => {
      const turnstile = gate();
      const { code, exits, send, time, foundation } = running({ drain: () => turnstile.pass() });
      await time.flush();
      send("SIGTERM");
      await turnstile.arrivals(1);
      assert.deepEqual(exits, []);
      send(second);
      assert.equal(await code, expected);
      foundation.logger.line("second stop signal received, exiting immediately");
      turnstile.open();
      await time.flush();
      assert.deepEqual(exits[0], expected);
    });
  }

  it("a signal during the start aborts the start, and exits with 0", async () => {
    const aborted = ({ signal }: ComponentContext) =>
      new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { code, send, time } = running({ start: aborted });
    await time.flush();
    send("SIGINT");
    assert.equal(await code, 0);
  });

  it("a start that fails exits with 1", async () => {
    const { code, exits } = running({ start: () => Promise.reject(new Error("port taken")) });
    assert.equal(await code, 1);
    assert.deepEqual(exits, [1]);
  });

  it("an incomplete stop exits with 1", async () => {
    const { code, send, time } = running({ stop: () => Promise.reject(new Error("stuck")) });
    await time.flush();
    send("SIGTERM");
    assert.equal(await code, 1);
  });

  it("an uncaught fault is logged, drains, and exits with 1. A signal then exits at once", async () => {
    const notes: string[] = [];
    const { code, fault, time, foundation } = running({ drain: () => void notes.push("drained") });
    await time.flush();
    fault(new Error("forgotten"));
    assert.equal(await code, 1);
    assert.deepEqual(notes, ["drained"]);
    const { fields } = foundation.logger.line("uncaught error, exiting");
    assert.equal(fields["origin"], "unhandledRejection");

    const turnstile = gate();
    const hanging = running({ drain: () => turnstile.pass() });
    await hanging.time.flush();
    hanging.fault(new Error("forgotten"));
    await turnstile.arrivals(1);
    hanging.fault(new Error("another"));
    hanging.send("SIGTERM");
    assert.equal(await hanging.code, 143);
  });

  it("a component that cannot continue ends the process with 1", async () => {
    const contexts: ComponentContext[] = [];
    const { code, time } = running({ start: (context) => void contexts.push(context) });
    await time.flush();
    contexts[0]?.fail(new Error("lost the lock"));
    assert.equal(await code, 1);
  });

  it("the action when ready may fail, and is a fault", async () => {
    const { code } = running({}, { ready: () => Promise.reject(new Error("could not print")) });
    assert.equal(await code, 1);
  });

  it("an orchestrator that is already stopped exits with 0", async () => {
    const orchestrator = new Orchestrator("billing", testFoundation());
    await orchestrator.stop();
    assert.equal(await runUntilSignal(orchestrator, { edge: recordingEdge().edge }), 0);
  });
});
