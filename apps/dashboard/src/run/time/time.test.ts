import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placesOf, spanOf, task } from "../testing/facts.ts";
import { rowsOf, windowOfRows } from "./bars.ts";
import {
  axisHeight,
  type Colours,
  paint,
  rowHeight,
  type Scene,
  type Surface,
  visibleRows,
} from "./paint.ts";
import { msAt, pan, ticks, windowOf, xOf, zoom } from "./scale.ts";

const full = { fromMs: 0, toMs: 1_000 };

describe("the scale of time", () => {
  it("maps moments to pixels and back", () => {
    const window = { fromMs: 200, toMs: 700 };
    assert.equal(xOf(450, window, 300), 150);
    assert.equal(msAt(150, window, 300), 450);
  });

  it("zooms about the moment under the pointer, never closer than a few milliseconds, never out of the whole", () => {
    const zoomed = zoom(full, 0.5, 0.25, full);
    assert.equal(msAt(25, zoomed, 100), 250);
    assert.deepEqual(zoom(zoomed, 100, 0.5, full), full);
    const closest = zoom(full, 1e-9, 0.5, full);
    assert.equal(closest.toMs - closest.fromMs, 5);
  });

  it("pans only within the whole time range", () => {
    const window = { fromMs: 400, toMs: 600 };
    assert.deepEqual(pan(window, 100, full), { fromMs: 500, toMs: 700 });
    assert.deepEqual(pan(window, 9_000, full), { fromMs: 800, toMs: 1_000 });
    assert.deepEqual(pan(window, -9_000, full), { fromMs: 0, toMs: 200 });
  });

  it("has ticks at round steps from the start, as many as fit", () => {
    assert.deepEqual(
      ticks({ fromMs: 5_000, toMs: 6_000 }, 5_000, 5).map(({ text }) => text),
      ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"],
    );
    assert.deepEqual(
      ticks({ fromMs: 0, toMs: 3 * 86_400_000 }, 0, 4).map(({ text }) => text),
      ["0", "1 d", "2 d", "3 d"],
    );
    for (const durationMs of [7, 900, 61_000, 4e6, 9e7, 4e9]) {
      const { length } = ticks(windowOf({ fromMs: 0, toMs: durationMs }), 0, 8);
      assert.ok(length >= 2 && length <= 10, `${durationMs}: ${length}`);
    }
  });
});

describe("rows of the chart", () => {
  it("have the times of spans, parts of tasks under them, in the order of their starts", () => {
    const tasks = [
      task("late", { readyMs: 50 }),
      task("each", { readyMs: 10 }),
      task("each[0]", { parentId: "each" }),
      task("never"),
    ];
    const rows = rowsOf(tasks, [
      spanOf("late", "queue", { startMs: 50, endMs: 60 }),
      spanOf("late", "attempt", { startMs: 60, endMs: 90, attempt: 1 }),
      spanOf("each", "wait", { startMs: 10, endMs: 90 }),
      spanOf("each[0]", "attempt", { startMs: 20, endMs: 0, attempt: 1 }),
    ]);
    assert.deepEqual(
      rows.map(({ id, depth, parts }) => [id, depth, parts.map(({ kind }) => kind).join()]),
      [
        ["each", 0, "wait"],
        ["each[0]", 1, "attempt"],
        ["late", 0, "queue,attempt"],
      ],
    );
    assert.deepEqual(windowOfRows(rows, 5, 120), { fromMs: 5, toMs: 120 });
  });

  it("come from the attempts of tasks until spans are loaded", () => {
    const failure = { code: "x", message: "no", details: {}, cause: undefined };
    const attempt = {
      ...{ agent: "a1", pool: "default", progress: 0, message: "", failure: undefined },
      isCompensation: false,
    };
    const tasks = [
      task("a", {
        readyMs: 10,
        attempts: [
          { ...attempt, number: 1, queueMs: 10, startMs: 20, endMs: 30, failure },
          { ...attempt, number: 2, queueMs: 50, startMs: 55, endMs: 0 },
        ],
      }),
      task("wait", { kind: "wait", state: "waiting", readyMs: 60 }),
      ...(["compensating", "compensated"] as const).map((state) =>
        task(state, {
          ...{ state, readyMs: 10, endMs: 30 },
          attempts: [{ ...attempt, isCompensation: true, number: 2, queueMs: 40, startMs: 41, endMs: 0 }],
        }),
      ),
      task("queued", { attempts: [{ ...attempt, number: 1, queueMs: 70, startMs: 0, endMs: 0 }] }),
    ];
    assert.deepEqual(
      rowsOf(tasks, []).map(({ id, parts }) => [
        id,
        parts.map((part) => `${part.kind} ${part.startMs}-${part.endMs}${part.isFailed ? " failed" : ""}`),
      ]),
      [
        ["a", ["queue 10-20", "attempt 20-30 failed", "backoff 30-50", "queue 50-55", "attempt 55-0"]],
        ["compensating", ["compensation 40-0"]],
        ["compensated", ["compensation 40-40"]],
        ["wait", ["wait 60-0"]],
        ["queued", ["queue 70-0"]],
      ],
    );
  });

  it("show ten thousand tasks without a stack as deep", () => {
    const tasks = Array.from({ length: 10_000 }, (_, n) =>
      task(`t${n}`, { readyMs: n + 1, state: "waiting" }),
    );
    assert.equal(rowsOf(tasks, []).length, 10_000);
    assert.equal(placesOf(tasks).size, 10_000);
  });
});

