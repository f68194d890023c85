import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Explanation } from "@tutti/rest/types";
import type { TaskFacts } from "../model/facts.ts";
import { needPlaces } from "../model/needs.ts";
import { placesOf, task } from "../testing/facts.ts";
import { levelsOf } from "./bundle.ts";
import { layered } from "./layered.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { pathOf } from "./path.ts";
import { type GraphScope, nodesMax, shapeOf } from "./shape.ts";
import { sameStuck, stuckIn } from "./stuck.ts";
import { walk } from "./walk.ts";

function shape(tasks: readonly TaskFacts[], ...toggled: string[]): GraphScope {
  const placeOf = placesOf(tasks);
  return shapeOf(
    { tasks, placeOf, needs: needPlaces(tasks, placeOf) },
    { toggled: new Set(toggled), isSequence: false },
  );
}

const keys = ({ nodes }: GraphScope) => nodes.map(({ key }) => key);

function assertNothingOverlaps({ nodes }: Layout): void {
  for (const [place, one] of nodes.entries())
    for (const other of nodes.slice(place + 1)) {
      if (one.depth !== other.depth) continue;
      const isDisjoint =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y;
      assert.ok(isDisjoint, `${one.node.key} and ${other.node.key} overlap`);
    }
}

describe("a task that no worker can take", () => {
  const explained = [
    {
      about: { kind: "run", id: "r1", task: "each[1]" },
      waits: [{ cause: "no_capability", message: "no worker offers shop.pack", present: true, holders: [] }],
      ...{ candidates: [], failures: [], parts: [] },
      remedies: [{ text: "start a worker that offers shop.pack" }],
    },
    {
      about: { kind: "run", id: "r1", task: "late" },
      waits: [{ cause: "busy", message: "every agent is busy", present: true, holders: [] }],
      ...{ candidates: [], failures: [], parts: [], remedies: [] },
    },
  ] as NonNullable<Explanation["parts"]>;
  const tasks = [
    ...[task("each"), task("each[0]", { parentId: "each" }), task("each[1]", { parentId: "each" })],
    task("late"),
  ];
  const placeOf = placesOf(tasks);
  const scopeOf = (stuck: ReturnType<typeof stuckIn>, ...toggled: string[]) =>
    shapeOf(
      { tasks, placeOf, needs: needPlaces(tasks, placeOf) },
      { toggled: new Set(toggled), isSequence: false, stuck },
    );

  it("shows the cause and the remedy on its node, and the node has room for them", () => {
    const stuck = stuckIn({ parts: explained });
    const scope = scopeOf(stuck);
    const reason = { cause: "no worker offers shop.pack", remedy: "start a worker that offers shop.pack" };
    assert.deepEqual(
      scope.nodes.map(({ key, stuck: shown }) => [key, shown]),
      [
        ["each", reason],
        ["late", undefined],
      ],
    );
    const inside = scopeOf(stuck, "each").nodes[0]?.inside;
    assert.deepEqual(
      inside?.nodes.map(({ stuck: shown }) => shown),
      [undefined, reason],
    );
    const heights = (of: GraphScope) => layoutOf(of, "right").nodes.map(({ height }) => height);
    const [tall = 0, usual = 0] = heights(scope);
    assert.ok(tall > (heights(scopeOf(new Map()))[0] ?? 0));
    assert.equal(usual, heights(scopeOf(new Map()))[1]);
    assertNothingOverlaps(layoutOf(scope, "down"));
  });

  it("is laid out again only if the explanation changes", () => {
    const before = stuckIn({ parts: explained });
    assert.equal(sameStuck(before, stuckIn({ parts: explained })), before);
    assert.notEqual(sameStuck(before, new Map()), before);
  });
});

