import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { SessionScene, taskSpec } from "@tutti/machine-session/testing";
import { questionMax, questionOf, readDecision, type Situation } from "./decisions.ts";

function situationOf(outputs = "7"): Situation {
  const scene = SessionScene.of(Mode.MODE_CUSTOM, [taskSpec("a"), taskSpec("b", ["a"]), taskSpec("c")], {
    orchestrator: "mine",
  });
  scene.confirm();
  const value = { body: { $case: "inline" as const, value: Buffer.from(outputs) }, mediaType: "" };
  return {
    ...{ view: scene.state, part: 0, agents: [], expectedMs: () => 20 },
    outcomes: [
      { taskId: "a", outcome: { result: { $case: "completed", value } }, used: undefined, work: undefined },
    ],
  };
}

function problemOf(output: unknown): string {
  const read = readDecision(output, situationOf(), 100);
  return read.ok ? "none" : read.problem;
}

describe("questions to orchestrators", () => {
  it("contain the needs and status of each task, and whether it can start", () => {
    const { tasks, part, number } = JSON.parse(questionOf(situationOf()));
    assert.deepEqual([part, number], ["p1", 1]);
    assert.deepEqual(
      tasks.map(({ id, needs, isReady, output }: Record<string, unknown>) => [id, needs, isReady, output]),
      [
        ["a", [], true, 7],
        ["b", ["a"], false, undefined],
        ["c", [], true, undefined],
      ],
    );
  });

  it("omit long outputs", () => {
    const question = questionOf(situationOf(JSON.stringify("x".repeat(500_000))));
    assert.ok(question.length < questionMax);
    assert.equal("output" in JSON.parse(question).tasks[0], false);
  });
});

describe("the decision of an orchestrator", () => {
  it("starts tasks, with or without an agent, and moves others", () => {
    const read = readDecision(
      {
        start: ["a", { task: "c", agent: "anna" }],
        move: [{ tasks: ["b"], to: "swarm" }],
        askAgainAfterMs: 5,
      },
      situationOf(),
      100,
    );
    assert.deepEqual(read, {
      ok: true,
      decision: {
        start: [
          { task: 0, agent: "", startMs: 100, endMs: 120 },
          { task: 2, agent: "anna", startMs: 100, endMs: 120 },
        ],
        moves: [{ taskIds: ["b"], mode: Mode.MODE_SWARM, reason: "" }],
        ...{ reason: "", askAgainAfterMs: 5 },
      },
    });
  });

  it("may be empty", () => {
    const read = readDecision({}, situationOf(), 100);
    assert.deepEqual(read.ok && [read.decision.start, read.decision.moves], [[], []]);
  });

  for (const [title, output, problem] of [
    ["nothing", null, "`it`: expected an object with `start`, `move`, `reason`, `askAgainAfterMs`, got null"],
    [
      "a list",
      ["a"],
      '`it`: expected an object with `start`, `move`, `reason`, `askAgainAfterMs`, got ["a"]',
    ],
    [
      "a word it does not know",
      { starts: [] },
      "`starts`: expected one of `start`, `move`, `reason`, `askAgainAfterMs`",
    ],
    [
      "a task that is none",
      { start: ["x"] },
      '`start[0]`: expected the id of a task of the session, got "x"',
    ],
    ["an agent that is none", { start: [{ task: "a", agent: 7 }] }, "`start[0].agent`: expected text, got 7"],
    ["one task as all", { start: "a" }, '`start`: expected a list, got "a"'],
    [
      "a mode in which nothing is done",
      { move: [{ tasks: ["a"], to: "hybrid" }] },
      '`move[0].to`: expected one of `workflow`, `swarm`, `intelligence`, got "hybrid"',
    ],
    ["no time", { askAgainAfterMs: 0 }, "`askAgainAfterMs`: expected milliseconds above 0, got 0"],
  ] as const)
    it(`is refused with ${title}, and the error names the place`, () =>
      assert.equal(problemOf(output), problem));
});
