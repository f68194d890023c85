import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventFacts } from "@tutti/rest/history";
import { events } from "@tutti/rest/history/testing";
import type { TaskFacts } from "../model/facts.ts";
import { stateOfNumber } from "../model/task-state.ts";
import { placesOf, task } from "../testing/facts.ts";
import { PastShape } from "./past-run.ts";
import { PastStates } from "./past-states.ts";

function past(tasks: readonly TaskFacts[], history: readonly EventFacts[]) {
  const states = new PastStates(new PastShape(tasks, placesOf(tasks)), history);
  return (event: number) => {
    const moment = states.at(event);
    const stateNames = tasks.map(({ id }, place) => [
      id,
      stateOfNumber(moment.states[place] ?? 0) ?? "absent",
    ]);
    return { run: moment.run, ...Object.fromEntries(stateNames) };
  };
}

describe("the past of a run, folded from its history", () => {
  it("shows each task as it was after each event", () => {
    const at = past(
      [task("a"), task("b", { needs: ["a"] })],
      events(
        ["run_started"],
        ["task_queued", "a"],
        ["attempt_started", "a"],
        ["attempt_failed", "a"],
        ["attempt_queued", "a"],
        ["task_completed", "a"],
        ["task_queued", "b"],
        ["task_completed", "b"],
        ["run_completed"],
      ),
    );
    assert.deepEqual(at(0), { run: "pending", a: "absent", b: "absent" });
    assert.deepEqual(at(1), { run: "running", a: "pending", b: "pending" });
    assert.equal(at(3)["a"], "running");
    assert.equal(at(4)["a"], "retrying");
    assert.deepEqual(at(6), { run: "running", a: "completed", b: "pending" });
    assert.deepEqual(at(9), { run: "completed", a: "completed", b: "completed" });
  });

  it("skips tasks that can no longer run, through any chain of dependencies, and no others", () => {
    const at = past(
      [
        task("a"),
        task("b", { needs: ["a"] }),
        task("c", { needs: ["b"] }),
        task("heal", { needs: ["a:failure"] }),
        task("last", { needs: ["c:always"] }),
      ],
      events(["run_started"], ["task_queued", "a"], ["task_failed", "a"]),
    );
    assert.deepEqual(at(3), {
      ...{ run: "running", a: "failed", b: "skipped", c: "skipped", heal: "pending", last: "pending" },
    });
  });

  it("knows entries of a list from when the list is known, and stops them with their task", () => {
    const at = past(
      [task("list"), task("list[0]", { parentId: "list" }), task("list[1]", { parentId: "list" })],
      events(
        ["run_started"],
        ["entries_begun", "list", { count: 2 }],
        ["task_queued", "list[0]"],
        ["task_failed", "list"],
      ),
    );
    assert.deepEqual(at(1), { run: "running", list: "pending", "list[0]": "absent", "list[1]": "absent" });
    assert.deepEqual(at(3), { run: "running", list: "waiting", "list[0]": "queued", "list[1]": "pending" });
    assert.deepEqual(at(4), {
      run: "running",
      list: "failed",
      "list[0]": "cancelled",
      "list[1]": "cancelled",
    });
  });

  it("compensates completed steps after a failure, and cancels unstarted steps", () => {
    const at = past(
      [task("a"), task("b", { needs: ["a"] }), task("c", { needs: ["b:always"] })],
      events(
        ["run_started"],
        ["task_completed", "a"],
        ["task_failed", "b"],
        ["run_stopped", "", { status: "WORK_STATUS_FAILED" }],
        ["undo_queued", "a"],
        ["attempt_started", "a"],
        ["undo_completed", "a"],
        ["run_failed"],
      ),
    );
    assert.deepEqual(at(4), { run: "running", a: "completed", b: "failed", c: "cancelled" });
    assert.equal(at(6)["a"], "compensating");
    assert.deepEqual(at(8), { run: "failed", a: "compensated", b: "failed", c: "cancelled" });
  });

  it("goes back at a reset, and forward again with the repeated tasks", () => {
    const at = past(
      [task("a"), task("b", { needs: ["a"] })],
      events(
        ["run_started"],
        ["task_completed", "a"],
        ["task_completed", "b"],
        ["run_completed"],
        ["run_reset", "", { toEvent: 1 }],
        ["task_failed", "a"],
      ),
    );
    assert.deepEqual(at(5), { run: "running", a: "pending", b: "pending" });
    assert.deepEqual(at(6), { run: "running", a: "failed", b: "skipped" });
  });

  it("retries failed tasks, with all of their dependants", () => {
    const at = past(
      [task("a"), task("b", { needs: ["a"] }), task("c", { needs: ["b"] })],
      events(
        ["run_started"],
        ["task_completed", "a"],
        ["task_failed", "b"],
        ["run_stopped", "", { status: "failed" }],
        ["run_failed"],
        ["run_retried", "", { tasks: ["b"] }],
      ),
    );
    assert.deepEqual(at(5), { run: "failed", a: "completed", b: "failed", c: "skipped" });
    assert.deepEqual(at(6), { run: "running", a: "completed", b: "pending", c: "pending" });
  });

  it("computes the same state of an event, reached forwards or backwards", () => {
    const tasks = Array.from({ length: 40 }, (_, place) => task(`t${place}`));
    const taskEvents = tasks.flatMap(({ id }) => [
      ["task_queued", id] as const,
      ["attempt_started", id] as const,
      ["attempt_failed", id] as const,
      ["attempt_queued", id] as const,
      ["task_completed", id] as const,
    ]);
    const history = events(["run_started"], ...taskEvents);
    const forwards = past(tasks, history);
    const there = new Map(history.map(({ number }) => [number, forwards(number)]));
    const backwards = past(tasks, history);
    for (let number = history.length; number >= 1; number--)
      assert.deepEqual(backwards(number), there.get(number), `event ${number}`);
  });
});
