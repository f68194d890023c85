import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode, MonitoringLevel, type SessionSpec } from "@tutti/contracts/session/v1";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { sessionJsonSchema } from "../language/json-schema.ts";
import { printProblem } from "../problem.ts";
import { checkSessionText, isSessionText } from "./session-checker.ts";

const everything = `session: report
title: The report of the night
mode: hybrid
optimization: {time: 2, cost: 1, exploration: 0.1, fixed: true}
monitoring: {level: detailed, deviation: 0.5}
input: {days: [1, 2]}
budget: {tokens: 1000, money: 2.5, time: 1h}
pool: big
priority: 5
dueTime: "2026-01-31T09:30:00Z"
timeout: 2h
weight: 3
limits: {slots: 8, gpu: 1}
reservations: [night]
after: [cleaning, {session: backup, namespace: ops, on: always}]
locks: [report, {name: disk, permits: 2, shared: true}]
labels: {team: shop}
retention: 7d
tasks:
  fetch:
    uses: data.fetch@^1
    with: {day: "\${{ input.days[0] }}"}
    estimate: {duration: 2s, money: 0.5}
    checks: [{name: there, condition: output != null, onFailure: sendBack, times: 2}]
    limits: [{key: source, concurrency: 2, rate: 10/s}]
    cache: {key: day, ttl: 1h}
    compensate: {uses: data.forget, with: {day: 1}}
    dueTime: "2026-01-31T08:00:00Z"
    resources: {gpu: 1}
    mayBeDoubled: true
  count: {uses: data.count, with: "\${{ tasks.fetch.output }}", retry: 3, timeout: 30s}
  tell: {needs: [{task: count, on: always}], workflow: tell@stable}
output: "\${{ tasks.count.output }}"
`;

const read = (text: string) => checkSessionText({ format: "yaml", text, fileName: "a.yaml" });
const problemsOf = (text: string) =>
  read(text).problems.map((problem) => printProblem({ ...problem, expected: "" }));

function specOf(text: string): SessionSpec {
  const { spec, problems } = read(text);
  assert.ok(spec !== undefined, problems.map(printProblem).join("\n"));
  return spec;
}

