/** Histories that every release must read: recorded once by `npm run golden`. */
import { Mode } from "@tutti/contracts/session/v1";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import {
  addWait,
  dropWait,
  moveTasks,
  noteAgents,
  pauseSession,
  placeTasks,
  recordChoice,
  recordDecision,
  refuseStart,
  resumeSession,
  retrySession,
  session,
  settleDependency,
  signalSession,
} from "../src/index.ts";
import { json, SessionScene, taskSpec } from "../src/testing/index.ts";

const {
  MODE_WORKFLOW: workflow,
  MODE_SWARM: swarm,
  MODE_INTELLIGENCE: planned,
  MODE_HYBRID: hybrid,
  MODE_CUSTOM: custom,
} = Mode;

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Parts in two modes that refer to each other. One of them is paused and receives a signal. */
  "in-parts": (release) => {
    const scene = SessionScene.of(hybrid, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    const { driver, key } = scene;
    const choice = {
      choiceId: "",
      sessionId: "",
      kind: "cut",
      chooseTime: undefined,
      features: { parts: 2 },
      candidates: [],
      chosen: 0,
      confidence: 1,
      explored: false,
      fallback: false,
      reason: "by lot",
      model: "cut/1",
      outcome: undefined,
    };
    const parts = [
      { mode: workflow, tasks: [0, 2], reason: "ends", elsewhere: [], budget: undefined },
      { mode: planned, tasks: [1], reason: "middle", elsewhere: [], budget: undefined },
    ];
    driver.settle(scene.effect("choose_mode"), recordChoice, { choice, mode: hybrid, parts });
    scene.confirm("p1");
    scene.confirm("p2");
    scene.done("p1", "a", 1);
    const places = [{ task: 1, agent: "anna", startMs: 5, endMs: 9 }];
    const plan = { reason: "it is the first plan", expectedEndMs: 99, lowerBoundMs: 3, places };
    driver.execute(key, placeTasks, { part: 1, begin: places, plan });
    driver.execute(key, pauseSession, { reason: "lunch" });
    driver.execute(key, signalSession, { signal: "go", payload: undefined, partId: "p1" });
    driver.execute(key, resumeSession, { reason: "" });
    scene.operate("p2");
    return goldenOf(driver, session, key, release);
  },

  /** A goal whose breakdown failed at first, and which succeeds after a retry. */
  goal: (release) => {
    const scene = SessionScene.ofGoal({ input: json({ about: "rosin" }), reached: "output > 1" }, swarm);
    const { driver, key } = scene;
    driver.settle(scene.effect("ask_planner"), refuseStart, { error: undefined });
    driver.execute(key, retrySession, { taskIds: [], reason: "somebody came" });
    const used = { tokens: 7, money: 0, timeMs: 3 };
    scene.planned([taskSpec("a"), taskSpec("b", ["a"])], "tasks.b.output", used);
    scene.confirm();
    scene.done("p1", "a", 1);
    scene.done("p1", "b", 2);
    scene.operate();
    scene.endPart();
    return goldenOf(driver, session, key, release);
  },

  /** An orchestrator of the user starts a task, moves another to the swarm, and starts the last. */
  decided: (release) => {
    const scene = SessionScene.of(custom, [taskSpec("a"), taskSpec("b"), taskSpec("c", ["a"])], {
      orchestrator: "mine",
    });
    const { driver, key } = scene;
    scene.confirm();
    const placed = (task: number) => [{ task, agent: "anna", startMs: 5, endMs: 9 }];
    const moves = [{ taskIds: ["b"], mode: swarm, reason: "anybody can" }];
    driver.execute(key, recordDecision, { part: 0, number: 1, begin: placed(0), moves, reason: "a first" });
    scene.confirm("p2");
    scene.operate("p1");
    scene.done("p1", "a", 1);
    driver.execute(key, recordDecision, {
      part: 0,
      number: 2,
      begin: placed(2),
      moves: [],
      reason: "the rest",
    });
    scene.operate("p1");
    return goldenOf(driver, session, key, release);
  },

  /** Observed agents: one left, and other work took a slot of the other. */
  attended: (release) => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"])]);
    const { driver, key } = scene;
    scene.confirm();
    const anna = { agent: "anna", slots: 2, taken: 0, unable: [] };
    driver.execute(key, noteAgents, { agents: [anna, { ...anna, agent: "bert", unable: [1] }], seeMs: 3 });
    scene.done("p1", "a", 1);
    driver.execute(key, noteAgents, {
      agents: [
        { ...anna, taken: 1 },
        { ...anna, agent: "bert", slots: 0 },
      ],
      seeMs: 7,
    });
    scene.done("p1", "b", 2);
    scene.operate();
    scene.endPart();
    return goldenOf(driver, session, key, release);
  },

  /** A session that used some of the budget, and its retry with the rest. */
  budgeted: (release) => {
    const budget = { tokens: 10, money: 0, timeMs: 0 };
    const scene = SessionScene.of(swarm, [taskSpec("a")], { budget });
    const { driver, key } = scene;
    scene.confirm();
    const notes = [scene.noteOf("a", TaskStatus.TASK_STATUS_FAILED)];
    scene.endPart("p1", WorkStatus.WORK_STATUS_FAILED, notes, { ...budget, tokens: 4 });
    driver.execute(key, retrySession, { taskIds: [], reason: "mended" });
    scene.confirm("p2");
    return goldenOf(driver, session, key, release);
  },

  /** Dependencies that were added, removed and added again. */
  waited: (release) => {
    const first = { namespace: "", kind: "session", id: "first", task: "" };
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn: [{ session: first }] });
    const { driver, key } = scene;
    const dependency = {
      session: { ...first, id: "second" },
      condition: NeedCondition.NEED_CONDITION_ALWAYS,
    };
    driver.execute(key, addWait, { dependency, reason: "it comes first" });
    driver.execute(key, dropWait, { session: first, reason: "it need not" });
    driver.execute(key, addWait, {
      dependency: { ...dependency, session: { ...first, namespace: "other" } },
      reason: "",
    });
    const body = { dependency: 0, status: WorkStatus.WORK_STATUS_FAILED };
    driver.settle(scene.effect("await_session"), settleDependency, body);
    return goldenOf(driver, session, key, release);
  },

  /** Tasks that move, a failure, and a retry. */
  moved: (release) => {
    const scene = SessionScene.of(swarm, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c", ["b"])]);
    const { driver, key } = scene;
    scene.confirm();
    scene.note("p1", "a", TaskStatus.TASK_STATUS_RUNNING);
    driver.execute(key, moveTasks, { taskIds: ["b"], mode: workflow, reason: "room" });
    scene.operate("p1", ["b"]);
    scene.confirm("p2");
    scene.done("p1", "a", 1);
    scene.operate("p2");
    scene.endPart("p2", WorkStatus.WORK_STATUS_FAILED, [scene.noteOf("b", TaskStatus.TASK_STATUS_FAILED)]);
    scene.endPart("p1", WorkStatus.WORK_STATUS_CANCELLED);
    driver.execute(key, retrySession, { taskIds: [], reason: "mended" });
    scene.confirm("p3");
    return goldenOf(driver, session, key, release);
  },
};
