import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placesOf, task } from "../testing/facts.ts";
import { criticalPath } from "./critical-path.ts";
import { needPlaces } from "./needs.ts";
import { mostUrgent, numberOfState, stateOfNumber } from "./task-state.ts";
import { TaskTable } from "./task-table.ts";

describe("the table of tasks", () => {
  it("keeps the places of tasks, and increments its shape only when tasks are added or removed", () => {
    const table = new TaskTable();
    table.replace([task("a"), task("b", { needs: ["a"] })]);
    const { shape } = table;
    table.patch([task("a", { state: "running" })], []);
    assert.equal(table.shape, shape);
    assert.equal(stateOfNumber(table.states[0] ?? 0), "running");
    table.patch([task("c")], []);
    assert.equal(table.shape, shape + 1);
    assert.deepEqual(
      [...table.places],
      [
        ["a", 0],
        ["b", 1],
        ["c", 2],
      ],
    );
    table.patch([], ["b"]);
    assert.deepEqual(
      [...table.places],
      [
        ["a", 0],
        ["c", 1],
      ],
    );
    assert.equal(stateOfNumber(table.states[1] ?? 0), "pending");
    assert.equal(table.task("b"), undefined);
    assert.deepEqual([table.stateAt(0), table.stateAt(2)], [numberOfState("running"), 0]);
  });

  it("holds 10,000 tasks", () => {
    const table = new TaskTable();
    table.replace(Array.from({ length: 10_000 }, (_, n) => task(`t${n}`, { state: "completed" })));
    assert.equal(table.states.length, 10_000);
    assert.ok(table.states.every((number) => number === numberOfState("completed")));
  });
});

describe("states", () => {
  it("of many tasks are summarized by the most urgent one", () => {
    const counts = new Array<number>(14).fill(0);
    assert.equal(mostUrgent(counts), 0);
    counts[numberOfState("completed")] = 99;
    assert.equal(stateOfNumber(mostUrgent(counts)), "completed");
    counts[numberOfState("running")] = 1;
    assert.equal(stateOfNumber(mostUrgent(counts)), "running");
    counts[numberOfState("failed")] = 1;
    assert.equal(stateOfNumber(mostUrgent(counts)), "failed");
  });

  it("that are not known have no number", () => {
    assert.equal(numberOfState("resting"), 0);
    assert.equal(stateOfNumber(0), undefined);
  });
});

describe("needs", () => {
  it("are resolved within the same round, and within the same state transition", () => {
    const tasks = [
      task("poll#1.ask", { parentId: "poll" }),
      task("poll#2.ask", { parentId: "poll" }),
      task("poll#2.read", { parentId: "poll", needs: ["ask"] }),
      task("tell#3"),
      task("log#3", { needs: ["tell"] }),
    ];
    const needs = needPlaces(tasks, placesOf(tasks)).map((each) => each.map(({ place }) => place));
    assert.deepEqual(needs, [[], [], [1], [], [3]]);
  });
});

describe("the critical path", () => {
  it("follows dependencies back from the last end, and includes the slowest parts within their parents", () => {
    const tasks = [
      task("a", { state: "completed", readyMs: 1, endMs: 10 }),
      task("slow", { state: "completed", readyMs: 1, endMs: 50 }),
      task("list", { state: "completed", readyMs: 50, endMs: 90, needs: ["a", "slow"] }),
      task("list[0]", { parentId: "list", state: "completed", readyMs: 50, endMs: 60 }),
      task("list[1]", { parentId: "list", state: "completed", readyMs: 50, endMs: 88 }),
      task("no", { state: "skipped", readyMs: 1, endMs: 99 }),
    ];
    const path = criticalPath(tasks, needPlaces(tasks, placesOf(tasks)), 1_000);
    assert.deepEqual([...path].sort(), ["list", "list[1]", "slow"]);
  });

  it("leads through skipped tasks to the tasks that they waited for", () => {
    const tasks = [
      task("reserve", { state: "completed", readyMs: 1, endMs: 10 }),
      task("ask", { state: "skipped", readyMs: 10, endMs: 10, needs: ["reserve"] }),
      task("charge", { state: "completed", readyMs: 10, endMs: 30, needs: ["ask:always"] }),
    ];
    const path = criticalPath(tasks, needPlaces(tasks, placesOf(tasks)), 50);
    assert.deepEqual([...path].sort(), ["ask", "charge", "reserve"]);
  });

  it("counts a running task as lasting until now", () => {
    const tasks = [
      task("done", { state: "completed", readyMs: 1, endMs: 10 }),
      task("going", { state: "running", readyMs: 5 }),
    ];
    assert.deepEqual([...criticalPath(tasks, [[], []], 20)], ["going"]);
  });
});
