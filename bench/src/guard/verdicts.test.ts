import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Goal } from "../scenario.ts";
import { rowsOf, tableOf, verdictOf } from "./verdicts.ts";

const fast: Goal = { line: { agents: 10 }, figure: "p95Ms", atMost: 10, unit: "ms" };
const wide: Goal = { line: { agents: 10 }, figure: "ratio", atLeast: 0.5, compared: ["ours", "ceiling"] };
const known = (goal: Goal, worst: number): Goal => ({ ...goal, known: { issue: 28, worst } });

describe("a verdict", () => {
  for (const [goal, value, verdict, isFault] of [
    [fast, 10, "ok", false],
    [fast, 10.1, "missed", true],
    [wide, 0.5, "ok", false],
    [wide, 0.49, "missed", true],
    [known(fast, 70), 70, "known miss, issue 28", false],
    [known(fast, 70), 71, "missed: worse than 70, the limit until issue 28", true],
    [known(fast, 70), 9, "ok, issue 28 is met", false],
    [known(wide, 0.2), 0.2, "known miss, issue 28", false],
    [known(wide, 0.2), 0.19, "missed: worse than 0.2, the limit until issue 28", true],
    [known(wide, 0.2), 0.5, "ok, issue 28 is met", false],
  ] as const)
    it(`of ${value}: ${verdict}`, () => assert.deepEqual(verdictOf(goal, value), { verdict, isFault }));
});

describe("the table of guard", () => {
  const results = [
    { variant: "busy", agents: 1, ratio: 9, ours: 9, ceiling: 1, p95Ms: 1 },
    { variant: "busy", agents: 10, ratio: 0.3, ours: 30, ceiling: 100, p95Ms: 4 },
  ];

  it("has a line per goal, with the figure of the line that the goal names and the ratio to its peer", () => {
    const rows = rowsOf({ name: "swarm", goals: [fast, wide] }, { results });
    assert.equal(
      tableOf(rows),
      [
        "scenario  figure            value  goal     verdict  beside",
        "swarm     agents 10, p95Ms  4 ms   ≤ 10 ms  ok",
        "swarm     agents 10, ratio  0.3    ≥ 0.5    missed   0.3 (30 : 100)",
      ].join("\n"),
    );
    assert.deepEqual(
      rows.map(({ isFault }) => isFault),
      [false, true],
    );
  });

  for (const [condition, measured, verdict, isFault] of [
    ["the scenario fails", { results: [], failure: "Error: no" }, "failed: Error: no", true],
    ["the machine lacks something", { results: [], absent: "Chromium" }, "not measured: Chromium", false],
    [
      "a figure was renamed",
      { results: [{ variant: "busy", agents: 10 }] },
      "not measured: no such figure",
      true,
    ],
  ] as const)
    it(`reports a missing figure when ${condition}`, () => {
      const [row] = rowsOf({ name: "swarm", goals: [fast] }, measured);
      assert.deepEqual([row?.verdict, row?.isFault, row?.value], [verdict, isFault, ""]);
    });

  it("keeps the results from before a failure", () => {
    const rows = rowsOf({ name: "swarm", goals: [fast] }, { results, failure: "took longer than 150 s" });
    assert.equal(rows[0]?.verdict, "ok");
  });
});
