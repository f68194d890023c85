// @ts-check
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  featureStatesIn,
  missionProblems,
  promisesIn,
  promisesToShow,
  readMission,
  stateProblems,
} from "../acceptance/mission.mjs";
import { pageOf, stateIn, tableOf } from "../acceptance/page.mjs";
import { workspaceRoot } from "../setup.mjs";

const row = {
  ...{ id: "one", area: "start", promise: "It <starts>." },
  promised: ["README.md: Workflows as data or code"],
  test: { file: "tools/test/acceptance.test.mjs", title: "finds promises" },
};

describe("acceptance", () => {
  it("finds promises in bullets and tables", () => {
    const page =
      "- **Workflows** in YAML\n\n| | Tutti |\n|---|---|\n| to start | one command |\n| `order-1` | an order |\n";
    assert.deepEqual(promisesIn(page), ["Workflows", "to start", "order-1"]);
    assert.deepEqual(promisesIn("npx tutti why order-1  # the reason\nnpx tutti list\n"), ["npx tutti why"]);
    assert.deepEqual(promisesIn("- A *run* has an [id](run.md): a text. It stays.\n"), ["A run has an id"]);
    const parts = "## What it does\n\n- **A**: a\n\n## Status\n\n- **B**: b\n";
    assert.deepEqual(promisesToShow(parts, ["What it does"]), ["A"]);
    const guarantee =
      "| guarantee | test |\n|---|---|\n| A step is `durable`. A crash keeps it. | `a.ts` |\n";
    assert.deepEqual(promisesIn(guarantee), ["A step is durable."]);
  });

  it("has a row for each promise of README and the docs, and rows whose tests and commands exist", () => {
    assert.deepEqual(missionProblems(workspaceRoot), []);
    assert.ok(readMission(workspaceRoot).length > 30);
  });

  for (const [fault, change, problem] of /** @type {const} */ ([
    ["a file that does not exist", { test: { file: "gone.ts", title: "x" } }, /one: no file gone\.ts/],
    ["a test that does not exist", { test: { ...row.test, title: "x".repeat(40) } }, /has no test "x+"/],
    ["an unknown command", { test: undefined, command: "npx tutti fly" }, /unknown command npx tutti fly/],
    ["an unknown script", { test: undefined, command: "npm run fly" }, /no script fly/],
    ["neither test nor command", { test: undefined }, /expected either/],
    [
      "a promise that the page does not make",
      { promised: ["README.md: Flying"] },
      /README\.md has no promise "Flying"/,
    ],
  ]))
    it(`reports ${fault}`, () => {
      assert.match(
        missionProblems(workspaceRoot, [/** @type {any} */ ({ ...row, ...change })]).join("\n"),
        problem,
      );
    });

  it("finds sentences about the state of a feature, and none outside of their page", () => {
    assert.deepEqual(stateProblems(workspaceRoot), []);
    const lines = [
      "Windows has never been tried.",
      "Alerts do not exist yet.",
      "There is no Helm chart.",
      "A run that does not exist.",
    ];
    assert.deepEqual(
      lines.map((line) => featureStatesIn(line).length),
      [1, 1, 1, 0],
    );
  });

  it("reports a promise without a row", () => {
    const problems = missionProblems(workspaceRoot, [row]).join("\n");
    assert.match(problems, /README\.md: the promise "Teams and goals" has no row/);
    assert.match(
      problems,
      /defaults\.md: the promise "A step that was acknowledged is durable\." has no row/,
    );
    assert.match(problems, /high-availability\.md: the promise "a worker dies" has no row/);
    assert.match(problems, /start\.md: the promise "order-1001" has no row/);
  });

  it("reads states from the output of the test runner: all tests of a title, none skipped", () => {
    const tap =
      "    ok 1 - a: works\n    not ok 2 - b: works\n    ok 3 - c # SKIP no browser\n    ok 4 - d\n";
    const states = ["works", "a: works", "c", "d", "gone"].map((title) => stateIn(tap, title));
    assert.deepEqual(states, ["failed", "shown", "failed", "shown", "failed"]);
  });

  it("writes a table and a page with state, figure and date", () => {
    const date = "2026-01-02T03:04:05.000Z";
    const results = {
      one: { ...{ seconds: 2, figure: "lost: 0", date, output: "" }, state: /** @type {const} */ ("shown") },
    };
    assert.match(tableOf([row], results), /start\s+one\s+shown\s+2\.0 s\s+lost: 0/);
    assert.match(pageOf([row], results), /1 of 1 promises.*It &lt;starts&gt;\..*lost: 0.*2026-01-02 03:04/s);
    assert.match(pageOf([row], {}), /0 of 1 promises shown. 1 not run/);
  });
});
