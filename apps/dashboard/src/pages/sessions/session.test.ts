import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Choice, Mode, PlanView, Session, SessionTask, TaskMove } from "@tutti/rest/types";
import { shapeOf } from "../../run/graph/shape.ts";
import { graphTasks, partsOfNode } from "./graph-facts.ts";
import { axisOf, planRows, ticksOf } from "./plan.ts";
import { sessionSearch, sessionsSearch } from "./search.ts";
import {
  actionsOf,
  candidateLines,
  choiceText,
  errorText,
  lastMoves,
  lateText,
  modeReason,
  modesOfParts,
  movedText,
  movesTogether,
  outcomeText,
  waitLines,
} from "./session.ts";
import { modeText } from "./voices.ts";

const choice: Choice = {
  choiceId: "1",
  kind: "mode",
  features: { width: 12 },
  candidates: [
    { mode: "workflow", taskIds: [], eligible: true, expectedMs: 4_000, highMs: 8_000, score: 0.25 },
    {
      ...{ mode: "intelligence", taskIds: [], eligible: true, expectedMs: 2_000, highMs: 2_000, score: 0.5 },
      ...{ expectedUse: { money: 1.5 }, expectedQuality: 0.9 },
    },
    { mode: "custom", taskIds: [], eligible: false, reason: "there is none" },
  ],
  chosen: 1,
  confidence: 0.8,
};

describe("the reason of a mode", () => {
  const session = (mode: Mode, effectiveMode: Mode, ...reasons: readonly string[]) =>
    ({
      ...{ effectiveMode, spec: { mode, reservationIds: [], dependsOn: [], locks: [] } },
      parts: reasons.map((reason, at) => ({ partId: `p${at}`, reason, taskIds: [] })),
    }) as unknown as Session;
  const cut: Choice = {
    ...choice,
    kind: "cut",
    reason: "its tasks suit one mode: 31 tasks in the mode swarm",
  };

  it("says only that the mode was set, if Tutti made no choice", () =>
    assert.equal(
      modeReason(session("swarm", "swarm", "the mode was set at the start"), []),
      "The mode swarm was set at the start.",
    ));

  it("explains the mode of the only part of a hybrid session", () =>
    assert.equal(
      modeReason(session("hybrid", "hybrid", "independent short tasks"), [cut]),
      "The mode hybrid was set at the start. Independent short tasks.",
    ));

  it("says that Tutti chose, with the reason of the last choice", () => {
    const last = { ...choice, choiceId: "2", reason: "it is faster" };
    assert.equal(
      modeReason(session("adaptive", "swarm", "it is faster"), [choice, last, { ...choice, kind: "plan" }]),
      "Tutti chose the mode swarm. It is faster.",
    );
    assert.equal(
      modeReason(session("adaptive", "hybrid", "short tasks", "long tasks"), [cut]),
      "Tutti chose the mode hybrid. Its tasks suit one mode: 31 tasks in the mode swarm.",
    );
  });

  it("says that the mode is not chosen yet", () =>
    assert.equal(
      modeReason(session("adaptive", "unspecified"), []),
      "Tutti chooses the mode when the session starts.",
    ));
});

describe("a choice in words", () => {
  it("lists its candidates, with bars relative to the longest time", () => {
    const [workflow, intelligence, custom] = candidateLines(choice);
    assert.deepEqual(
      [workflow?.time, workflow?.high, workflow?.share, workflow?.highShare],
      ["4 s", "8 s", 0.5, 1],
    );
    assert.deepEqual(
      [
        intelligence?.isChosen,
        intelligence?.high,
        intelligence?.money,
        intelligence?.quality,
        intelligence?.score,
      ],
      [true, "", "1.5", "90 %", "0.50"],
    );
    assert.deepEqual([custom?.isEligible, custom?.reason], [false, "there is none"]);
  });

  it("shows its confidence, or that it was an exploration or a safe default", () => {
    assert.equal(choiceText(choice), "80 % sure");
    assert.equal(choiceText({ ...choice, explored: true }), "exploration");
    assert.equal(choiceText({ ...choice, fallback: true, explored: true }), "safe default");
  });

  it("compares its outcome with the expectation", () => {
    assert.equal(outcomeText(choice), undefined);
    const outcomeOf = (realMs: number) => outcomeText({ ...choice, outcome: { realMs } });
    assert.equal(outcomeOf(2_000), "took 2 s, as expected");
    assert.equal(outcomeOf(3_000), "took 3 s, 50 % longer than expected");
    assert.equal(outcomeOf(1_000), "took 1 s, 50 % shorter than expected");
  });
});

