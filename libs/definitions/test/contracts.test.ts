import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskList } from "@tutti/contracts/types/v1";
import { TaskKind } from "@tutti/contracts/workflow/v1";
import {
  checkDocument,
  definitionMessage,
  documentOfTasks,
  graphNodes,
  graphOf,
  printProblem,
  problemMessage,
  repeatedIds,
  usedBy,
} from "../src/index.ts";
import { check, definitionOf, everything, machine, planOf } from "./language.fixture.ts";

const inline = (value: unknown) => ({
  body: { $case: "inline" as const, value: new TextEncoder().encode(JSON.stringify(value)) },
});

describe("tasks of the contracts", () => {
  const list = TaskList.fromPartial({
    tasks: [
      {
        id: "1.a",
        work: { $case: "capability", value: "stock.reserve" },
        versionRange: "^2",
        input: inline({ n: "${{ input.n }}" }),
      },
      {
        id: "b",
        title: "B",
        work: { $case: "capability", value: "pay.charge" },
        needs: [{ task: "1.a", condition: 3 }],
        when: 'tasks["1.a"].output.n > 1',
        retry: {
          maxAttempts: 3,
          initialMs: 1_500,
          factor: 0,
          maxMs: 0,
          jitter: 0.1,
          retryOn: ["x.*"],
          pauseWhenExhausted: true,
        },
        timeouts: { runMs: 90_061_001 },
        priority: 3,
        dueTime: { seconds: 1_800_000_000, nanos: 0 },
        labels: { a: "b" },
        placement: { pool: "gpu", require: { equals: { a: "b" } }, sameAgentAs: ["1.a"] },
        resources: { cpu: 2 },
        checks: [{ name: "fine", condition: "output.ok", onFailure: 2, sendBackTo: "1.a", maxSendBacks: 2 }],
        limits: [
          { key: "k", maxConcurrent: 2, rate: { count: 5, perMs: 1_000, burst: 0 }, resources: { cpu: 4 } },
        ],
        compensate: { capability: "undo.it", input: inline(1) },
        idempotencyKey: "key",
      },
      {
        id: "c",
        work: { $case: "workflow", value: { name: "billing", version: { $case: "label", value: "stable" } } },
      },
    ],
    output: "tasks.b.output",
  });

  it("become a definition with all of their properties", () => {
    const { definition, problems } = checkDocument(documentOfTasks("tasks", list));
    // Its condition can skip `b`.
    assert.deepEqual(problems.map(printProblem), [
      ": warning: output: `b` can be skipped. It has no output then, and the run fails. Guard it with `has(tasks.b.output)`",
    ]);
    const plan = definition?.plan;
    assert.deepEqual(
      plan?.tasks.map(({ id, kind, needs }) => [id, kind, needs]),
      [
        ["1.a", "uses", 0],
        ["b", "uses", 1],
        ["c", "workflow", 0],
      ],
    );
    assert.deepEqual(plan?.edges.conditions, [2]);
    const policy = plan?.policies[plan.tasks[1]?.policy ?? -1];
    assert.deepEqual(policy?.retry, {
      maxAttempts: 3,
      initialMs: 1_500,
      factor: 2,
      maxMs: 60_000,
      jitter: 0.1,
      retryOn: ["x.*"],
      failOn: [],
      pauseWhenExhausted: true,
    });
    assert.equal(policy?.timeouts.runMs, 90_061_001);
    assert.equal(plan?.programs[policy?.dueTime ?? -1]?.source, "2027-01-15T08:00:00.000Z");
    assert.deepEqual(policy?.checks[0]?.sendBackTo, 0);
    assert.deepEqual(
      policy?.limits.map(({ concurrency, rateCount, resources }) => [concurrency, rateCount, resources]),
      [[2, 5, { cpu: 4 }]],
    );
    assert.deepEqual(plan?.works[0], {
      kind: "uses",
      capability: "stock.reserve",
      versionRange: "^2",
    });
  });

  it("are distinguished by their ids", () => {
    assert.deepEqual(repeatedIds(TaskList.fromPartial({ tasks: [{ id: "a" }, { id: "b" }, { id: "a" }] })), [
      "a",
    ]);
  });
});

describe("the contract message of a definition", () => {
  it("is built from its plan", () => {
    const message = definitionMessage(definitionOf(everything));
    assert.deepEqual(
      [message.name, message.hash.length, message.taskCount, message.kind],
      ["shop.everything", 64, 19, 1],
    );
    assert.deepEqual(
      message.entries.map(({ name, kind }) => [name, kind]),
      [
        ["paid", 1],
        ["progress", 2],
        ["annotate", 3],
      ],
    );
    assert.ok(message.uses.includes("stock.release") && message.uses.includes("billing.invoice"));
    assert.equal(definitionMessage(definitionOf(machine)).kind, 2);
    assert.equal(usedBy(planOf(machine)).length, 4);
  });

  it("lists tasks in topological order", () => {
    const nodes = graphNodes(planOf(everything));
    assert.equal(nodes.length, 19);
    const visited = new Set<string>();
    for (const { taskId, needs, level } of nodes) {
      for (const { task } of needs)
        assert.ok(visited.has(task) || taskId.includes("/"), `${taskId} comes after ${task}`);
      assert.equal(level > 0, needs.length > 0);
      visited.add(taskId);
    }
    const good = nodes.find(({ taskId }) => taskId === "good");
    assert.deepEqual([good?.kind, good?.backTo], [TaskKind.TASK_KIND_GATE, ["ship"]]);
    assert.ok(nodes.some(({ taskId }) => taskId === "poll/judge"));
  });

  it("lists states with their targets", () => {
    const nodes = graphNodes(planOf(machine));
    assert.deepEqual(
      nodes.map(({ taskId, backTo }) => [taskId, [...backTo].sort()]),
      [
        ["closed", ["closed", "forgotten", "opened"]],
        ["opened", ["broken", "closed", "forgotten"]],
        ["broken", []],
        ["forgotten", []],
      ],
    );
  });

  it("has problems with their severity", () => {
    const [problem] = check("workflow: w\ntasks: {a: {uses: x, when: false}}").problems;
    assert.ok(problem !== undefined);
    assert.deepEqual([problemMessage(problem).severity, problemMessage(problem).line], [2, 2]);
  });
});

describe("the graph of a definition", () => {
  const timed = (second: string) =>
    graphOf(
      planOf(
        `workflow: w\ntasks:\n  a: {uses: t.a, cost: {duration: 2s}}\n  b: {uses: t.b, needs: [a]${second}}\n  sum: {set: {x: 1}, needs: [b]}\n`,
      ),
    );

  it("has no duration for a task of unknown duration, or for a path through such a task", () => {
    const graph = timed("");
    assert.deepEqual(
      graph.nodes.map(({ taskId, expectedMs }) => [taskId, expectedMs]),
      [
        ["a", 2_000],
        ["b", 0],
        ["sum", 0],
      ],
    );
    assert.deepEqual([graph.criticalPath, graph.criticalPathMs, graph.workMs], [["a", "b", "sum"], 0, 0]);
  });

  it("has the duration of the critical path if all durations on it are known", () => {
    const { criticalPathMs, workMs } = timed(", cost: {duration: 3s}");
    assert.deepEqual([criticalPathMs, workMs], [5_000, 5_000]);
  });
});
