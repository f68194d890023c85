import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Overlap } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { scheduleJsonSchema } from "../language/json-schema.ts";
import { printProblem } from "../problem.ts";
import { documentsOf } from "../source/documents.ts";
import { checkText } from "./checker.ts";
import { checkScheduleText, isScheduleText } from "./schedule-checker.ts";

const everything = `schedule: nightly
description: The report of the night
workflow: report@stable
input: {region: eu, days: [1, 2]}
parameters: {size: 3}
cron: ["0 3 * * *", "@hourly"]
every: 90s
once: "2026-01-31T09:30:00Z"
except: ["0 3 25 12 *"]
from: "2026-01-01T00:00:00Z"
until: "2027-01-01T00:00:00Z"
timeZone: Europe/Zurich
jitter: 10s
overlap: queueOne
catchUp: 1h
pauseOnFailure: true
maxRuns: 100
paused: true
pool: big
priority: 5
timeout: 2h
retention: 7d
labels: {team: shop}
`;

const text = (yaml: string) => ({ format: "yaml", text: yaml, fileName: "a.yaml" }) as const;
const problemsOf = (yaml: string) =>
  checkScheduleText(text(yaml)).problems.map((problem) => printProblem({ ...problem, expected: "" }));

describe("the file of a schedule", () => {
  it("with every key is a schedule as the contracts have it", () => {
    const { schedule, problems, setsPaused } = checkScheduleText(text(everything));
    assert.ok(schedule !== undefined, problems.map(printProblem).join("\n"));
    const { timing, run, policy } = schedule;
    assert.deepEqual(
      [schedule.scheduleId, schedule.description, schedule.paused, schedule.labels, setsPaused],
      ["nightly", "The report of the night", true, { team: "shop" }, true],
    );
    assert.deepEqual(policy, {
      ...{ overlap: Overlap.OVERLAP_QUEUE_ONE, catchUpMs: 3_600_000, pauseOnFailure: true, maxRuns: 100 },
    });
    assert.deepEqual(
      timing?.rules.map(({ rule }) => (rule?.$case === "once" ? fromTimestamp(rule.value) : rule?.value)),
      ["0 3 * * *", "@hourly", { everyMs: 90_000, offsetMs: 0 }, Date.parse("2026-01-31T09:30:00Z")],
    );
    assert.deepEqual(
      [
        timing?.timeZone,
        timing?.jitterMs,
        timing?.exceptions.length,
        fromTimestamp(timing?.within?.from ?? assert.fail()),
      ],
      ["Europe/Zurich", 10_000, 1, Date.parse("2026-01-01T00:00:00Z")],
    );
    assert.deepEqual(run?.what, {
      $case: "definition",
      value: { name: "report", version: { $case: "label", value: "stable" } },
    });
    assert.deepEqual(
      [run?.pool, run?.priority, run?.timeoutMs, run?.retentionMs],
      ["big", 5, 7_200_000, 604_800_000],
    );
    const { body } = run?.input ?? assert.fail();
    assert.equal(body?.$case === "inline" && body.value.toString(), '{"region":"eu","days":[1,2]}');
  });

  it("names every mistake at its line", () => {
    const lines = problemsOf(
      "schedule: a b\nworkflow: report\nevry: 1s\nevery: 5ms\noverlap: queue_one\nuntil: soon\n",
    );
    assert.deepEqual(
      lines.map((line) => /^a\.yaml:(\d+):\d+: error: (\w+)/.exec(line)?.slice(1)),
      [
        ["1", "schedule"],
        ["3", "evry"],
        ["4", "every"],
        ["5", "overlap"],
        ["6", "until"],
      ],
    );
    assert.match(lines[1] ?? "", /every/);
    assert.match(lines[3] ?? "", /queueOne/);
  });

  it("needs a workflow and a time", () => {
    assert.match(problemsOf("schedule: a\ncron: '@hourly'\n").join(), /workflow/);
    assert.match(
      problemsOf("schedule: a\nworkflow: b\n").join(),
      /expected `cron`, `every` or `once`, got none/,
    );
  });

  it("differs from a workflow, and has a schema for editors that accepts it", () => {
    assert.deepEqual(
      [everything, "workflow: a\ntasks: {one: {uses: a.b}}\n", "[1]"].map((yaml) =>
        isScheduleText(text(yaml)),
      ),
      [true, false, false],
    );
    const validate = new Ajv2020({ strict: false }).compile(scheduleJsonSchema() as object);
    assert.equal(validate(parse(everything)), true, JSON.stringify(validate.errors));
    assert.equal(validate({ schedule: "a", workflow: "b", crn: "@hourly" }), false);
  });

  for (const [line, problem] of [
    ['cron: "0 25 * * *"', /^a\.yaml:3:7: error: cron: .*25/],
    ['cron: ["@hourly", "0 0 31 2 *"]', /cron\[1\]: expected a time that comes/],
    ['every: 1h\nexcept: ["x"]', /except\[0\]: /],
    ["every: 1h\ntimeZone: Europe/Bern", /timeZone: expected a time zone as the IANA names it/],
  ] as const)
    it(`is refused with ${line}`, () => {
      const [found = ""] = problemsOf(`schedule: nightly\nworkflow: report\n${line}\n`);
      assert.match(found, problem);
    });
});

describe("a text of several documents", () => {
  const several = `# All that the shop runs.
---
workflow: one
tasks:
  a: {run: "x"}
--- {workflow: two, tasks: {a: {uses: a.b}}}
...
# nothing
---
schedule: s
note: |
  text
   ---
workflow: two
`;
  it("is split at its marks, without empty documents", () => {
    const documents = documentsOf(text(several));
    assert.deepEqual(
      documents.map((document) => (parse(document.text) as { workflow: string }).workflow),
      ["one", "two", "two"],
    );
    assert.deepEqual(
      documents.map(({ linesBefore }) => linesBefore),
      [1, 5, 8],
    );
    assert.equal(documentsOf({ ...text('{"a": "\\n---\\n"}'), format: "json" }).length, 1);
    assert.deepEqual(documentsOf(text("# nothing\n---\n\n")), []);
  });

  it("has its problems at the lines of the file", () => {
    const [first, , three] = documentsOf(text(several));
    const lineOf = ({ problems }: { problems: readonly { line: number; path: string }[] }) =>
      problems.map(({ line, path }) => `${line} ${path}`);
    assert.deepEqual(lineOf(checkText(first ?? assert.fail())), ["5 tasks.a", "5 tasks.a.run"]);
    assert.deepEqual(lineOf(checkScheduleText(three ?? assert.fail())).at(-1), "11 note");
  });
});