describe("the picture of a run", () => {
  it("has a node for each task and an edge for each need", () => {
    const scope = shape([task("a"), task("b", { needs: ["a"] }), task("c", { needs: ["a", "b:always"] })]);
    assert.deepEqual(keys(scope), ["a", "b", "c"]);
    assert.deepEqual(
      scope.edges.map(({ from, to, condition }) => `${from}-${condition}-${to}`),
      ["a-success-b", "a-success-c", "b-always-c"],
    );
  });

  it("shows list entries as cells of their task, or one by one when the task is expanded", () => {
    const entries = Array.from({ length: 30 }, (_, n) => task(`each[${n}]`, { parentId: "each" }));
    const folded = shape([task("each"), ...entries]);
    assert.deepEqual(keys(folded), ["each"]);
    assert.equal(folded.nodes[0]?.cells.length, 30);
    const [unfolded] = shape([task("each"), ...entries], "each").nodes;
    assert.equal(unfolded?.inside?.nodes.length, 30);
    assert.equal(unfolded?.inside?.nodes[3]?.title, "#3");
  });

  it("contains the rounds of a loop in sequence, with dependencies within a round", () => {
    const iteration = (n: number) => [
      task(`poll#${n}.ask`, { parentId: "poll" }),
      task(`poll#${n}.read`, { parentId: "poll", needs: ["ask"] }),
    ];
    const [loop] = shape([task("poll", { kind: "loop" }), ...iteration(1), ...iteration(2)]).nodes;
    assert.deepEqual(
      loop?.inside?.edges.map(({ from, to, condition }) => `${from} ${condition} ${to}`),
      ["poll#1.ask success poll#1.read", "poll#2.ask success poll#2.read", "poll#1.read then poll#2.ask"],
    );
  });

  it("groups many tasks with the same work, dependencies and dependents", () => {
    const many = Array.from({ length: 20 }, (_, n) => task(`item-${n}`, { needs: ["list"] }));
    const scope = shape([task("list"), ...many, task("sum", { needs: many.map(({ id }) => id) })]);
    assert.deepEqual(keys(scope), ["list", "=item-0", "sum"]);
    assert.equal(scope.nodes[1]?.title, "item × 20");
    assert.deepEqual(
      scope.edges.map(({ from, to }) => [from, to]),
      [
        ["list", "=item-0"],
        ["=item-0", "sum"],
      ],
    );
    assert.equal(keys(shape([task("list"), ...many], "=item-0")).length, 21);
  });

  for (const [name, tasks] of Object.entries({
    "wide and irregular": Array.from({ length: 10_000 }, (_, n) =>
      task(`t${n}`, { needs: n < 100 ? [] : [`t${(n * 7) % 100}`, `t${n - 100}`] }),
    ),
    "one chain": Array.from({ length: 10_000 }, (_, n) =>
      task(`t${n}`, { needs: n === 0 ? [] : [`t${n - 1}`] }),
    ),
  }))
    it(`draws ten thousand tasks, ${name}, with few nodes and no edge that leads back`, () => {
      const scope = shape(tasks);
      assert.ok(scope.nodes.length <= nodesMax, `${scope.nodes.length} nodes`);
      assert.equal(
        scope.nodes.reduce((sum, { places }) => sum + places.length, 0),
        tasks.length,
      );
      const layout = layoutOf(scope, "right");
      assertNothingOverlaps(layout);
      for (const { points } of layout.edges)
        assert.ok((points[0]?.x ?? 0) < (points.at(-1)?.x ?? 0), "an edge leads back");
    });

  it("shows the tasks of successive states one after the other, with their round", () => {
    const tasks = [
      task("charge"),
      task("charge#2", { title: "charge" }),
      task("tell"),
      task("log", { needs: ["tell"] }),
    ];
    const placeOf = placesOf(tasks);
    const scope = shapeOf(
      { tasks, placeOf, needs: needPlaces(tasks, placeOf) },
      { toggled: new Set(), isSequence: true },
    );
    assert.deepEqual(
      scope.edges.map(({ from, to, condition }) => `${from} ${condition} ${to}`),
      ["tell success log", "charge then charge#2", "charge#2 then tell"],
    );
    assert.equal(scope.nodes[1]?.title, "charge #2");
  });
});

describe("levels", () => {
  it("are one more than the highest of their dependencies, and survive a cycle", () => {
    const tasks = [
      task("a"),
      task("b", { needs: ["a"] }),
      task("x", { needs: ["y"] }),
      task("y", { needs: ["x"] }),
    ];
    const levels = levelsOf([0, 1, 2, 3], { needs: needPlaces(tasks, placesOf(tasks)) });
    assert.deepEqual([levels.get(0), levels.get(1)], [0, 1]);
  });
});

