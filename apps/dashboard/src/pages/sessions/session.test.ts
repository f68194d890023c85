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
  choiceWords,
  errorWords,
  lastMoves,
  lateWords,
  modeReason,
  modesOfParts,
  movedWords,
  movesTogether,
  outcomeWords,
  waitLines,
} from "./session.ts";
import { modeWords } from "./voices.ts";

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

  it("says that the mode was set, and nothing else, if nothing was chosen", () =>
    assert.equal(
      modeReason(session("swarm", "swarm", "the mode was set at the start"), []),
      "The mode swarm was set at the start.",
    ));

  it("says of a hybrid session why its only part has its mode", () =>
    assert.equal(
      modeReason(session("hybrid", "hybrid", "independent short tasks"), [cut]),
      "The mode hybrid was set at the start. Independent short tasks.",
    ));

  it("says that Tutti chose, and why, by the last choice", () => {
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

  it("says that it is not chosen yet", () =>
    assert.equal(
      modeReason(session("adaptive", "unspecified"), []),
      "Tutti chooses the mode when the session starts.",
    ));
});

describe("a choice in words", () => {
  it("says between what it was, with bars along the longest", () => {
    const [workflow, intelligence, custom] = candidateLines(choice);
    assert.deepEqual(
      [workflow?.time, workflow?.high, workflow?.share, workflow?.highShare],
      ["4.0 s", "8.0 s", 0.5, 1],
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

  it("says how sure it was, or that it was none of knowing", () => {
    assert.equal(choiceWords(choice), "80 % sure");
    assert.equal(choiceWords({ ...choice, explored: true }), "exploration");
    assert.equal(choiceWords({ ...choice, fallback: true, explored: true }), "safe default");
  });

  it("says what came of it against what was expected", () => {
    assert.equal(outcomeWords(choice), undefined);
    const came = (realMs: number) => outcomeWords({ ...choice, outcome: { realMs } });
    assert.equal(came(2_000), "took 2.0 s, as expected");
    assert.equal(came(3_000), "took 3.0 s, 50 % longer than expected");
    assert.equal(came(1_000), "took 1.0 s, 50 % shorter than expected");
  });
});

describe("a session in words", () => {
  it("says its mode, and whether it was chosen", () => {
    const table = [
      ["adaptive", "hybrid", "hybrid, chosen"],
      ["adaptive", undefined, "adaptive"],
      ["swarm", "swarm", "swarm"],
      ["swarm", undefined, "swarm"],
      [undefined, "unspecified", "not chosen yet"],
      [undefined, "hybrid", "hybrid"],
    ] as const;
    for (const [wanted, effective, words] of table) assert.equal(modeWords(wanted, effective), words);
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
      [lateWords(0), lateWords(2_000), lateWords(-500)],
      ["as planned", "2.0 s late", "500 ms early"],
    );
  });

  it("says how far predictions were off, where there were any", () => {
    const waits = { waits: [] };
    assert.equal(errorWords({ ...waits, predicted: 4, predictionError: 0.12 }), "12 %");
    assert.equal(errorWords({ ...waits, predicted: 0, predictionError: 0 }), "none yet");
    assert.equal(errorWords(waits), "none yet");
  });

  it("tells moves that were made at once, for one reason, as one", () => {
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

  it("says when a task moved, and how many did of those that stand together", () => {
    const moves = new Map([
      ["a", { taskId: "a", moveTimeMs: 3_000 }],
      ["b", { taskId: "b", moveTimeMs: 2_500 }],
    ]);
    assert.equal(movedWords(["a"], moves, 1_000), "moved after 2.0 s");
    assert.equal(movedWords(["a", "b", "c"], moves, 1_000), "2 of 3 moved, the last after 2.0 s");
    assert.equal(movedWords(["c"], moves, 1_000), "");
  });

  it("offers what can be done with it, and nothing that cannot", () => {
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

  it("is looked at by what its address says, and by nothing that no filter has", () => {
    assert.deepEqual(sessionsSearch({ text: "x", status: ["failed", "none"], mode: "swarm" }), {
      ...{ text: "x", status: ["failed"], mode: ["swarm"] },
    });
    assert.deepEqual(sessionsSearch({ mode: "adaptive", text: "" }), {});
    assert.deepEqual(sessionSearch({ view: "plan", task: "a" }), { view: "plan", task: "a" });
    assert.deepEqual(sessionSearch({ view: "none" }), {});
  });
});

describe("a plan beside reality", () => {
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

  it("is on one axis, which grows while a task is running", () => {
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

  it("of nothing stands on an axis too", () => {
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

  it("puts together what is alike, in the voice of most of them", () => {
    const tasks = Array.from({ length: 20 }, (_, at) => task(`p-${at}`, [], at < 5 ? "1" : "2"));
    const { nodes } = shapeOf(graphTasks(tasks), { toggled: new Set(), isSequence: false });
    assert.equal(nodes.length, 1);
    assert.deepEqual(partsOfNode(nodes[0] ?? assert.fail(), tasks), ["2", "1"]);
  });
});
