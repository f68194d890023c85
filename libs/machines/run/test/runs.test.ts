import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  CompleteTask,
  LabelRun,
  ModelCallsNotedV1,
  NoteAttempt,
  NoteModelCalls,
  NoteProgress,
  ReturnTask,
  RunOrder,
  RunSnapshotV1,
} from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import {
  cancelRun,
  completeTask,
  explain,
  labelRun,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  pauseRun,
  repairTask,
  resetRun,
  resumeRun,
  retryRun,
  returnTask,
  runMachine,
  showEnding,
  showRun,
  showTask,
  showTasks,
  terminateRun,
} from "../src/index.ts";
import { jsonBytes, jsonOf, KnownDefinitions, PlainStep, RunScene } from "../src/testing/index.ts";

const chain = `
workflow: chain
tasks:
  one: {uses: test.one, with: "\${{ input }}", retry: {attempts: 3, backoff: 1s..5s, jitter: 0, notOn: [test.fatal]}}
  two: {uses: test.two, needs: [one], with: {from: "\${{ tasks.one.output.n }}"}}
output: "\${{ tasks.two.output }}"
`;

function endingOf(scene: RunScene) {
  const { ending } = scene.driver.query(scene.key, showEnding, undefined) as {
    ending: { status: number; output: Uint8Array; error?: { code: string; details: object } } | undefined;
  };
  return ending;
}