describe("painting the chart", () => {
  const colours: Colours = {
    ...{ ink: "ink", soft: "soft", rule: "rule", mark: "mark", done: "green", failed: "red", veil: "paper" },
    font: "12px x",
    part: { attempt: "", queue: "queue", backoff: "backoff", wait: "wait", compensation: "undo" },
  };

  function listening() {
    const texts: string[] = [];
    let rects = 0;
    const nothing = () => {};
    const surface: Surface = {
      ...{ fillStyle: "", strokeStyle: "", lineWidth: 1, font: "", textBaseline: "middle", globalAlpha: 1 },
      ...{ strokeRect: nothing, clearRect: nothing, beginPath: nothing, moveTo: nothing, lineTo: nothing },
      stroke: nothing,
      save: nothing,
      restore: nothing,
      rect: nothing,
      clip: nothing,
      setLineDash: nothing,
      fillRect: () => {
        rects += 1;
      },
      measureText: (text) => ({ width: text.length * 7 }) as TextMetrics,
      fillText: (text) => {
        texts.push(text);
      },
    };
    return { surface, texts, rects: () => rects };
  }

  const rows = rowsOf(
    Array.from({ length: 10_000 }, (_, n) =>
      task(`t${n}`, { readyMs: n + 1, endMs: n + 2, state: "completed" }),
    ),
    [],
  );
  const scene: Scene = {
    ...{ rows, window: { fromMs: 0, toMs: 10_001 }, ticks: [], width: 800, height: 400, top: 0, gutter: 120 },
    ...{ nowMs: 10_001, atMs: undefined, selected: "", hovered: "", critical: new Set<string>() },
  };

  it("costs the visible part, not the whole", () => {
    const recorded = listening();
    paint(recorded.surface, { ...scene, top: 5_000 * rowHeight }, colours);
    const visible = Math.ceil((400 - axisHeight) / rowHeight) + 1;
    assert.ok(recorded.texts.includes("t5000"));
    assert.ok(recorded.texts.length <= visible, `${recorded.texts.length} titles`);
    assert.ok(recorded.rects() <= visible * 3, `${recorded.rects()} bars`);
  });

  it("truncates a long title with an ellipsis, and omits a tick label that would be cut off", () => {
    const recorded = listening();
    const long = rowsOf(
      [task("pictures of the whole summer", { readyMs: 1, endMs: 2, state: "completed" })],
      [],
    );
    const ticks = [
      { ms: 0, text: "0" },
      { ms: 10_000, text: "10 s" },
    ];
    paint(recorded.surface, { ...scene, rows: long, ticks }, colours);
    assert.deepEqual(recorded.texts, ["0", "pictures of t…"]);
  });

  it("knows which rows are seen at the end", () => {
    assert.deepEqual(visibleRows({ rows: rows.slice(0, 3), top: 0, height: 400 }), [0, 2]);
    const [first, last] = visibleRows({ rows, top: 9_990 * rowHeight, height: 400 });
    assert.deepEqual([first, last], [9_990, 9_999]);
  });
});
