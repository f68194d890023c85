import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AddTasks,
  BringInOutcomes,
  RepairTask,
  type TasksAdded,
  WithdrawTasks,
} from "@tutti/contracts/workflow/v1";
import { checkAddition, type TaskDocument } from "@tutti/definitions";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { cancelRun, pauseRun, resumeRun } from "../../life/control/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { repairTask, retryRun } from "../../life/repair/commands.ts";
import { addTasks, bringInOutcomes, withdrawTasks } from "../../life/results/additions.ts";
import { endingOf } from "../../life/run/end.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";

const text = `workflow: grows
tasks:
  plan: {uses: test.plan}
  side: {uses: test.side}
  grow: {spawn: {tasks: tasks.plan.output, max: 3}}
  after: {uses: test.after, needs: [grow], with: "\${{ tasks.grow.output }}"}
`;

function grown(tasks: unknown, more = text): RunScene {
  const scene = RunScene.of(more);
  scene.complete("plan", tasks);
  return scene;
}

it("tasks that are added have the retry defaults of the definition", () => {
  const scene = grown(
    [{ id: "x", uses: "test.x" }],
    text.replace("workflow: grows", "workflow: grows\ndefaults: {retry: {attempts: 2, backoff: 10ms}}"),
  );
  scene.fail("x");
  scene.driver.advance(100);
  assert.deepEqual(scene.offered, ["side", "x"]);
  scene.fail("x");
  scene.driver.advance(100);
  assert.deepEqual(scene.offered, ["side"]);
});

function add(scene: RunScene, tasks: Readonly<Record<string, TaskDocument>>, parentTaskId = "") {
  const { definition, problems } = checkAddition(tasks, { exists: (id) => !(id in tasks) });
  assert.ok(definition?.plan !== undefined, JSON.stringify(problems));
  const body = AddTasks.fromPartial({ plan: jsonBytes(definition.plan), parentTaskId });
  return scene.driver.execute(scene.key, addTasks, body) as TasksAdded | Refusal;
}

const two = [
  { id: "leaf", uses: "test.leaf", retry: 1, with: { n: 1 } },
  { id: "fruit", uses: "test.fruit", retry: 1, needs: ["leaf", "side"], with: "${{ tasks.leaf.output }}" },
];