describe("a run", () => {
  it("passes outputs on to tasks, and returns the output of its definition", () => {
    const scene = RunScene.of(chain, { input: jsonBytes({ a: 1 }) });
    assert.deepEqual(scene.offered, ["one"]);
    assert.deepEqual(jsonOf(scene.offer("one").effect.input as Uint8Array), { a: 1 });
    scene.complete("one", { n: 7 });
    assert.deepEqual(jsonOf(scene.offer("two").effect.input as Uint8Array), { from: 7 });
    scene.complete("two", "fine");
    const ending = endingOf(scene);
    assert.equal(ending?.status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.equal(jsonOf(ending.output), "fine");
    assert.deepEqual(scene.events, [
      "run_started",
      "task_queued",
      "task_completed",
      "task_queued",
      "task_completed",
      "run_completed",
    ]);
  });

  it("returns the existing run when it is started again, and a conflict for another specification", () => {
    const scene = RunScene.of(chain, { requestHash: Uint8Array.of(1) });
    assert.deepEqual(scene.start(chain, { requestHash: Uint8Array.of(1) }), {
      existed: true,
      status: WorkStatus.WORK_STATUS_RUNNING,
    });
    const conflictWith = (order: Parameters<typeof scene.start>[1]) => {
      const refused = scene.start(chain, { requestHash: Uint8Array.of(2), ...order });
      assert.ok(isRefusal(refused) && refused.code === "workflow.run_conflict");
      return refused.message;
    };
    const remedy = "Choose another id, or start it with the same specification.";
    assert.equal(conflictWith({}), `Run \`r\` already exists with another specification. ${remedy}`);
    assert.equal(
      conflictWith({ input: Uint8Array.of(0x7b) }),
      `Run \`r\` already exists, and differs in input. ${remedy}`,
    );
    assert.equal(
      conflictWith({ input: jsonBytes({ name: "Anna" }), priority: 5, labels: { team: "a" } }),
      `Run \`r\` already exists, and differs in labels, priority and input \`name\`. ${remedy}`,
    );
  });

  it("tries again after growing pauses, and fails with the last error when that does not help", () => {
    const scene = RunScene.of(chain);
    for (const pauseMs of [1_000, 2_000]) {
      scene.fail("one");
      assert.equal((scene.driver.nextDueMs ?? 0) - scene.driver.nowMs, pauseMs);
      scene.driver.advance(pauseMs);
    }
    assert.equal(scene.offer("one").effect.attempt, 3);
    scene.fail("one", "test.worst");
    const ending = endingOf(scene);
    assert.equal(ending?.error?.code, "test.worst");
    assert.deepEqual(ending.error.details, { task: "one" });
    assert.equal(scene.driver.description(scene.key).labels["run:task"], "one");
  });

  it("does not retry an error that is final", () => {
    const scene = RunScene.of(chain);
    scene.fail("one", "test.fatal");
    assert.equal(endingOf(scene)?.error?.code, "test.fatal");
  });

  it("fails a task whose expression cannot be evaluated, and the error contains the expression and its input", () => {
    const scene = RunScene.of(chain);
    scene.complete("one", { other: 1 });
    const ending = endingOf(scene);
    assert.equal(ending?.error?.code, "workflow.expression_failed");
    const details = ending.error.details as Record<string, string>;
    assert.equal(details["expression"], "${{ tasks.one.output.n }}");
    assert.match(details["input.tasks.one.output"] ?? "", /other/);
  });

  it("fails a task with an expression that reads a value that is not JSON", () => {
    const scene = RunScene.of(chain);
    const body = CompleteTask.fromPartial({ output: new TextEncoder().encode("no json"), agent: "a" });
    scene.driver.settle(scene.offer("one"), completeTask, body);
    assert.equal(endingOf(scene)?.error?.code, "workflow.data_unreadable");
  });

  it("offers a returned task again, without counting an attempt", () => {
    const scene = RunScene.of(chain);
    scene.driver.settle(
      scene.offer("one"),
      returnTask,
      ReturnTask.fromPartial({ retryAfterMs: 300, message: "busy" }),
    );
    scene.driver.advance(300);
    assert.deepEqual([scene.offer("one").effect.attempt, scene.offer("one").attempt], [1, 2]);
  });

  it("records the running agent, and passes the saved progress to the next attempt", () => {
    const scene = RunScene.of(chain);
    scene.driver.settle(
      scene.offer("one"),
      noteAttempt,
      NoteAttempt.fromPartial({ agent: "anna", startMs: scene.driver.nowMs }),
    );
    scene.driver.settle(
      scene.offer("one"),
      noteProgress,
      NoteProgress.fromPartial({ saved: jsonBytes(5), fraction: 0.5 }),
    );
    const task = scene.driver.query(scene.key, showTask, { taskId: "one" });
    assert.ok(!isRefusal(task));
    assert.equal(task.status, TaskStatus.TASK_STATUS_RUNNING);
    assert.equal(task.attempts[0]?.agentId, "anna");
    scene.fail("one");
    scene.driver.advance(1_000);
    assert.equal(jsonOf(scene.offer("one").effect.saved as Uint8Array), 5);
  });

  it("records the models that an attempt called, within bounds, without an effect on the run", () => {
    const scene = RunScene.of(chain);
    const calls = Array.from({ length: 100 }, (_, n) => ({ requestModel: `m${n}${"x".repeat(300)}` }));
    const before = scene.driver.description(scene.key);
    const body = NoteModelCalls.fromPartial({ agent: "anna", calls: { calls } });
    scene.driver.settle(scene.offer("one"), noteModelCalls, body);
    assert.deepEqual(scene.driver.description(scene.key), before);
    const recorded = scene.driver.history(scene.key).findLast(({ type }) => type === "model_calls_noted");
    const { attempt, calls: recordedCalls } = ModelCallsNotedV1.decode(recorded?.payload ?? new Uint8Array());
    assert.deepEqual(
      [attempt, recordedCalls?.calls.length, recordedCalls?.calls[0]?.requestModel.length],
      [1, 64, 200],
    );
    scene.complete("one", { n: 1 });
    assert.deepEqual(scene.offered, ["two"]);
  });

  it("starts when its start is due, and ends when its time is over", () => {
    const scene = new RunScene();
    scene.start(chain, { startMs: scene.driver.nowMs + 60_000, timeoutMs: 5_000 });
    assert.equal(scene.driver.description(scene.key).status, WorkStatus.WORK_STATUS_PENDING);
    scene.driver.advance(60_000);
    assert.deepEqual(scene.offered, ["one"]);
    scene.driver.advance(5_000);
    assert.deepEqual(scene.offered, []);
    assert.equal(endingOf(scene)?.error?.code, "workflow.run_timed_out");
  });

  it("starts nothing while it is paused, and resumes at the same place", () => {
    const scene = RunScene.of(chain);
    scene.driver.execute(scene.key, pauseRun, { reason: "lunch" });
    scene.complete("one", { n: 1 });
    assert.deepEqual(scene.offered, []);
    const explanation = scene.driver.query(scene.key, explain, { taskId: "two" });
    assert.ok(!isRefusal(explanation) && /lunch/.test(explanation.summary));
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["two"]);
  });

  it("that failed in its own output is to be started with another definition, not to be retried", () => {
    const scene = RunScene.of(chain);
    scene.complete("one", { n: 1 });
    scene.fail("two", "test.fatal");
    assert.equal(endingOf(scene)?.status, WorkStatus.WORK_STATUS_FAILED);
    const remedyOf = (of: RunScene) => {
      const explanation = of.driver.query(of.key, explain, { taskId: "" });
      assert.ok(!isRefusal(explanation));
      return explanation.remedies.map(({ text, command }) => `${text} ${command}`).join();
    };
    assert.match(remedyOf(scene), /tutti retry/);
    const other = RunScene.of('workflow: w\ntasks: {a: {uses: t.a}}\noutput: "${{ tasks.a.output.n.m }}"\n');
    other.complete("a", { n: 1 });
    assert.equal(endingOf(other)?.error?.code, "workflow.expression_failed");
    assert.match(remedyOf(other), /^Correct the definition/);
    assert.doesNotMatch(remedyOf(other), /tutti retry/);
  });

  it("delays a due retry while it is paused", () => {
    const scene = RunScene.of(chain);
    scene.fail("one");
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    scene.driver.advance(10_000);
    assert.deepEqual(scene.offered, []);
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["one"]);
  });

  it("is terminated at once, and then accepts no results or commands", () => {
    const scene = RunScene.of(chain);
    const offer = scene.offer("one");
    scene.driver.execute(scene.key, terminateRun, { reason: "enough" });
    assert.equal(scene.driver.settle(offer, completeTask, CompleteTask.fromPartial({})), "ignored");
    assert.equal(endingOf(scene)?.status, WorkStatus.WORK_STATUS_TERMINATED);
    const refused = scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.ok(isRefusal(refused) && refused.code === "workflow.run_ended");
  });

  it("changes labels and priority, and later offers have them", () => {
    const scene = RunScene.of(chain, { labels: { team: "a" } });
    scene.driver.execute(
      scene.key,
      labelRun,
      LabelRun.fromPartial({ labels: { x: "1" }, removedLabels: ["team"], priority: 7 }),
    );
    scene.complete("one", { n: 1 });
    const { effect } = scene.offer("two");
    assert.deepEqual([effect.facts.priority, effect.facts.labels], [7, { x: "1" }]);
    assert.deepEqual(scene.driver.description(scene.key).labels["x"], "1");
  });
});

