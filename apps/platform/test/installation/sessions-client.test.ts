/** Sessions as a program uses them, on a whole installation: start, watch, control, explain, and typed results. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

declare module "@tutti/sdk/client" {
  interface Capabilities {
    "number.double": { readonly output: number };
  }
}

describe("sessions from a program", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "done",
      (error: unknown) => (isTuttiError(error) ? error.code : String(error)),
    );

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "hand" });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    worker.handle(
      "nobody.ends",
      (_, { signal }) => new Promise((end) => signal.addEventListener("abort", end)),
    );
    worker.handle("text.fail", () => {
      throw new Error("no ink");
    });
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const chain = [
    { id: "one", uses: "number.double", input: { n: 1 } },
    { id: "two", uses: "number.double", needs: ["one"], input: { n: "${{ tasks.one.output }}" } },
  ] as const;

  it("is started by one call, and returns typed outputs by task id", async () => {
    const tasks = chain;
    const session = await tutti.run({ tasks, mode: "adaptive", optimization: true, monitoring: true });
    const result = await session.result();
    const two: number = result.two;
    assert.deepEqual([result.one, two], [2, 4]);
    // @ts-expect-error there is no such task
    assert.equal(result.three, undefined);
    const { state, status, effectiveMode, spec } = await session.get();
    assert.deepEqual([state, status], ["completed", WorkStatus.WORK_STATUS_COMPLETED]);
    assert.ok(effectiveMode !== Mode.MODE_ADAPTIVE && effectiveMode !== Mode.MODE_UNSPECIFIED);
    assert.deepEqual(spec?.optimization, { time: 0, cost: 0, quality: 0, exploration: 0, fixed: false });
  });

  for (const mode of ["workflow", "swarm", "intelligence", "hybrid"] as const)
    it(`returns its output in the mode ${mode}, and a repeated start returns the same session`, async () => {
      const session = await tutti.run({
        id: `in-${mode}`,
        tasks: chain,
        mode,
        output: "tasks.two.output",
      });
      assert.equal(await session.result<number>(), 4);
      assert.equal(
        (await tutti.run({ id: `in-${mode}`, tasks: chain, mode, output: "tasks.two.output" })).existed,
        true,
      );
    });

  for (const mode of ["workflow", "swarm", "intelligence", "hybrid"] as const)
    it(`a skipped task satisfies a plain need, but not a need that reads its output or requires success, in the mode ${mode}`, async () => {
      const uses = "number.double";
      const tasks = [
        { id: "first", uses, when: "false", input: { n: 1 } },
        { id: "plain", uses, needs: ["first"], input: { n: 2 } },
        { id: "done", uses, needs: [{ task: "first", end: "done" }], input: { n: 2 } },
        { id: "success", uses, needs: [{ task: "first", end: "success" }], input: { n: 2 } },
        { id: "reads", uses, needs: ["first"], input: { n: "${{ tasks.first.output }}" } },
      ] as const;
      const session = await tutti.run({ tasks, mode, output: "1" });
      await session.result();
      const statuses = (await session.tasks()).map(({ spec, status }) => [spec?.id, status]);
      assert.deepEqual(statuses, [
        ["first", TaskStatus.TASK_STATUS_SKIPPED],
        ["plain", TaskStatus.TASK_STATUS_COMPLETED],
        ["done", TaskStatus.TASK_STATUS_COMPLETED],
        ["success", TaskStatus.TASK_STATUS_SKIPPED],
        ["reads", TaskStatus.TASK_STATUS_SKIPPED],
      ]);
    });

  it("is watched to its end, with tasks and parts", async () => {
    const session = await tutti.run({ tasks: chain, mode: "workflow" });
    const ended = new Set<string>();
    let last: WorkStatus | undefined;
    for await (const { session: now, tasks } of session.watch()) {
      last = now?.status ?? last;
      for (const { spec, endTime } of tasks) if (endTime !== undefined) ended.add(spec?.id ?? "");
    }
    assert.equal(last, WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual([...ended].sort(), ["one", "two"]);
    const tasks = await session.tasks({ withPayloads: true });
    assert.deepEqual(
      tasks.map(({ spec, agentId }) => [spec?.id, agentId]),
      [
        ["one", "hand"],
        ["two", "hand"],
      ],
    );
  });

  it("is paused, resumed, and accepts more tasks meanwhile", async () => {
    const tasks = [{ id: "late", uses: "nobody.ends" }, ...chain];
    const session = await tutti.run({ tasks, mode: "swarm" });
    await session.pause("not now");
    assert.equal((await session.get()).state, "paused");
    const paused: string[] = [];
    for await (const { sessionId } of tutti.sessions.list({ statuses: ["paused"] })) paused.push(sessionId);
    assert.ok(paused.includes(session.id));
    await session.addTasks([{ id: "three", uses: "number.double", input: { n: 3 } }]);
    await session.resume();
    const done = new Set<string>();
    for await (const change of session.watch()) {
      for (const { spec, endTime } of change.tasks) if (endTime !== undefined) done.add(spec?.id ?? "");
      if (done.has("three") && done.has("two")) break;
    }
    await session.cancel("enough");
    assert.equal(await codeOf(session.result()), "session.cancelled");
  });

  it("explains its state, and how its mode was chosen", async () => {
    const session = await tutti.run({ tasks: [{ id: "wait", uses: "nobody.ends" }] });
    for await (const { session: now } of session.watch()) if (now?.parts.length) break;
    const { choices, ...explanation } = await session.why();
    assert.notEqual(explanation.summary, "");
    assert.equal(choices.length > 0, true);
    assert.equal(choices[0]?.kind, "mode");
    await session.terminate();
    assert.equal(await codeOf(session.result()), "session.terminated");
  });

  it("fails with the error of the task that failed", async () => {
    const session = await tutti.run({ tasks: [{ id: "bad", uses: "text.fail" }], mode: "workflow" });
    assert.equal(await codeOf(session.result()), "session.tasks_failed");
    // Lists are read from the index, which lags a moment.
    await until("the session among those that failed", async () => {
      const statuses = [WorkStatus.WORK_STATUS_FAILED];
      for await (const { sessionId } of tutti.sessions.list({ statuses }))
        if (sessionId === session.id) return true;
      return false;
    });
  });

  it("refuses impossible tasks at once, and names the task", async () => {
    const circle = [
      { id: "a", uses: "number.double", needs: ["b"] },
      { id: "b", uses: "number.double", needs: ["a"] },
    ];
    await assert.rejects(tutti.run({ tasks: circle }), /\ba\b/);
    assert.equal(
      await codeOf(tutti.run({ tasks: [{ id: "a", uses: "nobody.does" }] })),
      "session.capability_unknown",
    );
    const dangling = [{ id: "a", uses: "number.double", needs: ["gone"] }];
    await assert.rejects(tutti.run({ tasks: dangling }), /gone/);
    // @ts-expect-error a key that no task has
    await assert.rejects(tutti.run({ tasks: [{ id: "a", use: "number.double" }] }));
  });
});
