import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  CancelRun,
  EndChild,
  FailTask,
  ResetRun,
  RetryRun,
  ReturnTask,
  RunSnapshotV1,
} from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { parsed } from "@tutti/machine-work";
import fc from "fast-check";
import { cancelRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { resetRun, retryRun } from "../../life/repair/commands.ts";
import { failTask, returnTask } from "../../life/results/attempts.ts";
import { endChild } from "../../life/results/children.ts";
import { snapshotOf } from "../../life/snapshot/snapshots.ts";
import { checkLent, RunScene } from "../../testing/index.ts";
import type { StartChild } from "../state/effects.ts";
import { type Run, statusOf } from "../state/state.ts";

const tokens = (count: number) => ({ tokens: count, money: 0, timeMs: 0 });
const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;

function scene(text: string, budget = 10): RunScene {
  return RunScene.of(`workflow: w\ntasks:\n${text}`, { budget: tokens(budget) });
}

function complete(run: RunScene, task: string, used: number): void {
  run.complete(task, null, "anna", tokens(used));
}

function codes({ state }: RunScene): (string | undefined)[] {
  return state.nodes.map((node) => node?.error?.code);
}

const three = ["a", "b", "c"].map((id) => `  ${id}: {uses: work, estimate: {tokens: 4}}\n`).join("");

describe("the budget of a run", () => {
  it("is reserved before a task starts, and a task that is short of it waits for released amounts", () => {
    const run = scene(three);
    assert.deepEqual(run.offered, ["a", "b"]);
    const explanation = run.driver.query(run.key, explain, { taskId: "c" });
    assert.ok(!isRefusal(explanation));
    assert.deepEqual(
      explanation.waits.map(({ cause }) => cause),
      [WaitCause.WAIT_CAUSE_BUDGET],
    );
    complete(run, "a", 1);
    assert.deepEqual(run.offered, ["b", "c"]);
    complete(run, "b", 4);
    complete(run, "c", 4);
    assert.deepEqual([statusOf(run.state), run.state.used?.tokens], [completed, 9]);
  });

  it("that is used up fails pending tasks by name, and running tasks continue", () => {
    const run = scene(three);
    complete(run, "a", 9);
    assert.deepEqual(run.offered, ["b"], "what b gives back may do");
    complete(run, "b", 1);
    assert.equal(statusOf(run.state), failed);
    assert.deepEqual(codes(run), [undefined, undefined, "workflow.budget_used_up"]);
    const message = run.state.error?.message ?? "";
    assert.match(message, /too small for task `c`: 10 tokens used up of 10 tokens, and it needs 4 tokens/);
    const found = run.driver.query(run.key, explain, { taskId: "" });
    assert.ok(!isRefusal(found));
    // A retry has the same budget, so it fails again immediately.
    assert.deepEqual(
      found.remedies.map(({ text, command }) => [text.includes("larger `--budget`"), command]),
      [[true, ""]],
    );
  });

  it("lets tasks that depend on the failure run if they use no budget", () => {
    const run = scene(
      `  a: {uses: work}\n  b: {uses: work, needs: [a], mayFail: true}\n  c: {set: 1, needs: [{task: b, on: failure}]}\n`,
    );
    complete(run, "a", 10);
    assert.equal(statusOf(run.state), completed);
  });

  it("counts each attempt, and starts a waiting retry when amounts are released", () => {
    const run = scene(
      `  a: {uses: work, estimate: {tokens: 6}, retry: {attempts: 3, backoff: 1s}}\n  b: {uses: work, needs: [{task: c}], estimate: {tokens: 6}}\n  c: {uses: work, estimate: {tokens: 1}}\n`,
      13,
    );
    run.driver.settle(
      run.offer("a"),
      failTask,
      FailTask.fromPartial({ error: { code: "x" }, used: tokens(2) }),
    );
    complete(run, "c", 0);
    assert.deepEqual(run.offered, ["b"]);
    run.driver.advance(2_000);
    assert.equal(run.state.nodes[0]?.status, TaskStatus.TASK_STATUS_HELD);
    complete(run, "b", 3);
    assert.deepEqual(run.offered, ["a"]);
    complete(run, "a", 6);
    assert.deepEqual([statusOf(run.state), run.state.used?.tokens], [completed, 11]);
  });

  it("counts reserved amounts as used if the use is unknown: of lost agents and stopped tasks", () => {
    const run = scene(`  a: {uses: work, estimate: {tokens: 4}}\n`);
    const lost = ReturnTask.fromPartial({ lost: true, retryAfterMs: 1 });
    run.driver.settle(run.offer("a"), returnTask, lost);
    assert.equal(run.state.used?.tokens, 4);
    run.driver.advance(10);
    run.driver.execute(run.key, cancelRun, CancelRun.fromPartial({}));
    assert.deepEqual([run.state.used?.tokens, run.state.reserved], [8, undefined]);
  });

  it("bounds the entries of a list, in their order", () => {
    const run = scene(`  many: {uses: work, forEach: "\${{ [1, 2, 3] }}", estimate: {tokens: 4}}\n`);
    assert.deepEqual(run.offered, ["many[0]", "many[1]"]);
    complete(run, "many[0]", 2);
    assert.deepEqual(run.offered, ["many[1]", "many[2]"]);
  });

  it("reserves the rest of the budget for a child without an estimate, and counts the amount that the child used", () => {
    const run = scene(`  sub: {workflow: order}\n  a: {uses: work}\n`);
    const { effect } = run.driver.effects[0] as { effect: unknown };
    const { budget, childId } = effect as StartChild;
    assert.deepEqual([budget?.tokens, run.offered], [10, []]);
    const ending = { runId: childId, status: completed };
    run.driver.execute(run.key, endChild, EndChild.fromPartial({ taskId: "sub", ending, used: tokens(7) }));
    assert.deepEqual([run.offered, run.state.used?.tokens], [["a"], 7]);
  });

  describe("of a task", () => {
    const startIn = ({ driver }: RunScene) => {
      const { effect } = driver.effects.at(-1) as { effect: unknown };
      return effect as StartChild;
    };
    const budgetOf = (run: RunScene) => startIn(run).budget;
    const child =
      "  sub: {workflow: order, budget: {tokens: 8, money: 2}, retry: {attempts: 2, backoff: 1s}}\n";
    const fail = (run: RunScene, used: number) => {
      const { childId: runId } = startIn(run);
      const ending = { runId, status: failed };
      const end = { taskId: "sub", ending, used: tokens(used) };
      run.driver.execute(run.key, endChild, EndChild.fromPartial(end));
    };

    it("bounds its child, within the rest of the run", () => {
      const childBudget = (budget: number) => budgetOf(scene(child, budget));
      assert.deepEqual(childBudget(0), { tokens: 8, money: 2, timeMs: 0 });
      assert.deepEqual(childBudget(5), { tokens: 5, money: 2, timeMs: 0 });
      assert.deepEqual(childBudget(20), { tokens: 8, money: 2, timeMs: 0 });
    });

    it("is that of all its attempts", () => {
      const run = scene(child, 0);
      fail(run, 5);
      run.driver.advance(2_000);
      assert.deepEqual([budgetOf(run)?.tokens, run.state.reserved?.tokens], [3, 3]);
      const all = scene(child, 0);
      fail(all, 9);
      all.driver.advance(2_000);
      assert.deepEqual(budgetOf(all), { tokens: 1, money: 2, timeMs: 0 }, "0 would be no limit");
    });

    it("is passed to the worker of each attempt, without the amounts already used", () => {
      const run = scene("  a: {uses: work, budget: {tokens: 8}, retry: {attempts: 2, backoff: 1s}}\n", 0);
      assert.equal(run.offer("a").effect.budget?.tokens, 8);
      run.driver.settle(
        run.offer("a"),
        failTask,
        FailTask.fromPartial({ error: { code: "x" }, used: tokens(2) }),
      );
      run.driver.advance(2_000);
      assert.equal(run.offer("a").effect.budget?.tokens, 6);
    });

    it("of a function counts its calls, and the journal records the use of each call", () => {
      const run = scene("  f: {function: work}\n", 0);
      const steps = [{ task: "a", spec: { uses: "work" } }];
      run.complete("f", { function: 1, known: 0, steps }, "anna", tokens(1));
      complete(run, "a", 7);
      const { journal } = parsed(run.offer("f").effect.input as Uint8Array) as {
        readonly journal: readonly { readonly used?: unknown }[];
      };
      assert.deepEqual(journal.at(-1)?.used, { tokens: 7 });
      run.replay({ check: checkLent });
    });
  });

  describe("with functions", () => {
    const functionTask = (id: string, more = "") => `  ${id}: {function: work${more}}\n`;
    const lent = (run: RunScene, task: string) =>
      (parsed(run.offer(task).effect.input as Uint8Array) as { left?: { tokens: number } }).left?.tokens;
    const turn = (run: RunScene, task: string, used: number, known = 0) =>
      run.complete(
        task,
        { function: 1, known, steps: [{ step: "a", output: 1 }], more: true },
        "a",
        tokens(used),
      );
    const end = (run: RunScene, task: string, used: number, known = 0) =>
      run.complete(task, { function: 1, known, steps: [], end: { output: 1 } }, "a", tokens(used));

    it("is lent to concurrent turns in equal parts, which together never exceed the rest", () => {
      const run = scene(functionTask("a") + functionTask("b") + functionTask("c"), 91);
      assert.deepEqual([lent(run, "a"), lent(run, "b"), lent(run, "c")], [30, 30, 31]);
      turn(run, "a", 10);
      assert.equal(lent(run, "a"), 20, "91 without 10, and without what b and c have");
      end(run, "b", 0);
      end(run, "c", 31);
      turn(run, "a", 20, 1);
      assert.equal(lent(run, "a"), 30, "the last one has all of the rest");
    });

    it("is lent to entries of a list that may start together", () => {
      const list = `  many: {function: work, forEach: "\${{ [1, 2, 3] }}", maxParallel: 2}\n`;
      const run = scene(list, 100);
      assert.deepEqual([lent(run, "many[0]"), lent(run, "many[1]")], [50, 50]);
      end(run, "many[0]", 40);
      assert.equal(lent(run, "many[2]"), 10);
    });

    it("makes a later function wait until a turn releases its part, and starts other tasks at once", () => {
      const run = scene(`${functionTask("a")}  b: {uses: work}\n${functionTask("c", ", needs: [b]")}`, 100);
      assert.equal(lent(run, "a"), 100);
      assert.deepEqual(run.offered, ["a", "b"], "nothing is expected of b");
      complete(run, "b", 0);
      assert.deepEqual(run.offered, ["a"]);
      turn(run, "a", 20);
      assert.deepEqual([...run.offered].sort(), ["a", "c"]);
      assert.deepEqual([lent(run, "a"), lent(run, "c")], [40, 40]);
    });

    it("is returned by a turn whose worker is lost, and the lent part does not count as used", () => {
      const run = scene(functionTask("a") + functionTask("b"), 100);
      const lost = ReturnTask.fromPartial({ lost: true, retryAfterMs: 1 });
      run.driver.settle(run.offer("a"), returnTask, lost);
      run.driver.advance(10);
      assert.deepEqual([run.state.used?.tokens ?? 0, lent(run, "a")], [0, 50]);
    });

    it("adds the amount that is reserved for a turn to its part", () => {
      const run = scene(functionTask("a", ", cost: {tokens: 30}") + functionTask("b"), 100);
      assert.deepEqual([lent(run, "a"), lent(run, "b")], [65, 35]);
    });

    it("gives a child and a concurrent function equal parts", () => {
      const run = scene(`  sub: {workflow: order}\n${functionTask("a")}`, 100);
      const { effect } = run.driver.effects[0] as { effect: unknown };
      assert.equal((effect as StartChild).budget?.tokens, 50);
      assert.equal(lent(run, "a"), 50);
    });
  });

  it("passes the rest to the run that it continues as", () => {
    const run = RunScene.of(
      `workflow: w\ntasks:\n  a: {uses: work}\ncontinueAsNew: {when: run.incarnation < 2}\n`,
      { budget: tokens(10) },
    );
    complete(run, "a", 4);
    run.driver.deliver();
    const next = { ...run.key, id: run.state.more?.nextId ?? "" };
    const { order } = run.driver.state(next, run.machine);
    assert.equal(order?.budget?.tokens, 6);
  });

  it("is not refilled by a reset", () => {
    const run = scene(`  a: {uses: work}\n  b: {uses: work, needs: [a]}\n`);
    const snapshot = RunSnapshotV1.encode(snapshotOf(run.state as Run)).finish();
    complete(run, "a", 10);
    assert.equal(statusOf(run.state), failed);
    run.driver.execute(run.key, resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot }));
    assert.equal(run.state.used?.tokens, 10);
  });

  it("is never exceeded while attempts use their estimates, in any order of their ends", () => {
    const tasks = fc.array(
      fc.record({
        expected: fc.integer({ min: 0, max: 5 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(
        tasks,
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.nat(7)),
        (generated, budget, order) => {
          const text = generated.map(
            ({ expected }, at) => `  t${at}: {uses: work, estimate: {tokens: ${expected}}}\n`,
          );
          const run = scene(text.join(""), budget);
          while (run.offered.length > 0) {
            const task = run.offered[order.next().value % run.offered.length] as string;
            const { expected, share } = generated[Number(task.slice(1))] as (typeof generated)[number];
            const usedOrReserved = (run.state.used?.tokens ?? 0) + (run.state.reserved?.tokens ?? 0);
            assert.ok(
              usedOrReserved <= budget,
              `expected at most ${budget} to be held, got ${usedOrReserved}`,
            );
            complete(run, task, Math.floor(expected * share));
          }
          assert.ok(
            [completed, failed].some((status) => status === statusOf(run.state)),
            "it ends",
          );
        },
      ),
    );
  });

  it("keeps the sum of lent amounts equal to that of its nodes after each event", () => {
    const text =
      "workflow: w\ntasks:\n" +
      "  a: {function: work, cost: {tokens: 3}, retry: {attempts: 2, backoff: 1s}}\n" +
      '  many: {function: work, forEach: "${{ [1, 2, 3] }}", maxParallel: 2, needs: [a], mayFail: true}\n' +
      "  b: {function: work, needs: [{task: many, on: always}]}\n  c: {function: work}\n  d: {uses: work}\n";
    const step = fc.record({ what: fc.nat(9), task: fc.nat(7), used: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 5, max: 60 }), (steps, budget) => {
        const run = RunScene.of(text, { budget: { ...tokens(budget), money: 0.3 } });
        for (const each of steps) {
          act(run, each);
          checkLent(run.state);
        }
        run.replay({ check: checkLent });
      }),
    );
  });
});