describe("tasks of a run", () => {
  const graph = `
workflow: graph
tasks:
  a: {uses: t.a}
  b: {uses: t.b, needs: [a], when: "\${{ tasks.a.output > 1 }}"}
  c: {uses: t.c, needs: [{task: b, on: success}]}
  d: {uses: t.d, needs: [{task: a, on: failure}]}
  e: {uses: t.e, needs: [{task: c, on: always}]}
`;

  it("continue past a task that its own condition skips, except if they need its output or its success", () => {
    const scene = RunScene.of(
      `
workflow: graph
tasks:
  ask: {approve: {}, when: "\${{ input.total > 10 }}"}
  pay: {uses: t.pay, needs: [ask]}
  note: {uses: t.note, needs: [ask], with: "\${{ tasks.ask.output }}"}
  strict: {uses: t.strict, needs: [{task: ask, on: success}]}
  after: {uses: t.after, needs: [strict]}
  open: {uses: t.open, needs: [{task: ask, on: done}], with: "\${{ tasks.ask.status }}"}
`,
      { input: jsonBytes({ total: 5 }) },
    );
    assert.deepEqual(scene.offered.toSorted(), ["open", "pay"]);
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.deepEqual(restored.counts, scene.state.counts);
  });

  it("are skipped with the tasks that they need, except if they need any end", () => {
    const scene = RunScene.of(graph);
    scene.complete("a", 1);
    assert.deepEqual(scene.offered, ["e"]);
    scene.complete("e");
    assert.equal(endingOf(scene)?.status, WorkStatus.WORK_STATUS_COMPLETED);
    const page = scene.driver.query(scene.key, showTasks, {
      statuses: [TaskStatus.TASK_STATUS_SKIPPED],
      ...{ parentTaskId: "", topOnly: false, text: "", withPayloads: false, from: 0, size: 10 },
    });
    assert.ok(!isRefusal(page));
    assert.deepEqual(
      page.tasks.map(({ taskId }) => taskId),
      ["b", "c", "d"],
    );
    const explanation = scene.driver.query(scene.key, explain, { taskId: "c" });
    assert.ok(!isRefusal(explanation) && /`b` skipped/.test(explanation.summary));
  });

  it("continue after a failure as far as they can, and then the run fails with the first", () => {
    const scene = RunScene.of(graph);
    scene.fail("a", "t.first");
    assert.deepEqual(scene.offered, ["d", "e"]);
    scene.fail("d", "t.second");
    scene.complete("e");
    assert.equal(endingOf(scene)?.error?.code, "t.first");
  });

  it("pause for a person when attempts are exhausted, if the policy requires it", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks:\n  a: {uses: t.a, retry: {attempts: 1, exhausted: pause}}\n",
    );
    scene.fail("a");
    assert.equal(scene.driver.description(scene.key).labels["run:person"], "yes");
    scene.driver.execute(scene.key, resumeRun, { reason: "mended", taskIds: ["a"] });
    assert.deepEqual([scene.offer("a").attempt, scene.offer("a").effect.attempt], [2, 1]);
    scene.complete("a");
    assert.equal(endingOf(scene)?.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("fail when their time over all attempts is over", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks:\n  a: {uses: t.a, retry: {attempts: 9, backoff: 1s..1s}, timeout: {total: 2500ms}}\n",
    );
    scene.fail("a");
    scene.driver.advance(1_000);
    scene.driver.advance(1_500);
    assert.equal(endingOf(scene)?.error?.code, "workflow.timed_out");
  });

  it("have labels, keys and agents that were computed", () => {
    const scene = RunScene.of(
      `
workflow: w
tasks:
  a: {uses: t.a}
  b:
    uses: t.b
    needs: [a]
    labels: {n: "\${{ string(tasks.a.output.n) }}"}
    limits: [{key: "customer-\${{ input.c }}", concurrency: 2}]
    idempotencyKey: "\${{ run.id }}-b"
    placement: {sameAgentAs: [a], stickyKey: "s"}
    dueTime: "2026-01-02T00:00:00Z"
`,
      { input: jsonBytes({ c: 17 }) },
    );
    scene.complete("a", { n: 3 }, "anna");
    const { details, onlyAgents } = scene.offer("b").effect;
    assert.deepEqual(details?.labels, { n: "3" });
    assert.deepEqual(details.limitKeys, ["customer-17"]);
    assert.deepEqual([details.idempotencyKey, details.stickyKey], ["r-b", "s"]);
    assert.equal(details.dueMs, Date.parse("2026-01-02T00:00:00Z"));
    assert.deepEqual(onlyAgents, ["anna"]);
  });

  it("name the members of their gang that have not ended", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks:\n  a: {uses: t.a, gang: g}\n  b: {uses: t.b, gang: g, retry: {attempts: 9, backoff: 1s..1s}}\n  c: {uses: t.c, gang: g}\n",
    );
    const gangs = () => ["a", "b", "c"].map((id) => scene.offer(id).effect.gang);
    const all = { name: "g", size: 3, started: false, elsewhere: 0 };
    assert.deepEqual(gangs(), [all, all, all]);
    scene.fail("b");
    scene.driver.advance(1_000);
    assert.deepEqual(gangs(), [all, all, all]);
    scene.complete("a");
    scene.fail("b");
    scene.driver.advance(1_000);
    assert.deepEqual(scene.offer("b").effect.gang, { ...all, size: 2 });
    scene.complete("c");
    scene.fail("b");
    scene.driver.advance(1_000);
    assert.equal(scene.offer("b").effect.gang, undefined);
  });
});

