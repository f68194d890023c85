import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Assignment, BudgetEnd, TaskHold, WithdrawTasksRequest } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask, NoteAttempt, ReturnTask } from "@tutti/contracts/workflow/v1";
import { isEnded } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { isDone } from "@tutti/machine-work";
import {
  completeTask,
  failTask,
  noteAttempt,
  pauseMission,
  resumeMission,
  returnTask,
  withdrawTasks,
} from "../../index.ts";
import { accepted, codeOf, MissionScene, taskSpec } from "../../testing/index.ts";

const { TASK_STATUS_RUNNING: running, TASK_STATUS_QUEUED: queued, TASK_STATUS_HELD: held } = TaskStatus;
const gang = { gang: "training" };
const offered = { assignment: Assignment.ASSIGNMENT_OFFERED };

function start(scene: MissionScene, id: string, agent = "anna"): void {
  const body = NoteAttempt.fromPartial({ agent, startMs: scene.driver.nowMs });
  accepted(scene.driver.settle(scene.offer(id), noteAttempt, body));
}

function lose(scene: MissionScene, id: string): void {
  const body = ReturnTask.fromPartial({ retryAfterMs: 100, message: "gone", lost: true, agent: "anna" });
  accepted(scene.driver.settle(scene.offer(id), returnTask, body));
}

function fail(scene: MissionScene, id: string): void {
  const body = FailTask.fromPartial({ error: { code: "work.broken" }, agent: "anna" });
  accepted(scene.driver.settle(scene.offer(id), failTask, body));
}

function complete(scene: MissionScene, id: string): void {
  const body = CompleteTask.fromPartial({ output: Uint8Array.of(49), agent: "anna" });
  accepted(scene.driver.settle(scene.offer(id), completeTask, body));
}

function withdraw(scene: MissionScene, ...taskIds: string[]) {
  const body = WithdrawTasksRequest.fromPartial({ taskIds, reason: "moved" });
  return accepted(scene.driver.execute(scene.key, withdrawTasks, body));
}

const gangsOffered = (scene: MissionScene, ...ids: string[]) => ids.map((id) => scene.offer(id).effect.gang);

