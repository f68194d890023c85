import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { Agent } from "@tutti/contracts/swarm/v1";
import { describedAs } from "@tutti/machine-entities/experience";
import { moveTasks, placeTasks, type SessionView } from "@tutti/machine-session";
import { accepted, SessionScene, taskSpec } from "@tutti/machine-session/testing";
import { Estimates } from "@tutti/planner";
import { type Drafted, draft } from "./draft.ts";

const { MODE_INTELLIGENCE: planned, MODE_SWARM: swarm } = Mode;
const agents = ["anna", "bert"].map((agentId) =>
  Agent.fromPartial({
    ...{ agentId, pool: "default" },
    offering: { slots: 4, capabilities: [{ name: "work", version: "1.0.0" }] },
  }),
);

/** Returns a planned part, by default of three tasks, and its plans. */
function planner({ specs = [taskSpec("a"), taskSpec("b"), taskSpec("c")], slots = 10, durationMs = 0 } = {}) {
  const scene = SessionScene.of(planned, specs);
  scene.confirm();
  const { driver, key } = scene;
  const times = new Estimates();
  const kind = describedAs({ capability: "work", version: "", definition: "", definitionTask: "" });
  const learned = { ...kind, agentId: "", inputBytes: 0 };
  if (durationMs > 0) for (let each = 0; each < 20; each++) times.learn(learned, durationMs);
  let before: Drafted | undefined;
  return {
    scene,
    /** Returns the ids of the tasks that start now. */
    plan() {
      const view: SessionView = scene.state;
      const tasks = view.tasks.filter(({ part, endMs }) => part === 0 && endMs === 0);
      const drafted = draft({ view, part: 0, tasks, fleet: { agents, requestedMs: 0 }, times, before });
      const isSame = drafted === before;
      before = drafted;
      const free = drafted.freeSlots(view, slots);
      const begin: string[] = [];
      for (;;) {
        const next = drafted.plan.next({ freeSlots: (agent) => free[agent] ?? 0 }, driver.nowMs);
        if (next === undefined) break;
        const number = drafted.numbers[next.task] ?? -1;
        drafted.started.add(number);
        begin.push(view.tasks[number]?.spec.id ?? "");
      }
      const ahead = drafted
        .startAhead(view, free, driver.nowMs)
        .map(({ task, agent }) => `${view.tasks[task]?.spec.id} ${agent}`);
      return { begin: begin.sort(), ahead, isSame, reason: drafted.reason };
    },
    move(taskIds: string[], mode: Mode) {
      accepted(driver.execute(key, moveTasks, { taskIds, mode, reason: "" }));
    },
    place(ids: readonly string[]) {
      const begin = ids.map((id) => ({
        ...{
          task: scene.state.byId.get(id) ?? -1,
          agent: "anna",
          startMs: driver.nowMs,
          endMs: driver.nowMs + 1,
        },
      }));
      accepted(driver.execute(key, placeTasks, { part: 0, begin, plan: undefined }));
    },
  };
}

describe("the plan of a part", () => {
  it("stays the same while the part keeps its tasks, also when tasks start and end", () => {
    const { plan, place, scene } = planner();
    assert.deepEqual(plan(), {
      ...{ begin: ["a", "b", "c"], ahead: [], isSame: false },
      reason: "it is the first plan",
    });
    place(["a", "b", "c"]);
    assert.deepEqual([plan().isSame, plan().begin], [true, []]);
    scene.operate("p1");
    scene.done("p1", "a");
    assert.equal(plan().isSame, true);
  });

  it("starts a task that was added while another task moved away: the number of tasks is the same", () => {
    const { plan, place, move, scene } = planner();
    move(["c"], swarm);
    assert.deepEqual(plan().begin, ["a", "b"]);
    place(["a", "b"]);
    scene.operate("p1");
    move(["a"], swarm);
    move(["c"], planned);
    scene.confirm("p2");
    scene.operate("p2", ["c"]);
    scene.operate("p1", ["a"]);
    assert.deepEqual([...(scene.state.parts[0]?.tasks ?? [])].sort(), [1, 2]);
    const { begin, reason } = plan();
    assert.deepEqual([begin, reason], [["c"], "1 task was added, 1 task moved away"]);
  });

  it("starts a task again if the session did not record its start", () => {
    const { plan, place } = planner();
    assert.deepEqual(plan().begin, ["a", "b", "c"]);
    place(["a"]);
    assert.deepEqual(plan().begin, ["b", "c"]);
    assert.deepEqual(plan().begin, ["b", "c"]);
  });

  it("starts a task that another part needs before the task that waits for that part, in a session with one slot", () => {
    const long = {
      ...taskSpec("long", ["elsewhere"]),
      estimate: { durationMs: 60_000, money: 0, tokens: 0, by: [] },
    };
    const specs = [taskSpec("a"), taskSpec("elsewhere", ["a"]), long, taskSpec("last", ["long"])];
    const { plan, move } = planner({ specs, slots: 1 });
    move(["elsewhere"], swarm);
    assert.deepEqual(plan().begin, ["a"]);
  });

  describe("starts tasks ahead", () => {
    const chain = [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])];

    it("that continue short tasks, on the agents of these", () => {
      const { plan, place, scene } = planner({ specs: chain, durationMs: 5 });
      const first = plan();
      assert.deepEqual(first.begin, ["a"]);
      assert.deepEqual(
        first.ahead.map((each) => each.split(" ")[0]),
        ["b", "c"],
      );
      place(["a", "b", "c"]);
      const then = plan();
      assert.deepEqual([then.begin, then.ahead, then.isSame], [[], [], true]);
      scene.operate("p1");
      for (const id of ["a", "b", "c"]) scene.done("p1", id);
      assert.deepEqual(plan().begin, []);
    });

    it("but not long before, and not before tasks of other parts", () => {
      assert.deepEqual(planner({ specs: chain, durationMs: 1_000 }).plan().ahead, []);
      const specs = [taskSpec("a"), taskSpec("elsewhere"), taskSpec("b", ["a", "elsewhere"])];
      const { plan, move } = planner({ specs, durationMs: 5 });
      move(["elsewhere"], swarm);
      assert.deepEqual(plan().ahead, []);
    });

    it("except if several follow: they would compete for the slot", () => {
      const specs = [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["a"])];
      assert.deepEqual(planner({ specs, durationMs: 5 }).plan().ahead, []);
    });

    it("except if another task waits for a slot", () => {
      const { plan } = planner({ specs: [...chain, taskSpec("d")], durationMs: 5, slots: 1 });
      const { begin, ahead } = plan();
      assert.deepEqual([begin.length, ahead], [1, []]);
    });

    it("again if the session did not record their start", () => {
      const { plan, place } = planner({ specs: chain, durationMs: 5 });
      assert.equal(plan().ahead.length, 2);
      place(["a"]);
      const { begin, ahead } = plan();
      assert.deepEqual([begin, ahead.length], [[], 2]);
    });
  });
});