describe("a task that adds tasks", () => {
  it("adds the tasks of a result, which may need earlier tasks, and returns their outputs by id", () => {
    const scene = grown(two);
    assert.deepEqual(scene.offered, ["side", "leaf"]);
    scene.complete("leaf", "green");
    assert.deepEqual(scene.offered, ["side"], "it needs a task that was there before");
    const explanation = scene.driver.query(scene.key, explain, { taskId: "fruit" }) as { summary: string };
    assert.match(explanation.summary, /needs `side`/);
    scene.complete("side");
    assert.equal(jsonOf(scene.offer("fruit").effect.input as Uint8Array), "green");
    scene.complete("fruit", "red");
    const output = jsonOf(scene.offer("after").effect.input as Uint8Array);
    assert.deepEqual(output, { leaf: "green", fruit: "red" });
  });

  it("starts added tasks whose needs have already ended, and skips tasks whose needs cannot be met", () => {
    const scene = RunScene.of(text);
    scene.complete("side");
    scene.complete("plan", [
      { id: "leaf", uses: "test.leaf", retry: 1, needs: ["side"] },
      { id: "never", uses: "test.never", needs: [{ task: "side", on: "failure" }] },
    ]);
    assert.deepEqual(scene.offered, ["leaf"]);
    scene.complete("leaf", 1);
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { leaf: 1 });
  });

  it("completes at once if there are no tasks to add", () => {
    assert.deepEqual(jsonOf(grown([]).offer("after").effect.input as Uint8Array), {});
  });

  it("fails with the error of the first of them that fails", () => {
    const scene = grown(two);
    scene.fail("leaf", "test.rotten");
    scene.complete("side");
    const { error } = endingOf(scene.state);
    assert.deepEqual([error?.code, error?.details["part"]], ["test.rotten", "leaf"]);
  });

  it("waits again for its tasks when a retry reopens them before it has ended", () => {
    const scene = RunScene.of(`workflow: grows
tasks:
  plan: {uses: test.plan, retry: 1}
  side: {uses: test.side, needs: [plan]}
  grow: {spawn: {tasks: "[{'id': 'leaf', 'uses': 'test.leaf', 'needs': ['side']}]"}}
  after: {uses: test.after, needs: [grow], with: "\${{ tasks.grow.output }}"}
`);
    scene.driver.execute(scene.key, pauseRun, { reason: "look" });
    scene.fail("plan");
    // The leaf cannot run: its owner would end with the next step, but the run is paused.
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["plan"]);
    scene.complete("plan");
    scene.complete("side");
    assert.deepEqual(scene.offered, ["leaf"]);
    scene.complete("leaf", "green");
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { leaf: "green" });
  });

  it("with `returnErrors` returns the error of each failed task in place of its output", () => {
    const more = text.replace("max: 3", "max: 3, returnErrors: true");
    const scene = grown([...two, { id: "root", uses: "test.root" }], more);
    scene.fail("leaf", "test.rotten");
    scene.complete("side");
    scene.complete("root", 7);
    const output = jsonOf(scene.offer("after").effect.input as Uint8Array);
    const { message, ...leaf } =
      (output as Record<string, { error: Record<string, string> }>)["leaf"]?.error ?? {};
    assert.deepEqual([Object.keys(output as object), leaf], [["leaf", "root"], { code: "test.rotten" }]);
    assert.match(message ?? "", /\S/);
    scene.complete("after");
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("names the problem of invalid tasks", () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      ["no list", /expected a list|cannot|list/],
      [[{ uses: "x" }], /`id` at place 0/],
      [
        [
          { id: "a", uses: "x" },
          { id: "a", uses: "x" },
        ],
        /`a` a second time/,
      ],
      [[{ id: "plan", uses: "x" }], /there is a task `plan` already/],
      [[{ id: "a", uses: "x", needs: ["b"] }], /b/],
      [[{ id: "a", uses: "x", needs: ["after"] }], /after waits for grow itself/],
      [[1, 2, 3, 4].map((n) => ({ id: `t${n}`, uses: "x" })), /at most 3 tasks, got 4/],
    ];
    for (const [tasks, expected] of wrong) {
      const scene = grown(tasks);
      scene.complete("side");
      const { error } = endingOf(scene.state);
      assert.match(error?.message ?? "", expected);
      if (tasks !== "no list") assert.equal(error?.code, "workflow.addition_invalid");
    }
  });

  it("may add loops, lists and further tasks, and restarts after a retry", () => {
    const tasks = [
      {
        id: "loop",
        loop: {
          max: 2,
          until: "round.number == 2",
          tasks: { in: { uses: "test.in", with: "${{ round.number }}" } },
        },
      },
      { id: "list", forEach: "${{ [1, 2] }}", set: "${{ item }}" },
      { id: "deeper", spawn: "${{ [{'id': 'deep', 'uses': 'test.deep', 'retry': 1}] }}" },
    ];
    const scene = grown(tasks);
    assert.deepEqual(scene.offered, ["side", "loop#1.in", "deep"]);
    scene.complete("loop#1.in");
    assert.equal(jsonOf(scene.offer("loop#2.in").effect.input as Uint8Array), 2);
    scene.fail("deep");
    scene.complete("loop#2.in");
    scene.complete("side");
    assert.equal(endingOf(scene.state).error?.code, "test.broken");
    scene.driver.execute(scene.key, retryRun, { taskIds: [], reason: "", inputs: [] });
    assert.deepEqual(scene.offered, ["loop#1.in", "deep"], "its tasks are others now");
  });

  it("blocks the repair of its needs once one of its tasks has started", () => {
    const scene = grown([{ id: "leaf", uses: "test.leaf", retry: 1, needs: ["side"] }]);
    scene.complete("side");
    assert.deepEqual(scene.offered, ["leaf"]);
    const repair = { $case: "skip", value: { skipDependents: false } } as const;
    const body = RepairTask.fromPartial({ taskId: "side", repair, reason: "no" });
    const answer = scene.driver.execute(scene.key, repairTask, body);
    assert.ok(isRefusal(answer) && answer.code === "workflow.task_not_repairable");
  });

  it("is cancelled with the tasks that it added", () => {
    const scene = grown(two);
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.deepEqual(scene.offered, []);
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_CANCELLED);
  });
});