describe("tasks of a mission with the same gang", () => {
  const three = [taskSpec("a", gang), taskSpec("b", gang), taskSpec("c", gang)];

  it("are offered together, each with the number of members in its pool and in others", () => {
    const scene = MissionScene.of({
      ...offered,
      tasks: [
        taskSpec("before"),
        ...three.map(({ id }) => taskSpec(id, { ...gang, needs: [{ task: "before" }] })),
        taskSpec("far", { ...gang, needs: [{ task: "before" }], placement: { pool: "gpu" } }),
      ],
    });
    assert.deepEqual(scene.offers, ["before"]);
    complete(scene, "before");
    const gangFields = { name: "training", size: 3, started: false, elsewhere: 1 };
    assert.deepEqual(gangsOffered(scene, "a", "b", "c", "far"), [
      ...[gangFields, gangFields, gangFields],
      { ...gangFields, size: 1, elsewhere: 3 },
    ]);
  });

  for (const [title, tasks, spec, problem] of [
    ["a member alone", [taskSpec("a", gang)], {}, /expected 2 to 100 members that are added together, got 1/],
    [
      "more than 100 members",
      Array.from({ length: 101 }, (_, at) => taskSpec(`t${at}`, gang)),
      {},
      /expected 2 to 100 members that are added together, got 101/,
    ],
    [
      "more members than agents",
      three,
      { budget: { maxAgents: 2 } },
      /at most 2 members \(`maxAgents`\), got more/,
    ],
    [
      "tasks that are claimed",
      three,
      { assignment: Assignment.ASSIGNMENT_CLAIMED },
      /expected tasks that are offered/,
    ],
    [
      "members with other needs",
      [taskSpec("x"), taskSpec("a", gang), taskSpec("b", { ...gang, needs: [{ task: "x" }] })],
      {},
      /expected the same `needs` as a, got others/,
    ],
    ["a condition", [taskSpec("a", gang), taskSpec("b", { ...gang, when: "true" })], {}, /no `when`/],
    [
      "a child",
      [taskSpec("a", gang), taskSpec("b", { ...gang, work: { $case: "mission", value: { name: "flow" } } })],
      {},
      /no `mission`/,
    ],
  ] as const)
    it(`are rejected with ${title}`, () => {
      const order = { ...offered, ...spec, tasks: [...tasks] };
      assert.throws(() => MissionScene.of(order), problem);
    });

  it("are refused if the board has this gang, and accepted in a gang of their own", () => {
    const scene = MissionScene.of({ ...offered, tasks: three });
    const more = (name: string) => ["d", "e"].map((id) => taskSpec(id, { gang: name }));
    assert.equal(codeOf(scene.add(more("training"))), "mission.task_invalid");
    assert.equal(codeOf(scene.add(more("testing"))), "done");
    assert.equal(scene.offer("d").effect.gang?.size, 2);
  });

  it("cannot be claimed from a board that also offers them", () => {
    const scene = MissionScene.of({ tasks: [...three, taskSpec("alone")] });
    scene.join("anna");
    assert.deepEqual(
      scene.claim("anna", { count: 9 }).map(({ spec }) => spec?.id),
      ["alone"],
    );
  });

  it("wait for a member whose agent was lost before the start, but not for a member that failed for good", () => {
    const tasks = [
      taskSpec("a", gang),
      taskSpec("b", { ...gang, retry: { maxAttempts: 9 } }),
      taskSpec("c", gang),
    ];
    const scene = MissionScene.of({ ...offered, tasks });
    lose(scene, "b");
    assert.deepEqual(scene.offers, ["a", "c"]);
    assert.equal(scene.offer("a").effect.gang?.size, 3);
    scene.driver.advance(100);
    assert.deepEqual(gangsOffered(scene, "b"), [{ name: "training", size: 3, started: false, elsewhere: 0 }]);
    fail(scene, "c");
    assert.deepEqual(
      gangsOffered(scene, "a", "b").map((gang) => gang?.size),
      [2, 2],
    );
    start(scene, "a");
    lose(scene, "b");
    scene.driver.advance(100);
    assert.equal(scene.offer("b").effect.gang?.started, true, "the other one is running");
    fail(scene, "a");
    assert.equal(scene.offer("b").effect.gang, undefined, "it is alone");
  });

  it("can leave the mission only together", () => {
    const scene = MissionScene.of({ ...offered, tasks: three });
    assert.deepEqual(withdraw(scene, "a", "b"), { withdrawnTaskIds: [], begunTaskIds: ["a", "b"] });
    assert.deepEqual(withdraw(scene, "a", "b", "c").withdrawnTaskIds, ["a", "b", "c"]);
    assert.deepEqual(scene.offers, []);
  });

  it("are blocked together if the budget is too small for all, and start when another gang has ended", () => {
    const estimate = { tokens: 3 };
    const tasks = ["one", "two"].flatMap((name) =>
      [1, 2, 3].map((at) => taskSpec(`${name}${at}`, { gang: name, estimate })),
    );
    const scene = MissionScene.of({
      ...offered,
      tasks,
      budget: { amounts: { tokens: 14 }, whenUsedUp: BudgetEnd.BUDGET_END_FINISH },
    });
    const statuses = (name: string) => [1, 2, 3].map((at) => scene.task(`${name}${at}`).status);
    assert.deepEqual(statuses("one"), [queued, queued, queued]);
    assert.deepEqual(statuses("two"), [held, held, held]);
    assert.equal(scene.state.tasks[3]?.hold, TaskHold.TASK_HOLD_BUDGET);
    for (const at of [1, 2, 3]) complete(scene, `one${at}`);
    assert.deepEqual(statuses("two"), [queued, queued, queued]);
  });

  for (const [outcome, others, isAsked] of [
    ["asks for more if only members that run have the rest of the budget", [], true],
    [
      "is held while another task can return a part of the budget",
      [taskSpec("x", { estimate: { tokens: 3 } })],
      false,
    ],
  ] as const)
    it(`a lost member of a started gang ${outcome}`, () => {
      const retry = { maxAttempts: 9, initialMs: 10 };
      const tasks = ["a", "b"].map((id) => taskSpec(id, { ...gang, retry, estimate: { tokens: 3 } }));
      const budget = { amounts: { tokens: 7 + 3 * others.length } };
      const scene = MissionScene.of({ ...offered, tasks: [...tasks, ...others], budget });
      start(scene, "a", "agent-a");
      start(scene, "b");
      lose(scene, "b");
      scene.driver.advance(1_000);
      assert.equal(scene.state.tasks[1]?.hold, TaskHold.TASK_HOLD_BUDGET);
      assert.deepEqual([scene.state.isUsedUp, scene.state.openQuestions], [isAsked, isAsked ? 1 : 0]);
      assert.equal(scene.task("a").status, running);
      if (isAsked) return;
      complete(scene, "x");
      assert.equal(scene.task("b").status, queued);
    });

  it("are blocked together if there are too few places for agents", () => {
    const budget = { maxAgents: 3, amounts: { tokens: 99 } };
    const scene = MissionScene.of({ ...offered, tasks: [taskSpec("x"), ...three], budget });
    assert.deepEqual(scene.offers, ["x"]);
    start(scene, "x");
    assert.deepEqual(scene.offers, ["x", "a", "b", "c"]);
  });

  it("are offered again together after a pause", () => {
    const scene = MissionScene.of({ ...offered, tasks: three });
    accepted(scene.driver.execute(scene.key, pauseMission, { reason: "" }));
    assert.deepEqual(scene.offers, []);
    accepted(scene.driver.execute(scene.key, resumeMission, { reason: "" }));
    assert.deepEqual(
      gangsOffered(scene, "a", "b", "c").map((gang) => gang?.size),
      [3, 3, 3],
    );
  });
});

