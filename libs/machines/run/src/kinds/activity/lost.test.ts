import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CompleteTask, FailTask, ReturnTask } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { lostMax } from "@tutti/machine-work";
import { explain } from "../../life/queries/explain.ts";
import { showTasks } from "../../life/queries/tasks.ts";
import { completeTask, failTask, returnTask } from "../../life/results/attempts.ts";
import { RunScene } from "../../testing/index.ts";

const sceneOf = (retry = "{attempts: 1}") =>
  RunScene.of(`workflow: w\ntasks: {a: {uses: t.a, retry: ${retry}}}\n`);

function lose(scene: RunScene, worker = "w1"): void {
  const loss = ReturnTask.fromPartial({ lost: true, agent: worker, message: "its link was cut" });
  scene.driver.settle(scene.offer("a"), returnTask, loss);
  scene.driver.advance(1);
}

describe("an attempt that loses its worker", () => {
  it("moves to another worker at once without using up an attempt, for up to nine losses", () => {
    const scene = sceneOf();
    for (let lost = 1; lost < lostMax; lost++) lose(scene);
    const offer = scene.offer("a");
    assert.equal(offer.effect.attempt, 1);
    scene.driver.settle(offer, completeTask, CompleteTask.fromPartial({ agent: "w2" }));
    assert.equal(scene.events.at(-1), "run_completed");
  });

  it("reports the lost worker until the task has ended, and does not count as a failure", () => {
    const scene = sceneOf();
    lose(scene, "w7");
    const messageOfTask = () => {
      const filter = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: false };
      const tasks = scene.driver.query(scene.key, showTasks, { ...filter, from: 0, size: 10 });
      assert.ok(!isRefusal(tasks));
      return tasks.tasks[0]?.statusReason;
    };
    const reason = "(its link was cut), which does not count as a failure";
    assert.equal(messageOfTask(), `worker \`w7\` was lost ${reason}`);
    const explained = scene.driver.query(scene.key, explain, { taskId: "a" });
    assert.ok(!isRefusal(explained));
    const [failure] = explained.failures;
    assert.deepEqual([failure?.agentId, failure?.error?.message], ["w7", `worker lost ${reason}`]);
    scene.driver.settle(scene.offer("a"), completeTask, CompleteTask.fromPartial({ agent: "w2" }));
    assert.equal(messageOfTask(), "");
  });

  it("fails the task with the tenth loss even if attempts are left, and the error lists all losses", () => {
    const scene = sceneOf("{attempts: 7}");
    for (let lost = 1; lost <= lostMax; lost++) lose(scene, `w${lost}`);
    assert.equal(scene.events.at(-1), "run_failed");
    const { code, message } = scene.state.error ?? assert.fail("expected an error");
    assert.equal(code, "workflow.agent_lost");
    assert.match(message, /^Task `a` lost its worker 10 times/);
    for (let lost = 1; lost <= lostMax; lost++) assert.ok(message.includes(`w${lost}: its link was cut`));
  });

  it("counts losses over all attempts", () => {
    const scene = sceneOf("{attempts: 3, backoff: 1s, jitter: 0}");
    for (let lost = 1; lost < lostMax; lost++) lose(scene);
    scene.driver.settle(scene.offer("a"), failTask, FailTask.fromPartial({ error: { code: "t.a" } }));
    scene.driver.advance(1_000);
    assert.equal(scene.offer("a").effect.attempt, 2);
    lose(scene);
    assert.equal(scene.state.error?.code, "workflow.agent_lost");
  });

  it("counts the losses of a durable function since its last turn", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {function: a}}\n");
    const pause = { task: "pause", at: "a.ts:1", spec: { wait: "1s" } };
    for (let lost = 1; lost < lostMax; lost++) lose(scene);
    scene.complete("a", { function: 1, known: 0, steps: [pause] });
    scene.driver.advance(1_000);
    for (let lost = 1; lost < lostMax; lost++) lose(scene);
    assert.notEqual(scene.events.at(-1), "run_failed");
    lose(scene);
    assert.equal(scene.state.error?.code, "workflow.agent_lost");
  });

  it("pauses the task after the tenth loss if the policy requires it", () => {
    const scene = sceneOf("{attempts: 2, exhausted: pause}");
    for (let lost = 1; lost <= lostMax; lost++) lose(scene);
    assert.equal(scene.events.at(-1), "task_paused");
  });

  it("fails the task at the first loss when it runs at most once", () => {
    const scene = sceneOf("{attempts: 3, onLost: fail}");
    lose(scene);
    assert.equal(scene.events.at(-1), "run_failed");
    assert.equal(scene.state.error?.code, "workflow.attempt_lost");
    assert.match(scene.state.error?.message ?? "", /w1: its link was cut/);
  });
});
