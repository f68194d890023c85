import assert from "node:assert/strict";
import { it } from "node:test";
import { KnownDefinitions } from "../../testing/plans.ts";

const known = new KnownDefinitions();

for (const [usage, rest, isPassThrough] of [
  ["is the whole `with` of a task", 'b: {uses: x.b, with: "${{ tasks.a.output }}"}', true],
  [
    "is the whole `with` of each of two tasks",
    'b: {uses: x.b, with: "${{ tasks.a.output }}"}\n  c: {uses: x.c, with: "${{ tasks.a.output }}"}',
    true,
  ],
  ["is not used", "b: {uses: x.b, needs: [a]}", true],
  [
    "is used by its status alone",
    'b: {uses: x.b, needs: [a], with: {status: "${{ tasks.a.status }}"}}',
    true,
  ],
  ["is a part of what a task works on", 'b: {uses: x.b, with: {it: "${{ tasks.a.output }}"}}', false],
  [
    "is read by a condition",
    'b: {uses: x.b, when: "${{ tasks.a.output.n > 1 }}", with: "${{ tasks.a.output }}"}',
    false,
  ],
  ["is a list of entries", 'b: {uses: x.b, forEach: "${{ tasks.a.output }}", with: "${{ item }}"}', false],
  [
    "is handed on to a task with a check",
    'b: {uses: x.b, with: "${{ tasks.a.output }}", checks: [{name: n, condition: "output.n > 1"}]}',
    false,
  ],
  [
    "is handed on to a task that is undone",
    'b: {uses: x.b, with: "${{ tasks.a.output }}", compensate: {uses: x.undo}}',
    false,
  ],
  ["is set", 'b: {set: "${{ tasks.a.output }}"}', false],
] as const)
  it(`an output that ${usage} ${isPassThrough ? "may stay in the store" : "is read by the run"}`, () => {
    const hash = known.add(`\nworkflow: t\ntasks:\n  a: {uses: x.a}\n  ${rest}\noutput: done\n`);
    assert.equal(known.plan(hash).isPassThrough(0), isPassThrough);
  });

for (const [usage, tasks] of [
  ["has checks", 'a: {uses: x.a, checks: [{name: n, condition: "output.n > 1"}]}'],
  ["has a compensation", "a: {uses: x.a, compensate: {uses: x.undo}}"],
  ["is cached", "a: {uses: x.a, cache: {ttl: 1h}}"],
  ["has entries", 'a: {uses: x.a, forEach: "${{ [1, 2] }}"}'],
] as const)
  it(`an output of a task that ${usage} is read by the run`, () => {
    const hash = known.add(`\nworkflow: t\ntasks:\n  ${tasks}\noutput: done\n`);
    assert.equal(known.plan(hash).isPassThrough(0), false);
  });

it("outputs are read if the output of the run is computed from them", () => {
  const unnamed = known.add("\nworkflow: t\ntasks:\n  a: {uses: x.a}\n");
  const named = known.add('\nworkflow: t\ntasks:\n  a: {uses: x.a}\noutput: "${{ tasks.a.output }}"\n');
  assert.deepEqual(
    [unnamed, named].map((hash) => known.plan(hash).isPassThrough(0)),
    [false, false],
  );
});

for (const [usage, text, reads] of [
  ["hands it on", 'tasks: {a: {uses: x.a, with: "${{ input }}"}}\noutput: done', false],
  ["has a task with a part of it", 'tasks: {a: {uses: x.a, with: "${{ input.n }}"}}\noutput: done', true],
  ["gives it", 'tasks: {a: {uses: x.a}}\noutput: "${{ input }}"', true],
  [
    "has a schema for it",
    'input: {schema: {type: object}}\ntasks: {a: {uses: x.a, with: "${{ input }}"}}\noutput: done',
    true,
  ],
  ["has states", "states: {a: {final: true}}\ninitial: a", true],
] as const)
  it(`a run that ${usage} ${reads ? "reads" : "does not read"} its input`, () => {
    assert.equal(known.plan(known.add(`\nworkflow: t\n${text}\n`)).readsInput, reads);
  });