describe("the file of a session", () => {
  it("is a session as the contracts have it", () => {
    const { work, ...spec } = specOf(everything);
    assert.deepEqual(
      [spec.title, spec.mode, spec.pool, spec.priority, spec.weight, spec.timeoutMs, spec.retentionMs],
      ["The report of the night", Mode.MODE_HYBRID, "big", 5, 3, 7_200_000, 604_800_000],
    );
    assert.deepEqual(spec.optimization, { time: 2, cost: 1, quality: 0, exploration: 0.1, fixed: true });
    assert.deepEqual(spec.monitoring, { level: MonitoringLevel.MONITORING_LEVEL_DETAILED, deviation: 0.5 });
    assert.deepEqual(spec.budget, { tokens: 1_000, money: 2.5, timeMs: 3_600_000 });
    assert.deepEqual([spec.limits, spec.reservationIds], [{ slots: 8, gpu: 1 }, ["night"]]);
    assert.deepEqual(
      spec.dependsOn.map(({ session, condition }) => [session?.namespace, session?.id, condition]),
      [
        ["", "cleaning", 1],
        ["ops", "backup", 3],
      ],
    );
    assert.deepEqual(spec.locks, [
      { name: "report", permits: 0, shared: false },
      { name: "disk", permits: 2, shared: true },
    ]);
    assert.ok(work?.$case === "tasks");
    assert.equal(work.value.output, "tasks.count.output");
    const [fetch, count, report] = work.value.tasks;
    assert.deepEqual(fetch?.work, { $case: "capability", value: "data.fetch" });
    assert.deepEqual(
      [fetch?.versionRange, fetch?.estimate?.durationMs, fetch?.cache, fetch?.mayBeDoubled],
      ["^1", 2_000, { key: "day", ttlMs: 3_600_000, staleMs: 0, failuresMs: 0, tags: [], auto: false }, true],
    );
    assert.deepEqual(
      fetch?.checks.map(({ name, condition, onFailure, sendBackTo, maxSendBacks }) => [
        ...[name, condition, onFailure, sendBackTo, maxSendBacks],
      ]),
      [["there", "output != null", 2, "", 2]],
    );
    assert.deepEqual(fetch?.limits, [
      { key: "source", maxConcurrent: 2, rate: { count: 10, perMs: 1_000, burst: 0 }, resources: {} },
    ]);
    assert.equal(fetch?.compensate?.capability, "data.forget");
    assert.ok(fetch?.dueTime !== undefined);
    // A task that an expression reads is needed, even if it is not declared.
    assert.deepEqual(count?.needs, [{ task: "fetch", condition: 1 }]);
    assert.deepEqual([count?.retry?.maxAttempts, count?.timeouts?.runMs], [3, 30_000]);
    assert.deepEqual(report?.needs, [{ task: "count", condition: 3 }]);
  });

  it("gets defaults for options that are not set", () => {
    const spec = specOf("session: few\noptimization: true\nmonitoring: true\ntasks: {a: {uses: x.y}}");
    assert.equal(spec.mode, Mode.MODE_ADAPTIVE);
    assert.equal(spec.title, "few");
    assert.deepEqual(spec.optimization, { time: 0, cost: 0, quality: 0, exploration: 0, fixed: false });
    assert.deepEqual(spec.monitoring, { level: MonitoringLevel.MONITORING_LEVEL_STANDARD, deviation: 0 });
    assert.equal(specOf("session: few\ntasks: {a: {uses: x.y}}").optimization, undefined);
    const fast = specOf("session: few\noptimization: time\ntasks: {a: {uses: x.y}}");
    assert.equal(fast.optimization?.time, 1);
  });

  it("has a goal or a definition in the place of tasks", () => {
    const { work } = specOf(
      "session: g\ngoal: {description: A cat, planner: cats.plan, reached: output.cat}",
    );
    assert.ok(work?.$case === "goal");
    assert.deepEqual([work.value.planner, work.value.reached], ["cats.plan", "output.cat"]);
    const use = specOf("session: d\nworkflow: order@stable\ninput: {n: 1}").work;
    assert.ok(use?.$case === "definition");
    assert.deepEqual(use.value.definition?.version, { $case: "label", value: "stable" });
  });

  it("is distinguished from a definition", () => {
    const is = (text: string) => isSessionText({ format: "yaml", text, fileName: "a.yaml" });
    assert.deepEqual(
      [is(everything), is("workflow: w\ntasks: {}"), is('{"session": "s"}'), is("session: ["), is("- a")],
      [true, false, true, false, false],
    );
  });

  const refused: readonly (readonly [title: string, text: string, problems: readonly string[]])[] = [
    [
      "nothing to be done",
      "session: s",
      ["a.yaml:1:1: error: expected one of `tasks`, `goal`, `workflow`, got none"],
    ],
    [
      "a mode that is none",
      "session: s\nmode: adaptiv\ntasks: {a: {uses: x}}",
      [
        'a.yaml:2:7: error: mode: expected `workflow` or `swarm` or `intelligence` or `hybrid` or `adaptive` or `custom`, got "adaptiv". Did you mean `adaptive`?',
      ],
    ],
    [
      "a task that only a run can do",
      "session: s\ntasks:\n  a: {wait: 5s}\n  b: {uses: x, forEach: input.days}",
      [
        "a.yaml:3:7: error: tasks.a.wait: expected a task that every engine can run, got `wait`, which only a workflow supports",
        "a.yaml:4:16: error: tasks.b.forEach: expected a task that every engine can run, got `forEach`, which only a workflow supports",
      ],
    ],
    [
      "needs in a circle and needs of nothing",
      "session: s\ntasks:\n  a: {uses: x, needs: [b]}\n  b: {uses: x, needs: [a]}\n  c: {uses: x, needs: [d]}",
      [
        "a.yaml:3:3: error: tasks.a: the needs of tasks form a cycle: a → b → a",
        "a.yaml:5:24: error: tasks.c.needs[0]: unknown task `d`. Did you mean `a`?",
      ],
    ],
    [
      "a moment that is none, and an orchestrator without its mode",
      "session: s\norchestrator: mine\ndueTime: soon\ntasks: {a: {uses: x}}",
      [
        "a.yaml:2:1: error: orchestrator: `orchestrator` has no effect without the mode `custom`",
        'a.yaml:3:10: error: dueTime: expected a moment such as 2026-01-31T09:30:00Z, got "soon"',
      ],
    ],
    [
      "a key that is misspelt",
      "session: s\noptimisation: true\ntasks: {a: {uses: x}}",
      ['a.yaml:2:1: error: optimisation: unknown key "optimisation". Did you mean `optimization`?'],
    ],
  ];
  for (const [title, text, problems] of refused)
    it(`is refused with line and column: ${title}`, () => {
      assert.equal(read(text).spec, undefined);
      for (const problem of problems)
        assert.ok(problemsOf(text).includes(problem), `${problem}\n${problemsOf(text).join("\n")}`);
    });

  it("has a schema for editors that accepts it and rejects misspelt keys", () => {
    const validate = new Ajv2020({ strict: false }).compile(sessionJsonSchema() as object);
    assert.ok(validate(parse(everything)), JSON.stringify(validate.errors));
    assert.equal(validate({ session: "s", optimisation: true, tasks: { a: { uses: "x" } } }), false);
    assert.equal(validate({ session: "s" }), false);
  });
});