describe("tasks that are added from outside", () => {
  it("are done with the others: the run ends when they have", () => {
    const scene = RunScene.of(`workflow: small
tasks:
  one: {uses: test.one}
`);
    assert.deepEqual(
      add(scene, { two: { uses: "test.two", needs: ["one"], with: "${{ tasks.one.output }}" } }),
      {
        total: 2,
      },
    );
    scene.complete("one", 7);
    assert.equal(jsonOf(scene.offer("two").effect.input as Uint8Array), 7);
    scene.complete("two");
    assert.deepEqual(jsonOf(endingOf(scene.state).output), { one: 7 });
  });

  it("join the tasks that a task has added, and that task waits for them too", () => {
    const scene = grown([two[0]]);
    add(scene, { twig: { uses: "test.twig" } }, "grow");
    scene.complete("leaf", 1);
    assert.deepEqual(scene.offered, ["side", "twig"]);
    scene.complete("twig", 2);
    assert.deepEqual(jsonOf(scene.offer("after").effect.input as Uint8Array), { leaf: 1, twig: 2 });
  });

  it("are rejected if they are invalid or conflict with the tasks of the run", () => {
    const scene = grown(two);
    const problem = (answer: TasksAdded | Refusal) => (isRefusal(answer) ? answer.message : "taken");
    assert.match(problem(add(scene, { leaf: { uses: "x" } })), /a task leaf already/);
    assert.match(
      problem(add(scene, { a: { uses: "x", needs: ["gone"] } })),
      /task gone that is needed, got none/,
    );
    assert.match(problem(add(scene, { a: { uses: "x" } }, "plan")), /of the kind spawn/);
    assert.match(problem(add(scene, { a: { uses: "x", needs: ["after"] } }, "grow")), /after waits for grow/);
    const garbage = AddTasks.fromPartial({ plan: jsonBytes("x") });
    assert.match(
      problem(scene.driver.execute(scene.key, addTasks, garbage) as Refusal),
      /plan of checked tasks/,
    );
  });
});

describe("tasks that are done outside the run", () => {
  it("are withdrawn before they start, and end with their outcomes", () => {
    const scene = RunScene.of(text);
    const answer = scene.driver.execute(
      scene.key,
      withdrawTasks,
      WithdrawTasks.fromPartial({ taskIds: ["grow", "side"] }),
    );
    assert.deepEqual(answer, { withdrawnTaskIds: ["grow"], begunTaskIds: ["side"] });
    scene.complete("plan", two);
    assert.deepEqual(scene.offered, ["side"], "nothing begins it");
    const explanation = scene.driver.query(scene.key, explain, { taskId: "grow" }) as { summary: string };
    assert.match(explanation.summary, /executed outside this run/);
    const completed = {
      $case: "completed",
      value: { body: { $case: "inline", value: jsonBytes(9) } },
    } as const;
    const outcomes = ["grow", "side"].map((taskId) => ({ taskId, outcome: { result: completed } }));
    const reply = scene.driver.execute(scene.key, bringInOutcomes, BringInOutcomes.fromPartial({ outcomes }));
    assert.deepEqual(reply, { refusedTaskIds: ["side"] });
    assert.equal(jsonOf(scene.offer("after").effect.input as Uint8Array), 9);
  });

  it("are skipped if they were cancelled outside, and the run completes", () => {
    const scene = RunScene.of(text);
    scene.driver.execute(scene.key, withdrawTasks, WithdrawTasks.fromPartial({ taskIds: ["grow"] }));
    scene.complete("plan", two);
    const cancelled = { $case: "cancelled", value: { code: "test.unwanted", message: "nobody" } } as const;
    const outcomes = [{ taskId: "grow", outcome: { result: cancelled } }];
    scene.driver.execute(scene.key, bringInOutcomes, BringInOutcomes.fromPartial({ outcomes }));
    scene.complete("side");
    assert.equal(endingOf(scene.state).status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("stay withdrawn even when they could start, and can fail", () => {
    const scene = RunScene.of(text);
    scene.driver.execute(scene.key, pauseRun, { reason: "" });
    scene.complete("plan", two);
    scene.driver.execute(scene.key, withdrawTasks, WithdrawTasks.fromPartial({ taskIds: ["grow"] }));
    scene.driver.execute(scene.key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offered, ["side"]);
    const failed = { $case: "failed", value: { code: "test.elsewhere", message: "it broke there" } } as const;
    const outcomes = [{ taskId: "grow", outcome: { result: failed } }];
    scene.driver.execute(scene.key, bringInOutcomes, BringInOutcomes.fromPartial({ outcomes }));
    scene.complete("side");
    assert.equal(endingOf(scene.state).error?.code, "test.elsewhere");
    assert.equal(scene.state.counts[TaskStatus.TASK_STATUS_SKIPPED], 1);
  });
});
