import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { RunOrder, SignalRun } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { statusOf } from "../../core/state/state.ts";
import { signalRun } from "../../life/results/signals.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, jsonOf, KnownDefinitions, PlainStep, RunScene } from "../../testing/index.ts";
import { waitersOf } from "../signal/waiting.ts";

const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;

function sendSignal(scene: RunScene, signal: string, payload: unknown) {
  const body = { $case: "inline", value: jsonBytes(payload) } as const;
  return scene.driver.execute(scene.key, signalRun, { signal, payload: { body, mediaType: "" } });
}

function outputOf(scene: RunScene): unknown {
  const { output } = scene.state;
  return output instanceof Uint8Array ? jsonOf(output) : undefined;
}

describe("a task that waits", () => {
  it("for a duration continues when it has passed, and not before", () => {
    const scene = RunScene.of("workflow: w\ntasks:\n  a: {wait: 5m}\n  b: {needs: [a], uses: x}\n");
    scene.driver.advance(299_999);
    assert.deepEqual(scene.offered, []);
    scene.driver.advance(1);
    assert.deepEqual(scene.offered, ["b"]);
  });

  it("for a computed duration completes after that duration", () => {
    const scene = RunScene.of('workflow: w\ntasks: {a: {wait: "${{ input.pause }}"}}\n', {
      input: jsonBytes({ pause: "90s" }),
    });
    scene.driver.advance(90_000);
    assert.equal(statusOf(scene.state), completed);
  });

  it("for a signal is named in the reply to an unknown signal", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {wait: {signal: paid}}}\n");
    assert.deepEqual(sendSignal(scene, "pait", 1), { number: 1, event: 3, awaited: ["paid"] });
    assert.deepEqual(sendSignal(scene, "paid", 2), { number: 2, event: 4, awaited: [] });
    assert.equal(statusOf(scene.state), completed);
    const any = RunScene.of(
      "workflow: w\nsignals: {stop: {}, paid: {}}\ntasks: {a: {wait: {signal: paid}}}\n",
    );
    assert.deepEqual(sendSignal(any, "stop", 1), { number: 1, event: 3, awaited: [] });
  });

  it("for an invalid duration fails with the value in the error", () => {
    const scene = RunScene.of('workflow: w\ntasks: {a: {wait: "${{ input.pause }}"}}\n', {
      input: jsonBytes({ pause: "soon" }),
    });
    assert.equal(statusOf(scene.state), failed);
    assert.equal(scene.state.error?.code, "workflow.time_expected");
    assert.match(scene.state.error?.message ?? "", /"soon"/);
  });

  it("until a moment that has passed does not wait", () => {
    const text = 'workflow: w\ntasks: {a: {wait: {until: "${{ input.at }}"}}}\n';
    const past = RunScene.of(text, { input: jsonBytes({ at: "2001-01-01T00:00:00Z" }) });
    assert.equal(statusOf(past.state), completed);
    const soon = new RunScene();
    const at = new Date(soon.driver.nowMs + 60_000).toISOString();
    soon.start(text, { input: jsonBytes({ at }) });
    assert.notEqual(statusOf(soon.state), completed);
    soon.driver.advance(60_000);
    assert.equal(statusOf(soon.state), completed);
  });
});

