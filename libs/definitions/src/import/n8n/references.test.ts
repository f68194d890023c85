import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { importN8n } from "../index.ts";

interface Node {
  readonly name: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

const node = (name: string, type: string, more: Readonly<Record<string, unknown>> = {}): Node => ({
  ...{ name, type: `n8n-nodes-base.${type}` },
  ...more,
});
const go = node("Go", "manualTrigger");
const set = (name: string, value: string) =>
  node(name, "set", {
    typeVersion: 3.4,
    parameters: { assignments: { assignments: [{ name: "v", value: `={{ ${value} }}`, type: "string" }] } },
  });
const condition = {
  leftValue: "={{ $json.n }}",
  operator: { type: "number", operation: "gt" },
  rightValue: 1,
};
const parameters = { conditions: { conditions: [condition] } };

/** Imports nodes with connections such as `A > B` and `A 1 > B`. Returns the tasks, or why one fails. */
function tasksOf(nodes: readonly Node[], edges: readonly string[], settings = {}): unknown {
  const connections: Record<string, { main: { node: string; type: string; index: number }[][] }> = {};
  for (const edge of edges) {
    const [, from = "", output = "0", to = "", index = "0"] =
      /^(.+?)(?: (\d))? > (.+?)(?: (\d))?$/.exec(edge) ?? [];
    connections[from] ??= { main: [] };
    for (let at = 0; at <= Number(output); at++) connections[from].main[at] ??= [];
    connections[from].main[Number(output)]?.push({ node: to, type: "main", index: Number(index) });
  }
  const { documents, untranslated } = importN8n(JSON.stringify({ nodes, connections, settings }, null, 1));
  const failed = untranslated.find(({ reason }) => reason.endsWith("The run fails here"));
  return failed?.reason ?? (documents[0] as { tasks: unknown }).tasks;
}

const setOf = (tasks: unknown, id: string) =>
  typeof tasks === "string" ? tasks : (tasks as Record<string, { set: unknown }>)[id]?.set;

describe("an expression of a node of n8n", () => {
  const work = node("Work", "shop");
  const end = (value: string) => set("End", value);

  for (const [title, nodes, edges, expected] of [
    [
      "reads the first item of a node before it",
      [go, work, end("$('Work').first().json.id")],
      ["Go > Work", "Work > End"],
      'tasks["work"].output.map(item, {"v": string(tasks["work"].output[0].id) })',
    ],
    [
      "reads the last item of the output that leads to it",
      [go, work, node("If", "if", { parameters }), end("$('If').last().json.id")],
      ["Go > Work", "Work > If", "If 1 > End"],
      'tasks["if"].output[1].map(item, {"v": string(tasks["if"].output[1][size(tasks["if"].output[1]) - 1].id) })',
    ],
    [
      "reads the item of the trigger from everywhere",
      [go, work, node("Few", "filter", { parameters }), end("$('Go').item.json.id + $('Go').first().json.n")],
      ["Go > Work", "Work > Few", "Few > End"],
      'tasks["few"].output.map(item, {"v": string((input.id + input.n)) })',
    ],
    [
      "reads the item from which its own came, by its index",
      [go, work, set("Mid", "$json.n"), end("$('Work').item.json.id")],
      ["Go > Work", "Work > Mid", "Mid > End"],
      'tasks["mid"].output.transformList(index, item, {"v": string(tasks["work"].output[index].id) })',
    ],
    [
      "reads its index",
      [go, work, end("$itemIndex")],
      ["Go > Work", "Work > End"],
      'tasks["work"].output.transformList(index, item, {"v": string(index) })',
    ],
  ] as const)
    it(title, () => {
      assert.equal(setOf(tasksOf(nodes, edges), "end"), `\${{ ${expected} }}`);
    });

  it("reads the paired item in a filter and in a task", () => {
    const paired = { leftValue: "={{ $('Work').item.json.n }}", operator: condition.operator, rightValue: 1 };
    const few = node("Few", "filter", { parameters: { conditions: { conditions: [paired] } } });
    const mail = node("Mail", "mail", { parameters: { to: "={{ $('Mid').item.json.v }}" } });
    const tasks = tasksOf(
      [go, work, set("Mid", "$json.n"), few, mail],
      ["Go > Work", "Work > Mid", "Mid > Few", "Mid > Mail"],
    ) as Record<string, Record<string, unknown>>;
    const test = '(tasks["work"].output[index].n > 1)';
    assert.equal(
      tasks["few"]?.["set"],
      `\${{ tasks["mid"].output.transformList(index, item, ${test}, item) }}`,
    );
    assert.deepEqual(tasks["mail"]?.["with"], { to: '${{ tasks["mid"].output[index].v }}' });
  });

  const few = node("Few", "filter", { parameters });
  const loop = node("Loop", "splitInBatches", { typeVersion: 3, parameters: {} });
  for (const [title, nodes, edges, why] of [
    [
      "of a paired item behind a filter",
      [go, work, few, end("$('Work').item.json.id")],
      ["Go > Work", "Work > Few", "Few > End"],
      /`Few` between the nodes changes the number or order/,
    ],
    [
      "of a paired item of a node with two inputs",
      [go, work, few, end("$('Work').item.json.id")],
      ["Go > Work", "Work > Few", "Few > End", "Work > End"],
      /`End` gets the items of several nodes/,
    ],
    [
      "of a node behind it",
      [go, set("Mid", "$('End').first().json.v"), end("$json.id")],
      ["Go > Mid", "Mid > End"],
      /`End` does not lead to it/,
    ],
    [
      "of no node",
      [go, end("$('Nowhere').first().json.v")],
      ["Go > End"],
      /`Nowhere` is left out, or not in the file/,
    ],
    [
      "of two outputs",
      [go, node("If", "if", { parameters }), node("Both", "merge"), end("$('If').first().json.v")],
      ["Go > If", "If > Both", "If 1 > Both 1", "Both > End"],
      /several outputs of `If` lead to it/,
    ],
    [
      "of a node in a loop",
      [go, loop, work, end("$('Work').first().json.v")],
      ["Go > Loop", "Loop 1 > Work", "Work > Loop", "Loop > End"],
      /`Work` is in a loop/,
    ],
    [
      "of one of two triggers",
      [go, node("Hook", "webhook"), end("$('Hook').first().json.v")],
      ["Go > End", "Hook > End"],
      /another trigger than `Hook` can start the run/,
    ],
    ["of a time without a zone", [go, end("$now")], ["Go > End"], /the time zone of its instance/],
  ] as const)
    it(`is listed if it is that ${title}`, () => {
      assert.match(String(setOf(tasksOf(nodes, edges), "end")), why);
    });

  it("is listed if its time zone is unknown", () => {
    const found = tasksOf([go, end("$now")], ["Go > End"], { timezone: "Europe/Nowhere" });
    assert.match(String(found), /"Europe\/Nowhere" is unknown/);
  });
});
