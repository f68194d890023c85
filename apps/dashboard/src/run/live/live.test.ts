import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Followed, RestError } from "@tutti/rest/client";
import { events } from "@tutti/rest/history/testing";
import type { WatchRunReply } from "@tutti/rest/types";
import { stillSince } from "../graph/stuck.ts";
import type { AttemptFacts } from "../model/facts.ts";
import { stateOfNumber } from "../model/task-state.ts";
import { runFacts, task } from "../testing/facts.ts";
import { followRun } from "./follow-run.ts";
import { History } from "./history.ts";
import { RunStore } from "./run-store.ts";

/** Deferred calls, executed by the test. */
function soon() {
  const calls: (() => void)[] = [];
  return {
    later: (call: () => void) => void calls.push(call),
    now: () => {
      for (const call of calls.splice(0)) call();
    },
    waiting: () => calls.length,
  };
}

describe("the store of a run", () => {
  it("notifies its listeners once for any number of reports", () => {
    const { later, now, waiting } = soon();
    const store = new RunStore({ soon: later });
    let notifications = 0;
    store.subscribe(() => {
      notifications += 1;
    });
    store.apply({ run: runFacts(), tasks: [task("a")], removed: [], isComplete: true });
    store.apply({ tasks: [task("a", { state: "running" })], removed: [], isComplete: false });
    assert.equal(waiting(), 1);
    now();
    assert.equal(notifications, 1);
    assert.equal(stateOfNumber(store.stateAt(0)), "running");
    assert.equal(store.run?.id, "r1");
  });

  it("shows the past while the user views it, accepts updates meanwhile, and shows the present afterwards", () => {
    const store = new RunStore({ soon: () => {} });
    store.apply({ run: runFacts(), tasks: [task("a", { state: "running" })], removed: [], isComplete: true });
    store.showPast({ states: Uint8Array.of(1), run: "pending", event: 1, atMs: 5, isExact: false });
    store.apply({ tasks: [task("a", { state: "completed" })], removed: [], isComplete: false });
    assert.deepEqual([stateOfNumber(store.stateAt(0)), store.runState], ["pending", "pending"]);
    store.showPast(undefined);
    assert.deepEqual([stateOfNumber(store.stateAt(0)), store.runState], ["completed", "running"]);
  });

  it("resolves the dependencies of tasks, also of tasks that arrive later", () => {
    const store = new RunStore({ soon: () => {} });
    store.apply({ tasks: [task("a"), task("b", { needs: ["a"] })], removed: [], isComplete: true });
    assert.deepEqual(store.needs[1], [{ place: 0, condition: "success" }]);
    store.apply({ tasks: [task("c", { needs: ["b"] })], removed: [], isComplete: false });
    assert.deepEqual(store.needs[2], [{ place: 1, condition: "success" }]);
  });
});

const attempt = (endMs: number): AttemptFacts => ({
  ...{ number: 1, isCompensation: false, agent: "", pool: "", queueMs: 1, startMs: 1, endMs },
  ...{ failure: undefined, progress: 0, message: "" },
});

describe("a run that does not make progress", () => {
  const since = (tasks: Parameters<RunStore["apply"]>[0]["tasks"], openApprovals = 0) => {
    const store = new RunStore({ soon: () => {} });
    store.apply({ run: runFacts({ openApprovals }), tasks, removed: [], isComplete: true });
    return stillSince(store);
  };

  it("has a queued task, because that task is ready", () => {
    const queued = task("b", { state: "queued", readyMs: 5 });
    assert.equal(since([task("a", { state: "running", readyMs: 1 }), queued]), 5);
  });

  it("only waits, but not for a person", () => {
    const waiting = [task("a", { state: "waiting", readyMs: 3 }), task("b")];
    assert.equal(since(waiting), 3);
    assert.equal(since(waiting, 1), undefined);
    assert.equal(since([...waiting, task("c", { state: "running" })]), undefined);
    assert.equal(since([task("a", { state: "completed" })]), undefined);
  });

  it("pauses before a retry, from the end of the attempt that failed", () => {
    const retrying = task("a", { state: "retrying", readyMs: 3, attempts: [attempt(4), attempt(9)] });
    assert.equal(since([retrying]), 9);
    assert.equal(since([task("a", { state: "retrying", readyMs: 3 })]), 3);
    assert.equal(since([retrying, task("b", { state: "running" })]), undefined);
  });
});

