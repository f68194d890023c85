import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ListRunsReply, Run } from "@tutti/rest/types";
import { keyOf, touchedBy } from "./live.ts";
import { patched } from "./run-lists.ts";

const run = (runId: string, createTimeMs: number, status: Run["status"] = "running"): Run => ({
  ...{ runId, createTimeMs, status, kind: "tasks", states: [] },
});

const pages = (...lists: readonly (readonly Run[])[]): readonly ListRunsReply[] =>
  lists.map((runs, index) => ({ runs, nextToken: String(index) }));

const idsOf = (list: readonly ListRunsReply[]) => list.map(({ runs }) => runs.map(({ runId }) => runId));

const letIn = { letIn: true, oldestFirst: false };

describe("lists of runs that are kept by patching", () => {
  const list = pages([run("c", 3), run("b", 2)], [run("a", 1)]);

  it("changes a run where it stands, on whichever page", () => {
    const { pages: next } = patched(list, ["a"], [run("a", 1, "completed")], letIn);
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(next[1]?.runs[0]?.status, "completed");
  });

  it("takes out a run that was asked for and no longer matches", () => {
    assert.deepEqual(idsOf(patched(list, ["b"], [], letIn).pages), [["c"], ["a"]]);
  });

  it("leaves a run alone that was not asked for", () => {
    assert.deepEqual(patched(list, ["x"], [], letIn).pages, list);
  });

  it("puts new runs before the first, the newest first", () => {
    const { pages: next } = patched(list, ["d", "e"], [run("d", 4), run("e", 5)], letIn);
    assert.deepEqual(idsOf(next), [["e", "d", "c", "b"], ["a"]]);
  });

  it("only counts new runs while nothing new is to come in, and still changes those that are there", () => {
    const found = [run("d", 4), run("b", 2, "failed")];
    const { pages: next, left } = patched(list, ["d", "b"], found, { ...letIn, letIn: false });
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(next[0]?.runs[1]?.status, "failed");
    assert.equal(left, 1);
  });

  it("leaves an older run to the page that it is on, which has not been fetched", () => {
    const { pages: next, left } = patched(list, ["old"], [run("old", 0)], letIn);
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(left, 0);
  });

  it("leaves new runs to the end of a list that has the oldest first", () => {
    const { pages: next } = patched(list, ["d"], [run("d", 4)], { letIn: true, oldestFirst: true });
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
  });

  it("opens an empty list", () => {
    assert.deepEqual(idsOf(patched(pages([]), ["a"], [run("a", 1)], letIn).pages), [["a"]]);
    assert.deepEqual(patched([], ["a"], [run("a", 1)], letIn).pages, []);
  });
});

describe("what events touch", () => {
  const table: readonly (readonly [type: string, subject: string, keys: readonly string[]])[] = [
    [
      "tutti.workflow.run.started",
      "order-1",
      ["runs", "counts", "schedules", "triggers", "objects", "run order-1"],
    ],
    [
      "tutti.workflow.run.started",
      "default/runs/order-1",
      ["runs", "counts", "schedules", "triggers", "objects", "run order-1"],
    ],
    ["tutti.workflow.task.completed", "runs/order-1/tasks/ship", ["run order-1"]],
    ["tutti.workflow.approval.requested", "order-1", ["approvals", "runs", "counts", "run order-1"]],
    ["tutti.workflow.definition.registered", "order", ["workflows", "workflow"]],
    ["tutti.workflow.schedule.fired", "nightly", ["schedules", "schedule nightly"]],
    ["tutti.workflow.trigger.failed", "orders", ["triggers"]],
    ["tutti.insight.alert.raised", "a1", ["alerts", "incidents"]],
    ["tutti.swarm.agent.joined", "w1", ["agents", "pools"]],
    ["tutti.swarm.mission.progressed", "missions/pages", ["missions", "agents", "pools", "mission pages"]],
    [
      "tutti.swarm.task.completed",
      "missions/pages/tasks/a",
      ["missions", "agents", "pools", "mission pages"],
    ],
    ["tutti.swarm.vote.opened", "pages", ["mission pages"]],
    ["tutti.swarm.approval.requested", "missions/pages", ["approvals", "missions", "mission pages"]],
    ["tutti.platform.component.broken", "", ["status"]],
    ["tutti.governance.key.issued", "", []],
    ["something else", "", []],
  ];
  for (const [type, subject, keys] of table) {
    it(`${type} of "${subject}" touches ${keys.join(", ") || "nothing"}`, () => {
      assert.deepEqual(touchedBy(type, subject), keys);
    });
  }

  it("names a question by its first words, and one about a single thing by its id as well", () => {
    assert.equal(keyOf(["runs", { some: {} }]), "runs");
    assert.equal(keyOf(["run", "order-1", "history"]), "run order-1");
    assert.equal(keyOf(["triggers", { triggerId: "orders" }, "dead"]), "triggers");
  });
});
