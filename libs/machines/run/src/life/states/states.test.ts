import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Wait, WorkStatus } from "@tutti/contracts/types/v1";
import { UpdateRun } from "@tutti/contracts/workflow/v1";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { cancelRun, pauseRun, resumeRun } from "../control/commands.ts";
import { explain } from "../queries/explain.ts";
import { showRun } from "../queries/run.ts";
import { retryRun } from "../repair/commands.ts";
import { signalRun } from "../results/signals.ts";
import { updateRun } from "../results/updates.ts";
import { endingOf } from "../run/end.ts";

const door = `workflow: door
vars: {opened: 0}
initial: closed
states:
  closed:
    entry: [{uses: test.light, with: "\${{ event.name }}"}]
    on:
      open: {to: open, when: event.payload == 'key', set: {opened: "\${{ vars.opened + 1 }}"}, do: [{uses: test.turn}, {uses: test.push}]}
      end: done
  open:
    exit: [{uses: test.pull}]
    on:
      close: closed
      knock: {set: {opened: "\${{ vars.opened + 10 }}"}}
    after: {30s: closed}
  done: {final: true, output: {opened: "\${{ vars.opened }}"}}
`;

const job = `workflow: job
initial: work
states:
  work:
    run: {uses: test.work, with: "\${{ input }}"}
    onDone: [{to: good, when: output == 'good'}, {to: work, when: output == 'again'}]
    onFailed: {to: mend, when: error.code == 'test.broken'}
    after: {1h: late}
    on: {stop: late}
  mend: {run: {uses: test.mend, with: "\${{ event.payload.code }}"}, onDone: work}
  good: {final: true, output: "\${{ event.payload }}"}
  late: {final: true, fail: "too late: \${{ event.name }}"}
`;

const signal = (scene: RunScene, name: string, value: unknown = null) =>
  scene.driver.execute(scene.key, signalRun, {
    signal: name,
    payload: { body: { $case: "inline", value: jsonBytes(value) }, mediaType: "" },
  });

function stateOf(scene: RunScene): readonly string[] {
  return (scene.driver.query(scene.key, showRun, { withPayloads: false }) as { states: readonly string[] })
    .states;
}