describe("a session in words", () => {
  it("shows its mode, and whether Tutti chose it", () => {
    const table = [
      ["adaptive", "hybrid", "hybrid, chosen"],
      ["adaptive", undefined, "adaptive"],
      ["swarm", "swarm", "swarm"],
      ["swarm", undefined, "swarm"],
      [undefined, "unspecified", "not chosen yet"],
      [undefined, "hybrid", "hybrid"],
    ] as const;
    for (const [requested, effective, expected] of table)
      assert.equal(modeText(requested, effective), expected);
  });

  it("splits waiting by cause, the longest first", () => {
    const lines = waitLines({
      waits: [{ cause: "busy", waitedMs: 100 }, { cause: "behind_others", waitedMs: 300 }, { waitedMs: 0 }],
    });
    assert.deepEqual(lines, [
      { cause: "their place in the plan", waitedMs: 300, share: 0.75 },
      { cause: "an agent with free slots", waitedMs: 100, share: 0.25 },
    ]);
    assert.deepEqual(
      [lateText(0), lateText(2_000), lateText(-500)],
      ["as planned", "2 s late", "500 ms early"],
    );
  });

  it("shows the prediction error, if there were predictions", () => {
    const waits = { waits: [] };
    assert.equal(errorText({ ...waits, predicted: 4, predictionError: 0.12 }), "12 %");
    assert.equal(errorText({ ...waits, predicted: 0, predictionError: 0 }), "none yet");
    assert.equal(errorText(waits), "none yet");
  });

  it("groups moves at the same time for the same reason", () => {
    const move = (taskId: string, moveTimeMs: number, reason: string) => ({
      ...{ taskId, moveTimeMs, reason, fromPartId: "p1", toPartId: "p2" },
    });
    const together = movesTogether([move("a", 5, "room"), move("b", 5, "room"), move("c", 6, "room")]);
    assert.deepEqual(
      together.map(({ taskIds, moveTimeMs }) => [taskIds, moveTimeMs]),
      [
        [["a", "b"], 5],
        [["c"], 6],
      ],
    );
  });

  it("says when a task moved, and how many tasks of a group moved", () => {
    const moves = new Map([
      ["a", { taskId: "a", moveTimeMs: 3_000 }],
      ["b", { taskId: "b", moveTimeMs: 2_500 }],
    ]);
    assert.equal(movedText(["a"], moves, 1_000), "moved after 2 s");
    assert.equal(movedText(["a", "b", "c"], moves, 1_000), "2 of 3 moved, the last after 2 s");
    assert.equal(movedText(["c"], moves, 1_000), "");
  });

  it("offers only the actions that its state allows", () => {
    const verbs = (session: Pick<Session, "status" | "endTimeMs">) =>
      actionsOf(session).map(({ verb }) => verb);
    assert.deepEqual(verbs({ status: "running" }), ["pause", "cancel", "terminate"]);
    assert.deepEqual(verbs({ status: "paused" }), ["resume", "cancel", "terminate"]);
    assert.deepEqual(verbs({ status: "cancelling" }), ["terminate"]);
    assert.deepEqual(verbs({ status: "failed", endTimeMs: 1 }), ["retry"]);
    assert.deepEqual(verbs({ status: "completed", endTimeMs: 1 }), []);
  });

  it("keeps the last move of each task, and the mode of each part", () => {
    const move = (taskId: string, toPartId: string, moveTimeMs: number): TaskMove => ({
      taskId,
      toPartId,
      moveTimeMs,
    });
    assert.equal(lastMoves([move("a", "2", 1), move("a", "3", 2)]).get("a")?.toPartId, "3");
    const modes = modesOfParts({ parts: [{ partId: "1", mode: "swarm", status: "running", taskIds: [] }] });
    assert.equal(modes.get("1"), "swarm");
  });

  it("keeps valid filters and views of the address, and drops the rest", () => {
    assert.deepEqual(sessionsSearch({ text: "x", status: ["failed", "none"], mode: "swarm" }), {
      ...{ text: "x", status: ["failed"], mode: ["swarm"] },
    });
    assert.deepEqual(sessionsSearch({ mode: "adaptive", text: "" }), {});
    assert.deepEqual(sessionSearch({ view: "plan", task: "a" }), { view: "plan", task: "a" });
    assert.deepEqual(sessionSearch({ view: "none" }), {});
  });
});

