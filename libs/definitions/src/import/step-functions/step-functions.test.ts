import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentValues } from "../completeness.fixture.ts";
import { importStepFunctions, NotImported } from "../index.ts";

const folder = new URL("../../../test/step-functions/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");
const listOf = (file: string) =>
  importStepFunctions(textOf(file), file).untranslated.map(({ line, construct }) => `${line} ${construct}`);

/** Returns a file with these states. */
const withStates = (states: object) => JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
const firstState = (state: object): Record<string, unknown> => {
  const { documents } = importStepFunctions(withStates({ One: state, Two: { Type: "Succeed" } }));
  const [{ states }] = documents as unknown as [{ states: Record<string, Record<string, unknown>> }];
  return states["one"] ?? {};
};
const task = { Type: "Task", Resource: "arn:aws:lambda:eu-west-1:1:function:Work", Next: "Two" };

describe("a state machine of Step Functions", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      assert.deepEqual(
        silentValues(textOf(file), (text) => importStepFunctions(text, file)),
        [],
      );
    });

  it("tests a variable for its value, and a member for its presence", () => {
    const text = JSON.stringify({
      ...{ QueryLanguage: "JSONata", StartAt: "One" },
      States: {
        One: { Type: "Pass", Assign: { v: 1 }, Next: "Two" },
        Two: {
          Type: "Choice",
          Choices: [
            { Condition: "{% $exists($v) %}", Next: "Three" },
            { Condition: "{% $exists($states.input.a) %}", Next: "Three" },
          ],
          Default: "Three",
        },
        Three: { Type: "Succeed" },
      },
    });
    const written = JSON.stringify(importStepFunctions(text).documents);
    assert.match(written, /vars\.v != null/);
    assert.match(written, /\\"a\\" in /);
    assert.doesNotMatch(written, /\\"v\\" in vars/);
  });

  it("of an importer that forgets a key is found out", () => {
    const forgetful = (text: string) => ({
      documents: [JSON.parse(text).known],
      untranslated: [{ line: 4, construct: "listed", reason: "" }],
    });
    const text = '{ "known": 1,\n  "forgotten":\n  { "deep": 2,\n    "listed": 3 } }';
    assert.deepEqual(silentValues(text, forgetful), ["forgotten.deep"]);
  });

  it("without gaps lists no more than the capabilities that workers have to offer", () => {
    assert.deepEqual(listOf("order.asl.json"), [
      "8 arn:aws:lambda:eu-central-1:123456789012:function:CheckOrder:live",
      "51 arn:aws:lambda:eu-central-1:123456789012:function:ship-item",
      "88 arn:aws:states:eu-central-1:123456789012:activity:SendMail",
    ]);
  });

  it("lists constructs with their lines", () => {
    assert.deepEqual(listOf("untranslatable.asl.json"), [
      "8 state Filter",
      "13 state Lambda",
      "16 state Deep",
      "25 state Slice",
      '31 States.Mixed.Result: "a field of another state"',
      '32 States.Mixed.InputPath: "$.x"',
      "34 state Strange",
      "35 state Unset",
      "43 state Writer",
      "46 state Never",
    ]);
    assert.deepEqual(listOf("nightly-etl.asl.json"), [
      "14 arn:aws:states:::glue:startJobRun.sync",
      '16 States.Crawl.TimeoutSecondsPath: "$.limit"',
      "23 state Files",
      "41 Mode: DISTRIBUTED",
      "47 state Vacuum",
      "52 States.Tables.ToleratedFailurePercentage: 10",
      '53 States.Tables.MaxConcurrencyPath: "$.width"',
      '54 States.Tables.Label: "Tables"',
    ]);
  });

  it("lists a comment that is too long for a title, and a comment without a place", () => {
    const branch = { Comment: "One branch", StartAt: "Deep", States: { Deep: { Type: "Succeed" } } };
    const text = JSON.stringify(
      {
        StartAt: "One",
        States: {
          One: { Type: "Pass", Comment: "why ".repeat(60), Next: "Two" },
          Two: { Type: "Parallel", Branches: [branch, { ...branch, Comment: "Another" }], End: true },
        },
      },
      undefined,
      1,
    );
    const { untranslated } = importStepFunctions(text);
    assert.deepEqual(
      untranslated.map(({ line, construct }) => `${line} ${construct}`),
      [
        "6 Comment",
        '13 States.Two.Branches.0.Comment: "One branch"',
        '22 States.Two.Branches.1.Comment: "Another"',
      ],
    );
    assert.deepEqual(silentValues(text, importStepFunctions), []);
  });

  it("fails at a state that is not translated", () => {
    assert.deepEqual(firstState({ Type: "Pass", InputPath: "$..a", Next: "Two" }), {
      ...{ final: true, fail: "The state One is not translated." },
    });
  });

  for (const [title, retriers, expected] of [
    ["none", [], 1],
    [
      "named errors",
      [{ ErrorEquals: ["A", "B"], IntervalSeconds: 3, MaxAttempts: 4, BackoffRate: 2, MaxDelaySeconds: 10 }],
      { attempts: 5, backoff: "3s..10s", factor: 2, jitter: 0, on: ["A", "B"] },
    ],
    [
      "all errors but some",
      [
        { ErrorEquals: ["A"], MaxAttempts: 0 },
        { ErrorEquals: ["States.ALL"], JitterStrategy: "FULL" },
      ],
      { attempts: 4, backoff: "1s..4s", factor: 2, jitter: 1, notOn: ["A"] },
    ],
  ] as const)
    it(`retries ${title}`, () => {
      const { run } = firstState({ ...task, Retry: retriers }) as { run: { retry: unknown } };
      assert.deepEqual(run.retry, expected);
    });

  it("escapes texts that look like expressions of Tutti", () => {
    const { always } = firstState({ Type: "Pass", Result: { text: "${{ input }}" }, Next: "Two" });
    assert.deepEqual(always, { to: "two", set: { data: { text: "$${{ input }}" } } });
  });

  const deep = `${'{"Not":'.repeat(100)}{}${"}".repeat(100)}`;
  const layers = "abcdefghi".split("").map((name, index, all) => {
    const inner = index === 0 ? "lol" : `*${all[index - 1]}`;
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(", ")}]`;
  });
  for (const [title, text] of [
    ["a bomb of aliases", `${layers.join("\n")}\nStartAt: A\nStates: {A: {Type: Succeed}}`],
    ["deep nesting", `{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[${deep}]}}}`],
    ["a state that is not there", withStates({ A: { Type: "Pass", Next: "B" } })],
    ["a key that is there twice", '{"StartAt":"A","StartAt":"A","States":{}}'],
    ["something else", "{}"],
    [
      "more than 100,000 values",
      withStates({ A: { Type: "Pass", Result: Array(100_001).fill(1), End: true } }),
    ],
    ["more than a mebibyte", withStates({ A: { Type: "Pass", Result: "x".repeat(1_100_000), End: true } })],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importStepFunctions(text), NotImported);
    });
});