describe("a task that waits for a signal", () => {
  const text = `workflow: w
tasks:
  paid: {wait: {signal: paid, where: "signal.payload.order == input.order", within: 1h}}
output: "\${{ tasks.paid.output.amount }}"
`;
  const order = { input: jsonBytes({ order: 7 }) };

  it("accepts a matching signal, and keeps signals that do not match", () => {
    const scene = RunScene.of(text, order);
    sendSignal(scene, "paid", { order: 8, amount: 1 });
    sendSignal(scene, "paid", "no order at all");
    assert.equal(scene.state.more?.signals.length, 2);
    sendSignal(scene, "paid", { order: 7, amount: 30 });
    assert.deepEqual([statusOf(scene.state), outputOf(scene)], [completed, 30]);
  });

  it("accepts a signal that arrived before the wait started", () => {
    const scene = RunScene.of(
      text.replace("tasks:\n", "tasks:\n  first: {uses: x}\n").replace("{wait:", "{needs: [first], wait:"),
      order,
    );
    sendSignal(scene, "paid", { order: 7, amount: 3 });
    scene.complete("first");
    assert.deepEqual([statusOf(scene.state), outputOf(scene)], [completed, 3]);
  });

  it("fails if no signal arrives in time", () => {
    const scene = RunScene.of(text, order);
    scene.driver.advance(3_600_000);
    assert.equal(scene.state.error?.code, "workflow.signal_missing");
  });

  it("the task that has waited longest receives the signal, and each task receives one", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks:\n  a: {wait: {signal: go}}\n  b: {wait: {signal: go}}\n  c: {needs: [a], uses: x}\n",
    );
    sendSignal(scene, "go", 1);
    assert.deepEqual(scene.offered, ["c"]);
    sendSignal(scene, "go", 2);
    sendSignal(scene, "go", 3);
    scene.complete("c");
    assert.equal(statusOf(scene.state), completed);
    const outputs = scene.state.nodes.slice(0, 2).map((node) => jsonOf(node?.output as Uint8Array));
    assert.deepEqual(outputs, [1, 2]);
    assert.equal(scene.state.more?.signals.length, 1);
  });

  it("is found by its signal after the run was restored from a snapshot", () => {
    const scene = RunScene.of(text, order);
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual(waitersOf(restored, "paid"), [0]);
  });

  it("many waiting tasks are found by their signal until they have ended", () => {
    const tasks = Array.from({ length: 40 }, (_, at) => `  t${at}: {wait: {signal: s${at % 20}}}`);
    const many = RunScene.of(["workflow: many", "tasks:", ...tasks].join("\n"), order);
    assert.deepEqual(
      [3, 19].map((at) => waitersOf(many.state, `s${at}`)),
      [
        [3, 23],
        [19, 39],
      ],
    );
    sendSignal(many, "s3", 1);
    assert.deepEqual([waitersOf(many.state, "s3"), waitersOf(many.state, "s4")], [[23], [4, 24]]);
  });

  it("an awaited signal is accepted even if a thousand other signals are stored", () => {
    const known = new KnownDefinitions();
    const step = new PlainStep(runMachine({ plans: known }));
    const hash = known.add('workflow: w\ntasks: {a: {wait: {signal: go, where: "signal.payload == 1"}}}\n');
    step.start({ order: RunOrder.fromPartial({ hash }) });
    const send = (signal: string, payload: unknown) => {
      const body = { $case: "inline", value: jsonBytes(payload) } as const;
      return signalRun.decide(step.state, { signal, payload: { body, mediaType: "" } }, step);
    };
    for (let count = 0; count < 1_000; count++) send("noise", count);
    assert.ok(isRefusal(send("go", 2)), "its condition does not hold");
    assert.ok(!isRefusal(send("go", 1)));
    assert.equal(statusOf(step.state), completed);
  });

  it("a run stores at most a thousand unconsumed signals, and an ended run accepts none", () => {
    const known = new KnownDefinitions();
    // A thousand signals are not compared at every step.
    const step = new PlainStep(runMachine({ plans: known }));
    step.start({ order: RunOrder.fromPartial({ hash: known.add("workflow: w\ntasks: {a: {uses: x}}\n") }) });
    const noise = SignalRun.fromPartial({ signal: "noise" });
    for (let count = 0; count < 1_000; count++) signalRun.decide(step.state, noise, step);
    const refused = signalRun.decide(step.state, noise, step);
    assert.ok(isRefusal(refused) && refused.code === "workflow.signals_full");
    step.finish(new Uint8Array(0));
    const ended = signalRun.decide(step.state, noise, step);
    assert.ok(isRefusal(ended) && ended.code === "workflow.run_ended");
  });
});