describe("a gang", () => {
  const source = `workflow: w
tasks:
  server: {uses: t.server, gang: g}
  each: {uses: t.each, gang: g, forEach: "\${{ input }}", placement: {pool: gpu}}
`;

  it("counts the entries of a list in another pool, also in offers from before", () => {
    const scene = RunScene.of(source, { input: jsonBytes([1, 2, 3]) });
    const gangs = ["server", "each[0]", "each[1]", "each[2]"].map((id) => scene.offer(id).effect.gang);
    const entry = { name: "g", size: 3, started: false, elsewhere: 1 };
    assert.deepEqual(gangs, [{ ...entry, size: 1, elsewhere: 3 }, entry, entry, entry]);
  });

  it("fails a list without entries, and its other members do not wait for a failed member", () => {
    const scene = RunScene.of(source, { input: jsonBytes([]) });
    assert.equal(scene.offer("server").effect.gang, undefined);
    scene.complete("server");
    assert.equal(endingOf(scene)?.error?.code, "workflow.gang_entries");
  });
});

describe("a task for each of a list", () => {
  const each = (options: string) => `
workflow: each
tasks:
  all: {uses: t.one, forEach: "\${{ input }}", with: {item: "\${{ item }}", at: "\${{ index }}"}${options}}
output: "\${{ tasks.all.output }}"
`;

  it("returns outputs in the order of entries, within its concurrency", () => {
    const scene = RunScene.of(each(", maxParallel: 2"), { input: jsonBytes(["a", "b", "c"]) });
    assert.deepEqual(scene.offered, ["all[0]", "all[1]"]);
    assert.deepEqual(jsonOf(scene.offer("all[1]").effect.input as Uint8Array), { item: "b", at: 1 });
    for (const id of ["all[1]", "all[0]", "all[2]"]) scene.complete(id, id);
    assert.deepEqual(jsonOf(endingOf(scene)?.output ?? new Uint8Array(0)), ["all[0]", "all[1]", "all[2]"]);
  });

  it("ends with the first that fails, and stops the others", () => {
    const scene = RunScene.of(each(", maxParallel: 2"), { input: jsonBytes([1, 2, 3]) });
    scene.fail("all[1]", "t.bad");
    assert.deepEqual(scene.offered, []);
    const ending = endingOf(scene);
    assert.deepEqual(
      [ending?.error?.code, ending?.error?.details],
      ["t.bad", { entry: "all[1]", task: "all" }],
    );
  });

  it("runs all entries with `failFast: false`, and then fails", () => {
    const scene = RunScene.of(each(", failFast: false"), { input: jsonBytes([1, 2, 3]) });
    scene.fail("all[1]", "t.bad");
    scene.complete("all[0]");
    scene.complete("all[2]");
    assert.equal(endingOf(scene)?.error?.code, "t.bad");
  });

  it("completes at once for an empty list, and fails for a value that is not a list", () => {
    assert.deepEqual(
      jsonOf(endingOf(RunScene.of(each(""), { input: jsonBytes([]) }))?.output ?? new Uint8Array(0)),
      [],
    );
    assert.equal(
      endingOf(RunScene.of(each(""), { input: jsonBytes({ a: 1 }) }))?.error?.code,
      "workflow.list_expected",
    );
  });

  it("fails if the list has more entries than the maximum of a run", () => {
    const scene = RunScene.of(
      'workflow: w\ntasks:\n  a: {uses: t.a, forEach: "${{ lists.range(100001) }}"}\n',
    );
    scene.driver.advance(1);
    assert.equal(endingOf(scene)?.error?.code, "workflow.too_many_entries");
  });

  it("starts a thousand entries in one step and the others in the next steps", () => {
    const known = new KnownDefinitions();
    const text =
      'workflow: w\ntasks:\n  a: {set: "${{ index }}", forEach: "${{ lists.range(2500) }}"}\noutput: "${{ size(tasks.a.output) }}"\n';
    const step = new PlainStep(runMachine({ plans: known }));
    step.start({ order: RunOrder.fromPartial({ hash: known.add(text) }) });
    assert.ok(step.events < 1_010 && step.state.putOffMs > 0, "the first thousand");
    step.finish(new Uint8Array(0));
    assert.equal(jsonOf(step.state.output as Uint8Array), 2_500);
  });
});