/**
 * Model of a pool for gangs: it starts a gang when all members that have not ended are here, and each has a
 * slot.
 */
class ModelPool {
  readonly scene: MissionScene;
  readonly slots: number;

  constructor(scene: MissionScene, slots: number) {
    this.scene = scene;
    this.slots = slots;
  }

  startAll(): number {
    const { tasks } = this.scene.state;
    let free = this.slots - tasks.filter(({ status }) => status === running).length;
    let started = 0;
    for (const name of new Set(tasks.map(({ spec }) => spec.gang))) {
      const members = tasks.filter(({ spec, status }) => spec.gang === name && status === queued);
      const [first] = members;
      if (first === undefined || members.length > free) continue;
      // A pool sees its members complete: the data in the offers is older.
      const isOpen = ({ spec, status }: (typeof tasks)[number]) => spec.gang === name && !isDone(status);
      const { size = 1, started: isLate = false } = this.scene.offer(first.spec.id).effect.gang ?? {};
      const openCount = tasks.filter(isOpen).length;
      assert.ok(size >= openCount, `an offer counts all of ${openCount} members`);
      if (!isLate && openCount !== members.length) continue;
      for (const { spec } of members) start(this.scene, spec.id, `agent-${spec.id}`);
      free -= members.length;
      started += members.length;
    }
    return started;
  }
}

describe("gangs of a mission", () => {
  it("start whole and end, also if members are lost, fail or are withdrawn", () => {
    let starts = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const { random } = seededChance(seed);
      const randomBelow = (below: number) => Math.floor(random() * below);
      const sizes = Array.from({ length: 1 + randomBelow(3) }, () => 2 + randomBelow(3));
      const tasks = sizes.flatMap((size, gang) =>
        Array.from({ length: size }, (_, at) =>
          taskSpec(`g${gang}.${at}`, {
            gang: `g${gang}`,
            retry: { maxAttempts: 3, initialMs: 10 },
            estimate: { tokens: 1 },
          }),
        ),
      );
      const budget = { amounts: { tokens: 4 + randomBelow(3) }, whenUsedUp: BudgetEnd.BUDGET_END_FINISH };
      const scene = MissionScene.of({ ...offered, tasks, budget });
      const pool = new ModelPool(scene, 4);
      const isOver = () => isEnded(scene.view.status) || scene.state.isUsedUp;
      for (let step = 0, mishaps = 10; !isOver(); step++) {
        assert.ok(step < 200, `seed ${seed}: it ends`);
        starts += pool.startAll();
        for (const name of sizes.map((_, at) => `g${at}`)) {
          const first = scene.state.tasks.filter(({ spec, startMs }) => spec.gang === name && startMs === 0);
          const open = first.filter(({ status }) => status < TaskStatus.TASK_STATUS_COMPLETED);
          const states = new Set(open.map(({ status }) => status));
          states.delete(TaskStatus.TASK_STATUS_RETRYING);
          assert.ok(states.size <= 1, `seed ${seed}: members that have not started wait in the same place`);
        }
        const [id] = scene.offers.slice(randomBelow(scene.offers.length));
        if (id === undefined) scene.driver.advance(1_000);
        else if (mishaps > 0 && random() < 0.5) {
          mishaps--;
          const kind = randomBelow(3);
          if (kind === 0) lose(scene, id);
          else if (kind === 1) fail(scene, id);
          else withdraw(scene, id);
        } else if (scene.task(id).status === running) complete(scene, id);
        else scene.driver.advance(1_000);
      }
    }
    assert.ok(starts > 500, `${starts} members started`);
  });
});