const received = (kind: "snapshot" | "change", value: object, isFirst = true) =>
  ({ kind, value, cursor: "", isFirst, isLast: true }) as Followed<WatchRunReply>;
const run = { runId: "r1", status: "running", kind: "tasks", states: [] };
const taskJson = (taskId: string, status: string) => ({
  taskId,
  status,
  kind: "uses",
  needs: [],
  attempts: [],
});

/** Follows a scripted stream. */
async function following(...script: readonly (Followed<WatchRunReply> | Error)[]) {
  const store = new RunStore({ soon: () => {} });
  async function* follow() {
    for (const each of script) {
      if (each instanceof Error) throw each;
      yield each;
    }
  }
  // The client is used for its stream alone.
  await followRun({ follow } as never, "r1", store, new AbortController().signal);
  return store;
}

describe("following a run", () => {
  it("reads a snapshot in parts, then changes, until the stream ends", async () => {
    const store = await following(
      received("snapshot", { run, tasks: [taskJson("a", "queued")], removedTaskIds: [] }),
      received("snapshot", { run, tasks: [taskJson("b", "pending")], removedTaskIds: [] }, false),
      received("change", { tasks: [taskJson("a", "completed")], removedTaskIds: ["b"] }),
    );
    assert.deepEqual(
      store.table.tasks.map(({ id, state }) => [id, state]),
      [["a", "completed"]],
    );
    assert.deepEqual([store.run?.state, store.streamStatus], ["running", "ended"]);
  });

  it("restarts with a snapshot after a break", async () => {
    const store = await following(
      received("snapshot", {
        run,
        tasks: [taskJson("a", "queued"), taskJson("b", "queued")],
        removedTaskIds: [],
      }),
      received("snapshot", { run, tasks: [taskJson("a", "failed")], removedTaskIds: [] }),
    );
    assert.deepEqual(
      store.table.tasks.map(({ id, state }) => [id, state]),
      [["a", "failed"]],
    );
  });

  it("reports why the run cannot be followed", async () => {
    const detail = "expected a run with this id, got none";
    const store = await following(new RestError({ code: "workflow.run_missing", status: 404, detail }));
    assert.equal(store.streamStatus, "broken");
    assert.deepEqual(store.problem, { code: "workflow.run_missing", message: detail });
  });
});

describe("the history as it is loaded", () => {
  const all = events(["run_started"], ["task_queued", "a"], ["task_completed", "a"], ["run_completed"]);
  const known = { tasks: [task("a")], places: new Map([["a", 0]]), shape: 1, isSequence: false };

  it("loads page by page, is usable at once, and continues with later events", async () => {
    const requests: number[] = [];
    const { later, now, waiting } = soon();
    let there = 3;
    const read = async (afterEvent: number) => {
      requests.push(afterEvent);
      return {
        events: all.slice(afterEvent, Math.min(afterEvent + 2, there)),
        hasMore: afterEvent + 2 < there,
      };
    };
    const history = new History({ read, soon: later });
    await history.loadTo(3);
    assert.deepEqual([requests, history.events.length], [[0, 2], 3]);
    assert.deepEqual(
      [1, 2, 3].map((event) => stateOfNumber(history.momentAt(event, known)?.states[0] ?? 0)),
      ["pending", "queued", "completed"],
    );
    assert.equal(history.momentAt(4, known), undefined);
    there = 4;
    history.keepUp(4);
    history.keepUp(4);
    assert.equal(waiting(), 1);
    now();
    await history.loadTo(4);
    assert.equal(history.momentAt(4, known)?.run, "completed");
  });

  it("reports why loading failed, and keeps the loaded events", async () => {
    let isDisconnected = false;
    const read = async () => {
      if (isDisconnected) throw new Error("nobody answers");
      return { events: all.slice(0, 2), hasMore: true };
    };
    const history = new History({ read, soon: () => {} });
    await history.loadTo(2);
    isDisconnected = true;
    await history.loadTo(4);
    assert.deepEqual(
      [history.problem, history.events.length, history.isLoading],
      ["nobody answers", 2, false],
    );
  });
});