describe("the completed work of a run", () => {
  const saga = `
workflow: saga
tasks:
  book: {uses: t.book, with: {x: 1}, compensate: {uses: t.unbook, retry: {attempts: 2, backoff: 1s}}}
  pay: {uses: t.pay, needs: [book], compensate: {uses: t.refund, with: {id: "\${{ output.id }}", why: "\${{ error.code }}"}}}
  send: {uses: t.send, needs: [pay]}
`;

  it("is undone when it fails, last first", () => {
    const scene = RunScene.of(saga);
    scene.complete("book", "b");
    scene.complete("pay", { id: 9 });
    scene.fail("send", "t.lost");
    assert.equal(scene.offer("pay").effect.profile.capability, "t.refund");
    assert.deepEqual(jsonOf(scene.offer("pay").effect.input as Uint8Array), { id: 9, why: "t.lost" });
    scene.complete("pay");
    assert.deepEqual(jsonOf(scene.offer("book").effect.input as Uint8Array), {
      input: { x: 1 },
      output: "b",
    });
    scene.fail("book");
    scene.driver.advance(1_000);
    scene.complete("book");
    assert.equal(endingOf(scene)?.error?.code, "t.lost");
    assert.equal(scene.state.counts[TaskStatus.TASK_STATUS_COMPENSATED], 2);
  });

  it("is undone when it is cancelled, and failed compensations are reported", () => {
    const scene = RunScene.of(saga);
    scene.complete("book", "b");
    scene.complete("pay", { id: 9 });
    scene.driver.execute(scene.key, cancelRun, { reason: "no longer", noCompensate: false });
    assert.deepEqual(scene.offered, ["pay"], "running work is withdrawn");
    assert.equal(scene.driver.description(scene.key).status, WorkStatus.WORK_STATUS_CANCELLING);
    scene.fail("pay", "t.refused");
    scene.complete("book");
    const ending = endingOf(scene);
    assert.equal(ending?.status, WorkStatus.WORK_STATUS_CANCELLED);
    assert.deepEqual(ending.error?.details, { not_compensated: "pay" });
  });

  it("is kept by a retry, which repeats only failed tasks", () => {
    const scene = RunScene.of(chain);
    scene.complete("one", { n: 1 });
    scene.fail("two", "t.x");
    assert.equal(scene.driver.description(scene.key).status, WorkStatus.WORK_STATUS_FAILED);
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "mended", inputs: [] });
    assert.deepEqual(scene.offered, ["two"]);
    assert.equal(scene.offer("two").attempt, 2, "tokens go on");
    scene.complete("two", "ok");
    assert.equal(jsonOf(endingOf(scene)?.output ?? new Uint8Array(0)), "ok");
  });

  it("keeps completed entries of a list that is retried", () => {
    const scene = RunScene.of(
      'workflow: w\ntasks:\n  all: {uses: t.a, forEach: "${{ [1, 2, 3] }}"}\noutput: "${{ tasks.all.output }}"\n',
    );
    scene.complete("all[0]", "x");
    scene.fail("all[1]");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(scene.offered, ["all[1]", "all[2]"]);
    scene.complete("all[1]", "y");
    scene.complete("all[2]", "z");
    assert.deepEqual(jsonOf(endingOf(scene)?.output ?? new Uint8Array(0)), ["x", "y", "z"]);
  });

  it("is repaired manually: with an output, or with a skip that lets other tasks continue", () => {
    const scene = RunScene.of(chain);
    const offer = scene.offer("one");
    const repair = {
      $case: "output" as const,
      value: { body: { $case: "inline" as const, value: jsonBytes({ n: 5 }) }, mediaType: "" },
    };
    scene.driver.execute(scene.key, repairTask, { taskId: "one", repair, reason: "known" });
    assert.equal(scene.driver.settle(offer, completeTask, CompleteTask.fromPartial({})), "ignored");
    assert.deepEqual(jsonOf(scene.offer("two").effect.input as Uint8Array), { from: 5 });
    const late = scene.driver.execute(scene.key, repairTask, { taskId: "one", repair, reason: "again" });
    assert.ok(isRefusal(late) && late.code === "workflow.task_not_repairable");
    const skip = { $case: "skip" as const, value: { skipDependents: false } };
    scene.driver.execute(scene.key, repairTask, { taskId: "two", repair: skip, reason: "not needed" });
    assert.equal(endingOf(scene)?.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("is as it was after an event, and late results are ignored", () => {
    const scene = RunScene.of(chain);
    const { snapshots } = scene.machine;
    const before = snapshots.encode(scene.state);
    const first = scene.offer("one");
    scene.complete("one", { n: 1 });
    scene.complete("two", "end");
    scene.driver.execute(scene.key, resetRun, {
      toEvent: 2,
      snapshot: before,
      keepSignals: false,
      signals: [],
      reason: "again",
    });
    assert.deepEqual([scene.offered, scene.offer("one").attempt], [["one"], 2]);
    assert.equal(scene.driver.settle(first, completeTask, CompleteTask.fromPartial({})), "ignored");
    scene.complete("one", { n: 2 });
    assert.deepEqual(jsonOf(scene.offer("two").effect.input as Uint8Array), { from: 2 });
    scene.complete("two", "other");
    assert.equal(jsonOf(endingOf(scene)?.output ?? new Uint8Array(0)), "other");
    const wrong = {
      toEvent: 2,
      snapshot: RunSnapshotV1.encode(RunSnapshotV1.create()).finish(),
      keepSignals: false,
      signals: [],
      reason: "x",
    };
    const refused = scene.driver.execute(scene.key, resetRun, wrong);
    assert.ok(isRefusal(refused) && refused.code === "workflow.reset_invalid");
  });

  it("continues as a new run if the definition requires it", () => {
    const scene = RunScene.of(
      'workflow: w\ntasks:\n  a: {uses: t.a}\ncontinueAsNew: {with: {n: "${{ input.n + 1 }}"}}\n',
      { input: jsonBytes({ n: 1 }) },
    );
    scene.complete("a");
    const run = scene.driver.query(scene.key, showRun, { withPayloads: true });
    assert.ok(!isRefusal(run));
    assert.equal(run.status, WorkStatus.WORK_STATUS_CONTINUED);
    scene.driver.deliverAll();
    const result = run.outcome?.result;
    const next = { ...scene.key, id: result?.$case === "continued" ? result.value.id : "" };
    const going = scene.driver.query(next, showRun, { withPayloads: true });
    assert.ok(!isRefusal(going));
    assert.equal(going.incarnation, 2);
    const { body } = going.spec?.input ?? {};
    assert.deepEqual(body?.$case === "inline" ? jsonOf(body.value) : undefined, { n: 2 });
  });
});
