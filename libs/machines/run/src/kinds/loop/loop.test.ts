import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { RunOrder } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { statusOf } from "../../core/state/state.ts";
import { cancelRun, pauseRun, resumeRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { repairTask, retryRun } from "../../life/repair/commands.ts";
import { endingOf } from "../../life/run/end.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, jsonOf, KnownDefinitions, PlainStep, RunScene } from "../../testing/index.ts";

const poll = `workflow: poll
tasks:
  poll:
    loop:
      max: 3
      every: 10s
      initial: {tries: 0}
      until: tasks.fetch.output.ready
      output: {tries: "\${{ round.last.tries + 1 }}", round: "\${{ round.number }}"}
      tasks:
        fetch: {uses: test.fetch}
  after: {uses: test.after, needs: [poll], with: "\${{ tasks.poll.output }}"}
`;

const countdown = `workflow: countdown
tasks:
  down:
    loop:
      max: 100
      initial: 5
      while: round.last > 0
      output: "\${{ tasks.less.output }}"
      tasks:
        less: {set: "\${{ round.last - 1 }}"}
output: "\${{ tasks.down.output }}"
`;

const plain = `workflow: plain
tasks:
  rounds:
    loop:
      max: 2
      while: "true"
      tasks:
        one: {uses: test.one}
        two: {uses: test.two, needs: [one], with: "\${{ tasks.one.output }}"}
`;

describe("a loop", () => {
  it("repeats its tasks after a pause until its condition is true, and returns the output of the last round", () => {
    const scene = RunScene.of(poll);
    assert.deepEqual(scene.offered, ["poll#1.fetch"]);
    scene.complete("poll#1.fetch", { ready: false });
    assert.deepEqual(scene.offered, [], "it waits for the next round");
    const explanation = scene.driver.query(scene.key, explain, { taskId: "poll" }) as { summary: string };
    assert.match(explanation.summary, /waits for the time of round 2/);
    scene.driver.advance(10_000);
    scene.complete("poll#2.fetch", { ready: true });
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { tries: 2, round: 2 });
  });

  it("fails with workflow.loop_endless when it does not end within its rounds", () => {
    const scene = RunScene.of(poll);
    for (const round of [1, 2, 3]) {
      scene.complete(`poll#${round}.fetch`, { ready: false });
      scene.driver.advance(10_000);
    }
    const { error } = endingOf(scene.state);
    assert.equal(error?.code, "workflow.loop_endless");
    assert.match(error.message, /`poll` did not end within 3 rounds/);
  });

  it("continues while its condition is true, with the output of the previous round", () => {
    const scene = RunScene.of(countdown);
    const { status, output } = endingOf(scene.state);
    assert.deepEqual([status, jsonOf(output)], [WorkStatus.WORK_STATUS_COMPLETED, 0]);
    assert.equal(scene.events.filter((type) => type === "round_begun").length, 5);
  });

  it("with a false condition returns its initial value", () => {
    const scene = RunScene.of(countdown.replace("initial: 5", "initial: 0"));
    assert.equal(jsonOf(endingOf(scene.state).output), 0);
    assert.ok(!scene.events.includes("round_begun"));
  });

  it("returns the outputs of the tasks of its last round by id by default", () => {
    const scene = RunScene.of(plain.replace('while: "true"', "until: round.number == 2"));
    for (const round of [1, 2]) {
      scene.complete(`rounds#${round}.one`, round);
      scene.complete(`rounds#${round}.two`, "b");
    }
    assert.deepEqual(jsonOf(endingOf(scene.state).output), { rounds: { one: 2, two: "b" } });
  });

  it("fails with the error of the failed round, and names the task", () => {
    const scene = RunScene.of(plain);
    scene.fail("rounds#1.one", "test.worst");
    const { error } = endingOf(scene.state);
    assert.deepEqual([error?.code, error?.details], ["test.worst", { part: "rounds#1.one", task: "rounds" }]);
  });

  it("fails when its condition cannot be evaluated, before a round too", () => {
    const scene = RunScene.of(plain.replace('while: "true"', "while: tasks.one.output.x"));
    assert.equal(endingOf(scene.state).error?.code, "workflow.expression_failed");
  });

  it("of a paused run starts no task of its next round before the run is resumed", () => {
    const scene = RunScene.of(poll);
    scene.complete("poll#1.fetch", { ready: false });
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    scene.driver.advance(10_000);
    assert.deepEqual(scene.offered, []);
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["poll#2.fetch"]);
  });

  it("ends a round once, and keeps its pause, when another task is retried or repaired", () => {
    const withSibling = poll.replace("  after:", "  beside: {uses: test.beside}\n  after:");
    const acts = [
      (scene: RunScene) =>
        scene.driver.execute(scene.key, retryRun, { taskIds: ["beside"], reason: "", inputs: [] }),
      (scene: RunScene) => {
        const repair = { $case: "skip", value: { skipDependents: false } } as const;
        return scene.driver.execute(scene.key, repairTask, { taskId: "beside", repair, reason: "" });
      },
    ];
    for (const act of acts) {
      const scene = RunScene.of(withSibling);
      scene.complete("poll#1.fetch", { ready: false });
      scene.complete("beside", 1);
      scene.driver.advance(6_000);
      assert.ok(!isRefusal(act(scene)));
      assert.equal(scene.events.filter((type) => type === "round_ended").length, 1);
      scene.driver.advance(4_000);
      scene.complete("poll#2.fetch", { ready: true });
      assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { tries: 2, round: 2 });
    }
  });

  it("stops with its run, during a round and between rounds", () => {
    for (const advanceMs of [0, 10_000]) {
      const scene = RunScene.of(poll);
      scene.complete("poll#1.fetch", { ready: false });
      scene.driver.advance(advanceMs);
      scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
      assert.equal(statusOf(scene.state), WorkStatus.WORK_STATUS_CANCELLED);
      assert.deepEqual([scene.driver.effects, scene.driver.nextDueMs], [[], undefined]);
    }
  });

  it("fails with workflow.run_too_large if its rounds exceed the maximum size of a run", () => {
    const text = `workflow: large
tasks:
  rounds:
    loop:
      max: 1000
      until: "false"
      output: "\${{ round.number }}"
      tasks: {big: {set: "\${{ input }}"}}
`;
    const known = new KnownDefinitions();
    const step = new PlainStep(runMachine({ plans: known }));
    const input = jsonBytes("x".repeat(1_000_000));
    step.start({ order: RunOrder.fromPartial({ hash: known.add(text), input }) });
    step.finish(jsonBytes(null));
    assert.equal(step.state.error?.code, "workflow.run_too_large");
  });

  it("is nested in a list and in a loop: each has rounds of its own", () => {
    const text = `workflow: nested
tasks:
  each:
    forEach: "\${{ input }}"
    loop:
      max: 3
      until: round.number == 2
      output: "\${{ tasks.inner.output }}"
      tasks:
        inner:
          loop: {max: 2, until: tasks.work.output == item, tasks: {work: {uses: test.work, with: "\${{ item }}"}}, output: "\${{ item }}"}
`;
    const scene = RunScene.of(text, { input: jsonBytes([1, 2]) });
    for (const [outer, entry] of [1, 2].flatMap(
      (round) =>
        [
          [round, 0],
          [round, 1],
        ] as const,
    ))
      scene.complete(`each[${entry}]#${outer}.inner#1.work`, entry + 1);
    assert.deepEqual(jsonOf(endingOf(scene.state).output), { each: [1, 2] });
  });
});