describe("a run of states", () => {
  it("moves between states by signals whose guards are true, and runs the actions on the way", () => {
    const scene = RunScene.of(door);
    assert.equal(jsonOf(scene.offer("closed.entry0").effect.input as Uint8Array), "start");
    scene.complete("closed.entry0");
    assert.deepEqual(stateOf(scene), ["closed"]);
    signal(scene, "open", "hammer");
    assert.deepEqual(scene.offered, [], "its guard does not hold");
    signal(scene, "open", "key");
    assert.deepEqual(scene.offered, ["closed.on.open.do0"], "one action after the other");
    scene.complete("closed.on.open.do0");
    scene.complete("closed.on.open.do1");
    assert.deepEqual(stateOf(scene), ["open"]);
    signal(scene, "close");
    scene.complete("open.exit0");
    assert.equal(jsonOf(scene.offer("closed.entry0#2").effect.input as Uint8Array), "close");
    scene.complete("closed.entry0#2");
    signal(scene, "end");
    const { status, output } = endingOf(scene.state);
    assert.deepEqual([status, jsonOf(output)], [WorkStatus.WORK_STATUS_COMPLETED, { opened: 1 }]);
  });

  it("takes transitions after a time, and a transition without a target does not restart that time", () => {
    const scene = RunScene.of(door);
    scene.complete("closed.entry0");
    signal(scene, "open", "key");
    scene.complete("closed.on.open.do0");
    scene.complete("closed.on.open.do1");
    scene.driver.advance(20_000);
    signal(scene, "knock");
    assert.deepEqual(stateOf(scene), ["open"]);
    scene.driver.advance(10_000);
    assert.deepEqual(scene.offered, ["open.exit0"]);
    const explanation = scene.driver.query(scene.key, explain, { taskId: "" }) as { waits: readonly Wait[] };
    const messages = explanation.waits.map(({ message }) => message);
    assert.deepEqual(
      messages.map((message) => /`open\.exit0`.*offered to its pool/.test(message)),
      [true],
      "it is between two states, and waits for its actions",
    );
  });

  it("names its state and the signals that it waits for", () => {
    const scene = RunScene.of(door);
    scene.complete("closed.entry0");
    const explanation = scene.driver.query(scene.key, explain, { taskId: "" }) as {
      waits: readonly { message: string }[];
    };
    assert.match(
      explanation.waits[0]?.message ?? "",
      /in the state closed and waits for a signal open or end/,
    );
  });

  it("stores signals that arrive while its actions run", () => {
    const scene = RunScene.of(door);
    signal(scene, "open", "key");
    scene.complete("closed.entry0");
    assert.deepEqual(scene.offered, ["closed.on.open.do0"]);
  });

  it("continues after the activity of a state, if that completed or failed", () => {
    const scene = RunScene.of(job, { input: jsonBytes(7) });
    scene.fail("work.run");
    assert.equal(jsonOf(scene.offer("mend.run").effect.input as Uint8Array), "test.broken");
    scene.complete("mend.run");
    scene.complete("work.run#2", "again");
    scene.complete("work.run#3", "good");
    assert.equal(jsonOf(endingOf(scene.state).output), "good");
    assert.equal(scene.driver.description(scene.key).labels["run:task"], undefined);
  });

  it("fails with the activity of a state without a transition for that, and is retried from there", () => {
    const scene = RunScene.of(job);
    scene.fail("work.run");
    scene.complete("mend.run");
    scene.fail("work.run#2", "test.other");
    const { error } = endingOf(scene.state);
    assert.deepEqual([error?.code, error?.details], ["test.other", { task: "work.run#2" }]);
    scene.driver.advance(7_200_000);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(scene.offered, ["work.run#2"], "what led on before is not done again");
    scene.complete("work.run#2", "good");
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("stops the activity of a state that it leaves, and can end as failed", () => {
    for (const action of [
      (scene: RunScene) => signal(scene, "stop"),
      (scene: RunScene) => scene.driver.advance(3_600_000),
    ]) {
      const scene = RunScene.of(job);
      action(scene);
      const { status, error } = endingOf(scene.state);
      assert.deepEqual([status, error?.code], [WorkStatus.WORK_STATUS_FAILED, "workflow.state_failed"]);
      assert.match(error?.message ?? "", /failure state `late`: too late: (stop|after)/);
      assert.deepEqual([scene.offered, scene.driver.nextDueMs], [[], undefined]);
    }
  });

  it("takes `always` transitions at once, also after a change of variables", () => {
    const text = `workflow: count
vars: {n: 0}
initial: start
updates: {add: {set: {n: "\${{ vars.n + 1 }}"}}}
states:
  start: {always: {to: idle, set: {n: 1}}}
  idle: {always: {to: end, when: vars.n > 2}}
  end: {final: true}
output: "\${{ vars.n }}"
`;
    const scene = RunScene.of(text);
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(stateOf(scene), ["idle"]);
      scene.driver.execute(scene.key, updateRun, UpdateRun.fromPartial({ update: "add" }));
    }
    assert.equal(jsonOf(endingOf(scene.state).output), 3);
  });

  it("fails with a clear error if its transitions form a cycle, also with actions", () => {
    for (const actions of ["", ", do: [{set: 1}, {set: 2}]"]) {
      const text = `workflow: circle
initial: a
states:
  a: {always: {to: b${actions}}}
  b: {always: {to: a}, run: {set: 1}}
  c: {final: true}
`;
      const scene = RunScene.of(text);
      scene.driver.advance(10_000);
      const { error } = endingOf(scene.state);
      assert.equal(error?.code, "workflow.states_endless");
      assert.match(error.message, /100 transitions happened at one moment/);
    }
  });

  it("fails by an expression that cannot be evaluated, with the expression", () => {
    const scene = RunScene.of(job.replace("output == 'good'", "output.x == 'good'"));
    scene.complete("work.run", "good");
    assert.equal(endingOf(scene.state).error?.code, "workflow.expression_failed");
  });

  it("does not move while the run is paused, and ends when the run is cancelled", () => {
    const scene = RunScene.of(door);
    scene.complete("closed.entry0");
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    signal(scene, "open", "key");
    assert.deepEqual(scene.offered, []);
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["closed.on.open.do0"]);
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_CANCELLED);
  });
});