/** Executes one random operation on a run of functions. */
function act(run: RunScene, { what, task, used }: Readonly<Record<"what" | "task" | "used", number>>): void {
  const ids = ["a", "many", "b"];
  const id = run.offered[task % Math.max(1, run.offered.length)];
  if (what === 0) run.driver.advance(5_000);
  else if (what === 1 && used === 0) run.driver.execute(run.key, cancelRun, CancelRun.fromPartial({}));
  else if (what === 2)
    run.driver.execute(run.key, retryRun, RetryRun.fromPartial({ taskIds: [ids[task % 3] ?? "a"] }));
  else if (what === 3) {
    const events = run.driver.history(run.key).length;
    if (used === 0) run.driver.execute(run.key, resetRun, run.resetTo(Math.max(1, events - task)));
  } else if (id !== undefined) settle(run, id, what, used);
}

function settle(run: RunScene, id: string, action: number, count: number): void {
  const used = { tokens: count, money: count / 70, timeMs: 0 };
  if (id === "d") run.complete(id, null, "a", used);
  else if (action === 4)
    run.driver.settle(run.offer(id), failTask, FailTask.fromPartial({ error: { code: "x" }, used }));
  else if (action === 5)
    run.driver.settle(run.offer(id), returnTask, ReturnTask.fromPartial({ lost: true, retryAfterMs: 1 }));
  else {
    const input = parsed(run.offer(id).effect.input as Uint8Array) as {
      from: number;
      journal: readonly unknown[];
    };
    const known = input.from + input.journal.length;
    const more =
      action < 8 ? { steps: [{ step: "s", output: 1 }], more: true } : { steps: [], end: { output: 1 } };
    run.complete(id, { function: 1, known, ...more }, "a", used);
  }
}
