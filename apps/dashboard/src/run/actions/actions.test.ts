import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runFacts, task } from "../testing/facts.ts";
import {
  actionsOf,
  callOf,
  canChangeInput,
  canRepair,
  canRetryTask,
  commandOf,
  decisionOf,
  explanationOf,
  repairOf,
  retryTasksOf,
  runPath,
  signalOf,
  similarRunOf,
} from "./actions.ts";

const run = runFacts({ id: "pay 500/a" });

describe("a run and its actions", () => {
  for (const [state, names] of [
    ["running", "pause,cancel,terminate"],
    ["paused", "resume,cancel,terminate"],
    ["cancelling", "terminate"],
    ["failed", "retry"],
    ["completed", ""],
  ] as const)
    it(`${state}: ${names || "nothing"}`, () =>
      assert.equal(
        actionsOf({ state })
          .map(({ name }) => name)
          .join(),
        names,
      ));

  it("asks for confirmation if a retry would fail again because the budget is used up", () => {
    const spent = { code: "agent.run_budget_exhausted", message: "", details: {}, cause: undefined };
    const [retry] = actionsOf({ state: "failed", failure: spent });
    assert.match(retry?.question ?? "", /used its budget.*fails again/);
    assert.equal(
      actionsOf({ state: "failed", failure: { ...spent, code: "Error" } })[0]?.question,
      undefined,
    );
    assert.equal(canRetryTask({ state: "failed" }, task("a", { state: "failed" })), true);
  });

  it("has a REST call and a CLI command that a shell accepts", () => {
    const [pause] = actionsOf(run);
    assert.ok(pause);
    assert.deepEqual(callOf(run, pause, "it's lunch"), {
      method: "POST",
      path: "/v1/runs/pay%20500%2Fa/pause",
      body: { reason: "it's lunch" },
    });
    assert.equal(commandOf(run, pause, "it's lunch"), "tutti pause 'pay 500/a' --reason 'it'\\''s lunch'");
  });

  it("is terminated by the command that cancels, at once", () => {
    const terminate = actionsOf(run).find(({ name }) => name === "terminate");
    assert.ok(terminate);
    assert.equal(commandOf(runFacts(), terminate, ""), "tutti cancel r1 --now");
  });

  it("names a namespace other than the default", () => {
    const other = runFacts({ id: "r1", namespace: "team" });
    assert.equal(runPath(other, ["why"], { task: "a" }), "/v1/runs/r1/why?task=a&namespace=team");
    assert.match(explanationOf(other, "a").command ?? "", /--namespace team$/);
  });

  it("sends a signal, decides an approval, repairs a task, and retries tasks", () => {
    assert.deepEqual(signalOf(run, "paid", { cents: 5 }).call.body, { cents: 5 });
    assert.equal(signalOf(runFacts(), "go", undefined).command, "tutti signal r1 go");
    assert.equal(signalOf(runFacts(), "paid", { cents: 5 }).command, `tutti signal r1 paid '{"cents":5}'`);
    const rejection = decisionOf(
      runFacts(),
      { approvalId: "sure..1", task: "sure" },
      { verdict: "rejected", data: undefined, reason: "too much" },
    );
    assert.deepEqual(rejection.call, {
      method: "POST",
      path: "/v1/approvals/sure..1",
      body: { runId: "r1", verdict: "rejected", reason: "too much" },
    });
    assert.equal(rejection.command, "tutti approve r1 sure --reject --reason 'too much'");
    assert.deepEqual(repairOf(run, "ship[3]", { kind: "skip", skipDependents: false }, "known").body, {
      skip: {},
      reason: "known",
    });
    assert.deepEqual(repairOf(run, "a", { kind: "input", input: 5 }, "r").body, { input: 5, reason: "r" });
    assert.deepEqual(repairOf(run, "a", { kind: "output", output: [1] }, "r").body, {
      output: [1],
      reason: "r",
    });
    const ids = ["each[0]", "each[3]"];
    const { call, command } = retryTasksOf(runFacts(), ids);
    assert.deepEqual(call.body, { taskIds: ids });
    assert.equal(command, "tutti retry r1 --task 'each[0]' --task 'each[3]'");
    assert.equal(retryTasksOf(runFacts(), new Array(21).fill("a")).command, undefined);
  });

  it("can be started again with the same input and labels", () => {
    const { call, command } = similarRunOf(runFacts({ input: { n: 1 }, labels: { who: "anna" } }));
    assert.deepEqual(call.body, { definition: { name: "order" }, input: { n: 1 }, labels: { who: "anna" } });
    assert.equal(command, `tutti run order --input '{"n":1}' --label who=anna`);
  });
});

describe("a task and its actions", () => {
  it("is repaired while its run continues, except after a success", () => {
    assert.equal(canRepair({ state: "running" }, task("a", { state: "retrying" })), true);
    assert.equal(canRepair({ state: "running" }, task("a", { state: "failed" })), true);
    assert.equal(canRepair({ state: "running" }, task("a", { state: "completed" })), false);
    assert.equal(canRepair({ state: "failed" }, task("a", { state: "failed" })), false);
  });

  it("runs with another input in a run that failed or has not ended, if it has an input", () => {
    for (const [state, kind, expected] of [
      ["running", "uses", true],
      ["failed", "uses", true],
      ["failed", "workflow", true],
      ["completed", "uses", false],
      ["failed", "wait", false],
    ] as const)
      assert.equal(canChangeInput({ state }, task("a", { kind })), expected, `${kind} in a ${state} run`);
    assert.equal(canChangeInput({ state: "failed" }, task("a[1]", { kind: "uses", parentId: "a" })), false);
  });

  it("is tried again once the run has failed", () => {
    assert.equal(canRetryTask({ state: "failed" }, task("a", { state: "failed" })), true);
    assert.equal(canRetryTask({ state: "running" }, task("a", { state: "failed" })), false);
    assert.equal(canRetryTask({ state: "failed" }, task("a", { state: "completed" })), false);
  });
});
