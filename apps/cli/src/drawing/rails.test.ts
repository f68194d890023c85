import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Node, orderOf } from "./order.ts";
import { railsOf } from "./rails.ts";

/** Parses tasks with their needs: `a`, `b < a`, `d < b c`. */
function graph(text: string): Node[] {
  return text
    .trim()
    .split(/\s*;\s*/)
    .map((part) => {
      const [id = "", needs = ""] = part.split(/\s*<\s*/);
      return { id, needs: needs.split(/\s+/).filter((need) => need !== "") };
    });
}

function drawText(nodes: readonly Node[], lanesMax = 16): string {
  const rails = railsOf(orderOf(nodes), lanesMax);
  if (rails === undefined) return "too wide";
  return rails.rows
    .map(({ task, before, after }) =>
      task === undefined ? before : `${before}●${after.trimEnd()} ${nodes[task]?.id}`,
    )
    .join("\n");
}

describe("a graph as rails", () => {
  const cases: readonly (readonly [what: string, graph: string, rails: readonly string[]])[] = [
    ["a chain is one lane", "a; b < a; c < b", ["● a", "● b", "● c"]],
    [
      "a diamond opens and closes",
      "a; b < a; c < a; d < b c",
      ["● a", "├─╮", "● │ b", "│ ● c", "├─╯", "● d"],
    ],
    ["a need that other needs imply is no lane of its own", "a; b < a; c < a b", ["● a", "● b", "● c"]],
    [
      "a fan shows how wide it is",
      "list; a < list; b < list; c < list; sum < a b c",
      ["● list", "├─┬─╮", "● │ │ a", "│ ● │ b", "│ │ ● c", "├─┴─╯", "● sum"],
    ],
    ["a task without needs has a lane of its own", "a; b; c < a; d < b", ["● a", "│ ● b", "● │ c", "  ● d"]],
    [
      "lanes that cross are a cross, never a joint",
      "a; b; x < a; y < a b; z < b; end < x z",
      [
        "● a",
        "├─╮",
        "│ │ ● b",
        "│ │ ├─╮",
        "● │ │ │ x",
        "│ ├─╯ │",
        "│ ●   │ y",
        "│     ● z",
        "├─────╯",
        "● end",
      ],
    ],
    ["tasks that need nothing stand side by side, and are no chain", "a; b; c", ["● a", "│ ● b", "│ │ ● c"]],
    ["a need that is not there is none", "a < ghost; b < a", ["● a", "● b"]],
    ["a circle is drawn all the same", "a < b; b < a", ["● a", "● b"]],
  ];
  for (const [title, text, rails] of cases)
    it(title, () => {
      const lines = drawText(graph(text))
        .split("\n")
        .map((line) => line.trimEnd());
      if (title.startsWith("a circle"))
        assert.deepEqual(
          lines.map((line) => line.at(-1)),
          ["a", "b"],
        );
      else assert.deepEqual(lines, rails);
    });

  it("a graph that needs more lanes than fit is not drawn as rails", () =>
    assert.equal(drawText(graph("a; b; c; d; e; f < a b c d e"), 4), "too wide"));

  const anyGraph = fc
    .array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
    .map((drawnNeeds): Node[] =>
      drawnNeeds.map((needs, place) => ({
        id: `t${place}`,
        needs: needs.filter((need) => need < place).map((need) => `t${need}`),
      })),
    );

  it("any graph: each task has one row after its dependencies, and no line exceeds the limit", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const ordered = orderOf(nodes);
        const rails = railsOf(ordered, 200);
        assert.ok(rails !== undefined);
        const places = rails.rows.flatMap(({ task }) => (task === undefined ? [] : [task]));
        assert.deepEqual(
          [...places].sort((a, b) => a - b),
          nodes.map((_, place) => place),
        );
        for (const [place, needs] of ordered.needs.entries())
          for (const need of needs) assert.ok(places.indexOf(need) < places.indexOf(place));
        for (const { before, after } of rails.rows)
          assert.ok(before.length + after.length <= rails.width + 1);
      }),
    );
  });

  it("any graph: following the lanes downwards finds exactly the needs", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const ordered = orderOf(nodes);
        const rails = railsOf(ordered, 200);
        assert.ok(rails !== undefined);
        assert.deepEqual(
          traced(rails.rows).map((needs) => [...needs].sort((a, b) => a - b)),
          ordered.needs.map((needs) => [...needs].sort((a, b) => a - b)),
        );
      }),
    );
  });
});

/** Follows the lines of a drawing as an eye does. Returns the tasks from which lines lead to each task. */
function traced(
  rows: readonly { readonly task: number | undefined; readonly before: string; readonly after: string }[],
): number[][] {
  const needs: number[][] = rows.flatMap(({ task }) => (task === undefined ? [] : [[]]));
  // The tasks from which the line in each column comes.
  let carried: (number[] | undefined)[] = [];
  for (const { task, before, after } of rows) {
    const line = task === undefined ? before : `${before}●${after}`;
    const next: (number[] | undefined)[] = [];
    const joint = [...line].indexOf("├");
    for (const [column, character] of [...line].entries()) {
      if (character === "│" || character === "┼") next[column] = carried[column];
      if (character === "●" && task !== undefined) {
        needs[task] = carried[column] ?? [];
        next[column] = [task];
      }
      if (character === "├") next[column] = carried[column];
      const origin = carried[joint] ?? [];
      if (character === "╮" || character === "┬") next[column] = origin;
      if (character === "╯" || character === "┴")
        next[joint] = [...(next[joint] ?? []), ...(carried[column] ?? [])];
    }
    carried = next;
  }
  return needs;
}
