import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlanReply } from "@tutti/rest/types";
import { withoutColours as style } from "../terminal/style.ts";
import { drawForesight } from "./foresight.ts";
import { drawWorkflow, type WorkflowView } from "./workflow-frame.ts";

const lineOf = (lines: readonly string[], task: string): string =>
  lines.find((line) => line.includes(task)) ?? "";

describe("a task whose duration is unknown", () => {
  it("is planned with a duration that is not shown as an estimate", () => {
    const planned = (taskId: string, p50Ms: number, confidence: number) => ({
      ...{ taskId, agentId: "anna", startMs: 0, endMs: 1_000 },
      estimate: { p50Ms, p90Ms: p50Ms * 2, confidence },
    });
    const assignments = [planned("learned", 500, 0.9), planned("stated", 700, 0), planned("new", 0, 0)];
    const reply = { mode: "workflow", assignments, criticalPath: [] } as unknown as PlanReply;
    const lines = drawForesight(reply, { style, width: 100 });
    assert.match(lineOf(lines, "learned"), /500 ms to 1 s$/);
    assert.match(lineOf(lines, "stated"), /700 ms to 1\.4 s, by its author$/);
    assert.match(lineOf(lines, "new"), /anna +unknown$/);
    assert.ok(lines.includes("unknown duration: 1 task, planned with 1 s each"), lines.join("\n"));
  });

  it("is shown as unknown in a graph with other durations, and has no note in a graph without any", () => {
    const node = (id: string, expectedMs: number, uses = "wall.paint") => ({
      ...{ id, title: "", kind: "uses", uses, needs: [], backTo: [], expectedMs },
      ...{ forEach: false, compensated: false },
    });
    const draw = (nodes: WorkflowView["nodes"]) =>
      drawWorkflow(
        { name: "walls", nodes, criticalPath: [], criticalPathMs: 0, workMs: 0, width: 1, depth: 1 },
        { style, width: 100 },
      );
    const lines = draw([node("known", 500), node("new", 0), node("gate", 0, "")]);
    assert.match(lineOf(lines, "known"), /~500 ms$/);
    assert.match(lineOf(lines, "new"), /unknown$/);
    assert.doesNotMatch(lineOf(lines, "gate"), /unknown/);
    assert.doesNotMatch(draw([node("new", 0)]).join("\n"), /unknown/);
  });
});