describe("the layered layout", () => {
  const boxes = ["a", "b", "c", "d"].map((key) => ({ key, width: 100, height: 40, anchor: 20 }));
  const links = [
    ["a", "b"],
    ["b", "c"],
    ["a", "c"],
    ["c", "d"],
  ].map(([from = "", to = ""]) => ({ key: `${from}-${to}`, from, to }));

  it("leads from left to right, with long edges bent through the layers between", () => {
    const { at, bends, width, height } = layered(boxes, links, "right");
    const xs = ["a", "b", "c", "d"].map((key) => at.get(key)?.x ?? -1);
    assert.deepEqual(
      xs,
      xs.toSorted((one, other) => one - other),
    );
    assert.equal(bends.get("a-c")?.length, 1);
    for (const [key, { x, y }] of at) {
      assert.ok(x >= 0 && x + 100 <= width && y >= 0 && y + 40 <= height, `${key} is outside`);
    }
  });

  it("leads from top to bottom on a narrow page", () => {
    const { at } = layered(boxes, links, "down");
    const ys = ["a", "b", "c", "d"].map((key) => at.get(key)?.y ?? -1);
    assert.deepEqual(
      ys,
      ys.toSorted((one, other) => one - other),
    );
  });

  it("keeps edges straight that do not need to cross", () => {
    const straight = [
      { key: "1", from: "a", to: "c" },
      { key: "2", from: "b", to: "d" },
    ];
    const { at } = layered(boxes, straight, "right");
    assert.equal(at.get("a")?.y, at.get("c")?.y);
    assert.equal(at.get("b")?.y, at.get("d")?.y);
  });

  it("orders a layer without avoidable crossings", () => {
    // Sorting by neighbours alone keeps b and c: both have the same mean. The swap finds it.
    const nodes = ["a", "b", "c", "d", "e", "f"].map((key) => ({ key, width: 10, height: 10 }));
    const pairs = ["ae", "be", "bf", "cd", "ce"];
    const links = pairs.map(([from = "", to = ""]) => ({ key: from + to, from, to }));
    const { at } = layered(nodes, links, "right");
    const y = (key = "") => at.get(key)?.y ?? 0;
    for (const [from, to] of pairs)
      for (const [other, end] of pairs)
        assert.ok(y(from) >= y(other) || y(to) <= y(end), `${from}${to} crosses ${other}${end}`);
  });

  it("is in rows without any edges", () => {
    const { at, width } = layered(boxes, [], "right");
    assert.equal(new Set([...at.values()].map(({ x, y }) => `${x} ${y}`)).size, 4);
    assert.ok(width > 100);
  });

  it("tolerates an edge in a cycle, and an edge to an unknown node", () => {
    const odd = [...links, { key: "d-a", from: "d", to: "a" }, { key: "a-z", from: "a", to: "z" }];
    assert.equal(layered(boxes, odd, "right").at.size, 4);
  });
});

describe("walking the picture", () => {
  const layout = layoutOf(
    shape([
      task("a"),
      task("b", { needs: ["a"] }),
      task("c", { needs: ["a"] }),
      task("d", { needs: ["b", "c"] }),
    ]),
    "right",
  );

  it("follows dependencies and neighbours, and stops at the edge", () => {
    assert.equal(walk(layout, "d", "ArrowRight"), undefined);
    const next = walk(layout, "a", "ArrowRight");
    assert.ok(next === "b" || next === "c");
    assert.equal(walk(layout, next, "ArrowRight"), "d");
    assert.equal(walk(layout, next, "ArrowLeft"), "a");
    const other = next === "b" ? "c" : "b";
    const ys = Object.fromEntries(layout.nodes.map(({ node, y }) => [node.key, y]));
    const arrow = (ys[other] ?? 0) > (ys[next] ?? 0) ? "ArrowDown" : "ArrowUp";
    assert.equal(walk(layout, next, arrow), other);
  });

  it("starts at the first node", () => {
    assert.equal(walk(layout, "", "ArrowRight"), "a");
  });
});

describe("the line of an edge", () => {
  it("is straight between nodes at the same height, and curved otherwise", () => {
    const level = [
      { x: 0, y: 5 },
      { x: 10, y: 5 },
    ];
    assert.equal(pathOf(level, "right"), "M0,5L10,5");
    assert.equal(
      pathOf(
        [
          { x: 0, y: 0 },
          { x: 10, y: 20 },
        ],
        "right",
      ),
      "M0,0C5,0 5,20 10,20",
    );
    assert.equal(
      pathOf(
        [
          { x: 0, y: 0 },
          { x: 10, y: 20 },
        ],
        "down",
      ),
      "M0,0C0,10 10,10 10,20",
    );
  });
});