describe("a plan compared with reality", () => {
  const plan: PlanView = {
    number: 1,
    moves: [],
    expectedEndTimeMs: 3_000,
    tasks: [
      {
        ...{ taskId: "a", plannedStartTimeMs: 1_000, plannedEndTimeMs: 2_000, plannedAgentId: "ann" },
        ...{ startTimeMs: 1_000, endTimeMs: 2_500, agentId: "bob", critical: true },
      },
      { taskId: "b", plannedStartTimeMs: 2_000, plannedEndTimeMs: 3_000, startTimeMs: 2_500 },
      { taskId: "c", plannedStartTimeMs: 2_000, plannedEndTimeMs: 3_000 },
    ],
  };

  it("is drawn on one axis, which grows while a task is running", () => {
    assert.deepEqual(axisOf(plan, 5_000), { startMs: 1_000, endMs: 5_000 });
    assert.deepEqual(axisOf({ ...plan, tasks: plan.tasks.slice(0, 1) }, 5_000), {
      startMs: 1_000,
      endMs: 3_000,
    });
    const [a, b, c] = planRows(plan.tasks, { startMs: 1_000, endMs: 5_000 }, 5_000);
    assert.deepEqual(
      [a?.planned, a?.real, a?.lateMs],
      [{ from: 0, width: 0.25 }, { from: 0, width: 0.375 }, 500],
    );
    assert.deepEqual([b?.real, b?.isOver, b?.lateMs], [{ from: 0.375, width: 0.625 }, false, 2_000]);
    assert.deepEqual([c?.real, c?.lateMs], [undefined, 0]);
  });

  it("has round moments at its head", () => {
    assert.deepEqual(ticksOf({ startMs: 0, endMs: 10_000 }, 6), [0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    assert.deepEqual(ticksOf({ startMs: 0, endMs: 7 }, 6), [0, 2, 4, 6]);
  });

  it("has an axis even without tasks", () => {
    const axis = axisOf({ moves: [], tasks: [] }, 1_000);
    assert.ok(axis.endMs > axis.startMs);
  });
});

describe("the graph of a session", () => {
  const task = (id: string, needs: readonly string[], partId: string): SessionTask => ({
    spec: {
      id,
      capability: "x.y",
      needs: needs.map((each) => ({ task: each, condition: "unspecified" as const })),
      ...{ labels: {}, resources: {}, checks: [], limits: [] },
    },
    ...{ partId, status: "pending" },
  });

  it("has a node for each task and an edge for each need", () => {
    const tasks = [task("a", [], "1"), task("b", ["a"], "2")];
    const { nodes, edges } = shapeOf(graphTasks(tasks), { toggled: new Set(), isSequence: false });
    assert.deepEqual(
      nodes.map(({ key }) => key),
      ["a", "b"],
    );
    assert.deepEqual(
      edges.map(({ from, to, condition }) => [from, to, condition]),
      [["a", "b", "success"]],
    );
    assert.deepEqual(partsOfNode(nodes[1] ?? assert.fail(), tasks), ["2"]);
  });

  it("groups equal tasks into one node, with the part of most of them first", () => {
    const tasks = Array.from({ length: 20 }, (_, at) => task(`p-${at}`, [], at < 5 ? "1" : "2"));
    const { nodes } = shapeOf(graphTasks(tasks), { toggled: new Set(), isSequence: false });
    assert.equal(nodes.length, 1);
    assert.deepEqual(partsOfNode(nodes[0] ?? assert.fail(), tasks), ["2", "1"]);
  });
});
