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

const accepting = { acceptsNew: true, oldestFirst: false };

describe("run lists that patches keep up to date", () => {
  const list = pages([run("c", 3), run("b", 2)], [run("a", 1)]);

  it("updates a run in place, on any page", () => {
    const { pages: next } = patched(list, ["a"], [run("a", 1, "completed")], accepting);
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(next[1]?.runs[0]?.status, "completed");
  });

  it("removes a requested run that no longer matches", () => {
    assert.deepEqual(idsOf(patched(list, ["b"], [], accepting).pages), [["c"], ["a"]]);
  });

  it("changes nothing for a requested run that is neither listed nor found", () => {
    assert.deepEqual(patched(list, ["x"], [], accepting).pages, list);
  });

  it("inserts new runs at the start, newest first", () => {
    const { pages: next } = patched(list, ["d", "e"], [run("d", 4), run("e", 5)], accepting);
    assert.deepEqual(idsOf(next), [["e", "d", "c", "b"], ["a"]]);
  });

  it("only counts new runs while insertion is off, and still updates listed runs", () => {
    const found = [run("d", 4), run("b", 2, "failed")];
    const { pages: next, omitted } = patched(list, ["d", "b"], found, { ...accepting, acceptsNew: false });
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(next[0]?.runs[1]?.status, "failed");
    assert.equal(omitted, 1);
  });

  it("leaves an older run to its own page, which is not loaded yet", () => {
    const { pages: next, omitted } = patched(list, ["old"], [run("old", 0)], accepting);
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
    assert.equal(omitted, 0);
  });

  it("inserts no new runs at the start of a list that is sorted oldest first", () => {
    const { pages: next } = patched(list, ["d"], [run("d", 4)], { acceptsNew: true, oldestFirst: true });
    assert.deepEqual(idsOf(next), [["c", "b"], ["a"]]);
  });

  it("opens an empty list", () => {
    assert.deepEqual(idsOf(patched(pages([]), ["a"], [run("a", 1)], accepting).pages), [["a"]]);
    assert.deepEqual(patched([], ["a"], [run("a", 1)], accepting).pages, []);
  });
});

describe("queries that an event touches", () => {
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

  it("keys a query by its first word, and a query for a single object also by its id", () => {
    assert.equal(keyOf(["runs", { some: {} }]), "runs");
    assert.equal(keyOf(["run", "order-1", "history"]), "run order-1");
    assert.equal(keyOf(["triggers", { triggerId: "orders" }, "dead"]), "triggers");
  });
});
