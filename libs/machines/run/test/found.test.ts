/** Findings of drawn runs, each reduced. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import {
  DecideApproval,
  NoteProgress,
  RefuseChild,
  RepairTask,
  ResetRun,
  RetryRun,
  RunOrder,
  UpdateRun,
} from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import type { OfferTask, StartChild } from "../src/core/state/effects.ts";
import { beginRun, cancelRun, pauseRun, resumeRun } from "../src/life/control/commands.ts";
import { showSnapshot } from "../src/life/queries/snapshot.ts";
import { showTask, showTasks } from "../src/life/queries/tasks.ts";
import { resetRun, retryRun } from "../src/life/repair/commands.ts";
import { decideApproval } from "../src/life/results/approvals.ts";
import { noteProgress } from "../src/life/results/attempts.ts";
import { refuseChild } from "../src/life/results/children.ts";
import { updateRun } from "../src/life/results/updates.ts";
import { jsonBytes, jsonOf, RunScene } from "../src/testing/index.ts";

describe("regressions that random runs have found", () => {
  it("does not mistake an approval of a cached output for a request to the cache", () => {
    const scene = new RunScene(1, [cache]);
    scene.start(`
workflow: asked
tasks:
  look: {uses: test.look, cache: 1m, checks: [{name: good, condition: "output == 1", onFailure: approval}]}
`);
    scene.driver.deliverAll();
    // The driver compares the outstanding effects of folds with those that recovery finds.
    scene.complete("look", 2);
    scene.driver.advance(10_000);
    assert.deepEqual(scene.offered, [], "it is not done again while people are asked");
    const body = { approvalId: "look", verdict: Verdict.VERDICT_APPROVED, roles: ["anna"] };
    scene.driver.execute(scene.key, decideApproval, DecideApproval.fromPartial(body));
    const task = scene.driver.query(scene.key, showTask, { taskId: "look" });
    assert.ok(!isRefusal(task) && task.outcome?.result?.$case === "completed");
  });

  it("gives all attempts of a child the same input, even if variables change in between", () => {
    const scene = RunScene.of(`
workflow: parent
vars: {count: 0}
updates:
  add: {set: {count: "\${{ vars.count + 1 }}"}}
tasks:
  sub: {workflow: other, with: "\${{ vars.count }}", retry: {attempts: 2, backoff: 1s}}
`);
    const [first] = scene.driver.effects;
    assert.ok(first !== undefined);
    scene.driver.execute(scene.key, updateRun, UpdateRun.fromPartial({ update: "add" }));
    const error = { code: "test.busy", message: "later" };
    scene.driver.settle(first, refuseChild, RefuseChild.fromPartial({ error }));
    scene.driver.advance(5_000);
    const [second] = scene.driver.effects;
    const inputOf = (effect: unknown) => jsonOf((effect as StartChild).input as Uint8Array);
    assert.deepEqual([inputOf(first.effect), inputOf(second?.effect)], [0, 0]);
  });

  it("lets the attempt after a reset continue from the progress of the running attempt", () => {
    const scene = RunScene.of("workflow: saves\ntasks:\n  work: {uses: test.work}\n");
    const saved = jsonBytes("half");
    scene.driver.settle(scene.offer("work"), noteProgress, NoteProgress.fromPartial({ saved }));
    const reply = scene.driver.query(scene.key, showSnapshot, undefined);
    assert.ok(!isRefusal(reply));
    const toEvent = scene.events.length;
    const body = ResetRun.fromPartial({ toEvent, snapshot: reply.bytes });
    scene.driver.execute(scene.key, resetRun, body);
    assert.deepEqual((scene.offer("work").effect as OfferTask).saved, saved);
  });

  it("shows each task once after work was sent back: as it is now", () => {
    const scene = new RunScene();
    const text = `
workflow: again
tasks:
  each: {forEach: "\${{ input }}", uses: test.each}
  poll: {loop: {max: 2, until: "true", tasks: {ask: {uses: test.ask}}}, needs: [each]}
  sure: {gate: {check: "false", sendBack: each}, needs: [poll], mayFail: true}
`;
    const hash = scene.definitions.add(text);
    const order = RunOrder.fromPartial({ hash, input: jsonBytes(["a", "b"]) });
    scene.driver.execute(scene.key, beginRun, { order });
    for (const task of ["each[0]", "each[1]", "poll#1.ask", "each[0]"]) scene.complete(task);
    const filter = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: false };
    const page = scene.driver.query(scene.key, showTasks, { ...filter, from: 0, size: 100 });
    assert.ok(!isRefusal(page));
    const ids = page.tasks.map(({ taskId }) => taskId);
    assert.deepEqual(ids, ["each", "poll", "sure", "each[0]", "each[1]"]);
  });

  it("continues with the next round when it is reset to between two rounds", () => {
    const scene = RunScene.of(`
workflow: rounds
tasks:
  poll: {loop: {max: 3, until: "round.number >= 2", tasks: {ask: {uses: test.ask}}}}
`);
    scene.complete("poll#1.ask");
    const between = scene.events.lastIndexOf("round_ended") + 1;
    const run = scene.machine.create(scene.key);
    const nothing = { effect() {}, settled() {}, timer() {}, cleared() {} };
    for (const { type, version, payload } of scene.driver.history(scene.key).slice(0, between)) {
      const declared = scene.machine.events.find((event) => event.type === type && event.version === version);
      declared?.evolve(run, declared.codec.decode(payload), nothing);
    }
    const reply = showSnapshot.answer(run, undefined, { key: scene.key, nowMs: 0 });
    assert.ok(!isRefusal(reply));
    const body = ResetRun.fromPartial({ toEvent: between, snapshot: reply.bytes });
    scene.driver.execute(scene.key, resetRun, body);
    assert.deepEqual(scene.offered, ["poll#2.ask"]);
  });

  it("retries failed compensations when the run fails again", () => {
    const scene = RunScene.of(`
workflow: saga
tasks:
  book: {uses: test.book, compensate: {uses: test.unbook, retry: 1}}
  pay: {uses: test.pay, needs: [book], compensate: {uses: test.refund, retry: 1}}
  send: {uses: test.send, needs: [pay]}
`);
    scene.complete("book");
    scene.complete("pay");
    scene.fail("send");
    scene.fail("pay");
    scene.fail("book");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(scene.offered, ["send"], "their good outputs stay");
    scene.fail("send");
    assert.deepEqual(scene.offered.length, 1);
    scene.complete("pay");
    scene.complete("book");
    const statusOf = (taskId: string) => {
      const task = scene.driver.query(scene.key, showTask, { taskId });
      return isRefusal(task) ? undefined : task.status;
    };
    const compensated = TaskStatus.TASK_STATUS_COMPENSATED;
    assert.deepEqual([statusOf("pay"), statusOf("book")], [compensated, compensated]);
  });

  it("restarts the timers of its state when a resumed run has acquired its limits", () => {
    const scene = new RunScene(1, [limit]);
    scene.start(`
workflow: timed
limits: [{key: shared, concurrency: 1}]
initial: idle
states:
  idle: {after: {2s: end}, on: {stop: bad}}
  bad: {final: true, fail: "it was stopped"}
  end: {final: true}
`);
    scene.driver.deliverAll();
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    scene.driver.deliverAll();
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.driver.deliverAll();
    // The driver compares the outstanding effects of folds with those that recovery finds.
    scene.driver.advance(2_000);
    assert.equal(scene.events.at(-1), "run_completed");
  });

  it("lets a gate send work back the full number of times again after a manual retry", () => {
    const scene = RunScene.of(`
workflow: again
tasks:
  write: {uses: test.write}
  sure: {gate: {check: "tasks.write.output == 'good'", sendBack: write, times: 1}}
  last: {uses: test.last, needs: [{task: sure, on: always}]}
`);
    const write = () => scene.complete("write", "bad");
    write();
    write();
    assert.deepEqual(scene.offered, ["last"]);
    scene.driver.execute(scene.key, retryRun, { taskIds: ["write"], reason: "", inputs: [] });
    write();
    assert.deepEqual(scene.offered, ["write"], "it is sent back once more");
  });

  it("no longer waits for a person when the paused task is stopped", () => {
    const scene = RunScene.of(`
workflow: lists
tasks:
  each: {forEach: "\${{ [1, 2] }}", uses: test.each, retry: {attempts: 1, on: [test.slow], exhausted: pause}}
`);
    const isWaiting = () => scene.driver.description(scene.key).labels["run:person"];
    scene.fail("each[0]", "test.slow");
    assert.equal(isWaiting(), "yes");
    scene.fail("each[1]");
    assert.equal(isWaiting(), undefined);
  });

  it("does not start by a retry when it waits for its limits and is paused", () => {
    const scene = new RunScene(1, [limit]);
    scene.start(`
workflow: waits
limits: [{key: shared, concurrency: 1}]
tasks:
  work: {uses: test.work}
`);
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    const answer = scene.driver.execute(scene.key, retryRun, { taskIds: ["work"], reason: "", inputs: [] });
    assert.ok(isRefusal(answer));
    assert.equal(answer.code, "workflow.nothing_to_retry");
  });

  it("adds tasks again when their needs are done again with the task that added them", () => {
    const scene = RunScene.of(`
workflow: grows
tasks:
  base: {uses: test.base, mayFail: true}
  grow: {spawn: "\${{ [{'id': 'leaf', 'uses': 'test.leaf', 'needs': ['base']}, {'id': 'twig', 'uses': 'test.twig'}] }}", needs: [{task: base, on: always}]}
`);
    scene.fail("base");
    assert.deepEqual(scene.offered, ["twig"]);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.complete("base");
    assert.deepEqual(scene.offered, ["leaf", "twig"]);
    scene.complete("leaf");
    scene.complete("twig");
    assert.equal(scene.events.at(-1), "run_completed");
  });

  it("continues after a pause in which a blocked task ran out of time", () => {
    const scene = RunScene.of(`
workflow: held
tasks:
  work: {uses: test.work, retry: {attempts: 3, backoff: 1s}, timeout: {total: 5s}, mayFail: true}
  other: {uses: test.other}
`);
    scene.fail("work");
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    scene.driver.advance(6_000);
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    scene.complete("other");
    assert.equal(scene.events.at(-1), "run_completed", "it does not look at what has ended again and again");
  });

  it("notifies children of tasks that are retried or repaired manually", () => {
    for (const isRepair of [false, true]) {
      const scene = RunScene.of("workflow: parent\ntasks:\n  sub: {workflow: other}\n");
      const command = isRepair ? "repair_task" : "retry_run";
      const body = isRepair
        ? RepairTask.fromPartial({ taskId: "sub", repair: { $case: "skip", value: {} } })
        : RetryRun.fromPartial({ taskIds: ["sub"] });
      scene.driver.call(scene.key, command, body);
      assert.deepEqual(
        scene.driver.messages.map(({ to }) => to.id),
        ["r..sub..0"],
        command,
      );
    }
  });

  it("does a list that failed again as a whole when a gate sends it back", () => {
    const scene = RunScene.of(`
workflow: lists
tasks:
  each: {forEach: "\${{ ['a', 'b'] }}", uses: test.each, failFast: false, mayFail: true}
  sure: {gate: {check: "tasks.each.status == 'completed'", sendBack: each}}
`);
    scene.complete("each[0]");
    scene.fail("each[1]");
    assert.deepEqual(scene.offered, ["each[0]", "each[1]"]);
  });

  it("gives attempts new numbers after a reset to an earlier event and a reset back to the later one", () => {
    const scene = RunScene.of(`
workflow: rounds
tasks:
  poll: {loop: {max: 3, until: "round.number >= 2", tasks: {ask: {uses: test.ask}}}}
`);
    const state = () => {
      const reply = scene.driver.query(scene.key, showSnapshot, undefined);
      assert.ok(!isRefusal(reply));
      return { toEvent: scene.events.length, snapshot: reply.bytes };
    };
    const reset = (to: ReturnType<typeof state>) =>
      scene.driver.execute(scene.key, resetRun, ResetRun.fromPartial(to));
    const first = state();
    scene.complete("poll#1.ask");
    const second = state();
    const before = scene.offer("poll#2.ask").attempt;
    reset(first);
    reset(second);
    assert.ok(scene.offer("poll#2.ask").attempt > before, "a late result of the earlier one is ignored");
  });
});
