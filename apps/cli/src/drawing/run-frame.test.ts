import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RunView, TaskView } from "../follow/run-view.ts";
import { displayOf } from "../terminal/states.ts";
import { withoutColours as style } from "../terminal/style.ts";
import { widthOf } from "../terminal/text.ts";
import { drawRun } from "./run-frame.ts";

function task(
  id: string,
  state: string,
  needs: readonly string[] = [],
  more: Partial<TaskView> = {},
): TaskView {
  return {
    ...{ id, state, needs, title: "", kind: "uses", uses: `shop.${id}`, reason: "", attempts: 1, error: "" },
    ...{
      startMs: 1_000,
      endMs: displayOf(state).isEnded ? 2_300 : undefined,
      nextMs: undefined,
      progress: 0,
    },
    ...{ entries: undefined, used: undefined, changeMs: undefined, parts: [] },
    ...more,
  };
}

const order: RunView = {
  ...{ id: "order-18", workflow: "order", state: "running", reason: "", progress: 0.42 },
  ...{ startMs: 0, endMs: undefined, openApprovals: 1 },
  counts: { total: 12, completed: 4, running: 2, waiting: 1 },
  tasks: [
    task("reserve", "completed"),
    task("charge", "completed", ["reserve"], { attempts: 2 }),
    task("ship", "running", ["charge"], { entries: { done: 3, failed: 1, total: 8 } }),
    task("invoice", "retrying", ["charge"], { nextMs: 15_000, attempts: 2, error: "the line is busy" }),
    task("sure", "waiting", ["charge"], { kind: "approve", uses: "", reason: "waits for ops to decide" }),
    task("done", "pending", ["ship", "invoice", "sure"]),
  ],
};

const draw = (run: RunView, width: number, height = 24): string[] =>
  drawRun(run, { style, width, height, nowMs: 9_000 });

describe("the frame of a run", () => {
  it("at 60 columns", () =>
    assert.deepEqual(draw(order, 60), [
      " ● order-18  order                            running · 9 s",
      "",
      " ✓      reserve  shop.reserve                         1.3 s",
      " ✓      charge   shop.charge · 2 attempts             1.3 s",
      " ├─┬─╮",
      " ● │ │  ship     ████▏░░░░░░ 3/8 1 failed               8 s",
      " │ ↻ │  invoice  attempt 2 failed, again in 6 s…        8 s",
      " │ │ ◷  sure     waits for ops to decide                8 s",
      " ├─┴─╯",
      " ○      done     shop.done",
      "",
      " █████▍░░░░░░░  42 %   4 of 12 done · 2 running · 1 waiting",
      " waits for approval  tutti approve order-18",
    ]));

  it("has no bar at 100 % for a completed run in which a task failed", () => {
    const counts = { total: 3, completed: 2, failed: 1 };
    const lines = draw({ ...order, state: "completed", progress: 1, openApprovals: 0, counts }, 80);
    assert.equal(lines.at(-1), " 2 of 3 done · 1 failed");
  });

  it("counts queued tasks, because they have not ended", () => {
    const counts = { total: 9, completed: 2, queued: 5, waiting: 1, pending: 1 };
    const lines = draw({ ...order, openApprovals: 0, counts }, 80);
    assert.match(lines.at(-1) ?? "", / 2 of 9 done · 5 queued · 1 waiting$/);
  });

  it("shows the calls of an agent below its row, next to the lines that continue", () => {
    const used = { tokens: 45, usd: 0.000315 };
    const parts = [task("stock_count", "completed"), task("pay_refund", "running")];
    const agent = task("answer", "waiting", [], { kind: "function", uses: "tutti.agent", used, parts });
    const after = [task("mail", "pending", ["answer", "first"]), task("last", "pending", ["answer"])];
    const tasks = [task("first", "completed"), agent, ...after];
    assert.deepEqual(draw({ ...order, openApprovals: 0, tasks }, 80).slice(2, -2), [
      " ✓      first          shop.first                                         1.3 s",
      " │ ◷    answer         tutti.agent · 45 tokens, $0.000315                   8 s",
      " │ │    ✓ stock_count  shop.stock_count                                   1.3 s",
      " │ │    ● pay_refund   shop.pay_refund                                      8 s",
      " │ ├─╮",
      " ├─╯ │",
      " ○   │  mail           shop.mail",
      "     ○  last           shop.last",
    ]);
  });

  it("shows a paused task once no task is active", () => {
    const stateOf = (counts: RunView["counts"]) =>
      draw({ ...order, counts }, 60)[0]
        ?.trim()
        .slice(0, 1);
    assert.equal(stateOf({ total: 3, paused: 1, running: 1 }), "●");
    assert.equal(stateOf({ total: 3, paused: 1, waiting: 1 }), "‖");
    assert.match(draw({ ...order, counts: { paused: 1 } }, 60)[0] ?? "", /task paused · 9 s$/);
  });

  it("at 80 columns", () =>
    assert.deepEqual(draw(order, 80), [
      " ● order-18  order                                                running · 9 s",
      "",
      " ✓      reserve  shop.reserve                                             1.3 s",
      " ✓      charge   shop.charge · 2 attempts                                 1.3 s",
      " ├─┬─╮",
      " ● │ │  ship     ██████░░░░░░░░░░ 3/8 1 failed                              8 s",
      " │ ↻ │  invoice  attempt 2 failed, again in 6 s: the line is busy           8 s",
      " │ │ ◷  sure     waits for ops to decide                                    8 s",
      " ├─┴─╯",
      " ○      done     shop.done",
      "",
      " █████████████▊░░░░░░░░░░░░░░░░░░░  42 %   4 of 12 done · 2 running · 1 waiting",
      " waits for approval  tutti approve order-18",
    ]));

  it("at 120 columns it is no wider than an eye follows", () => {
    const lines = draw(order, 120);
    assert.equal(lines[0], ` ● order-18  order${" ".repeat(68)}running · 9 s`);
    assert.ok(lines.every((line) => widthOf(line) <= 100));
  });

  it("in a low terminal, shows the rows around running tasks and counts the hidden rows", () => {
    const chain: RunView = {
      ...order,
      openApprovals: 0,
      tasks: Array.from({ length: 30 }, (_, at) =>
        task(
          `t${at}`,
          at < 20 ? "completed" : at === 20 ? "running" : "pending",
          at === 0 ? [] : [`t${at - 1}`],
        ),
      ),
    };
    const lines = draw(chain, 60, 12);
    assert.equal(lines.length, 12);
    assert.equal(lines[2], " ⋮ 19 above");
    assert.ok(lines.some((line) => line.startsWith(" ●  t20")));
    assert.equal(lines.at(-3), " ⋮ 5 more");
  });

  it("a graph too wide for rails is listed stage by stage, with running tasks below", () => {
    const wide: RunView = {
      ...order,
      openApprovals: 0,
      tasks: [
        task("list", "completed"),
        ...Array.from({ length: 40 }, (_, at) =>
          task(`s${at}`, at < 30 ? "completed" : at < 32 ? "running" : "queued", ["list"]),
        ),
      ],
    };
    assert.deepEqual(draw(wide, 80, 14).slice(2, 8), [
      " stage 1     ████████████████ 1/1       ✓ 1",
      " stage 2     ████████████░░░░ 30/40     ✓ 30  ● 2  ◔ 8",
      "",
      " ●  s30  shop.s30                                                           8 s",
      " ●  s31  shop.s31                                                           8 s",
      " ◔  s32  shop.s32                                                           8 s",
    ]);
  });

  it("merges the completed stages of a long graph into one line", () => {
    const long: RunView = {
      ...order,
      openApprovals: 0,
      tasks: Array.from({ length: 2_000 }, (_, at) =>
        task(
          `t${at}`,
          at < 1_000 ? "completed" : at < 1_010 ? "running" : "pending",
          at < 100 ? [] : [`t${at - 100}`],
        ),
      ),
    };
    assert.deepEqual(draw(long, 80, 14).slice(2, 8), [
      " stages 1–10 ████████████████ 1000/1000 ✓ 1000",
      " stage 11    ░░░░░░░░░░░░░░░░ 0/100     ● 10  ○ 90",
      " stage 12    ░░░░░░░░░░░░░░░░ 0/100     ○ 100",
      " stage 13    ░░░░░░░░░░░░░░░░ 0/100     ○ 100",
      " stage 14    ░░░░░░░░░░░░░░░░ 0/100     ○ 100",
      " ⋮ 6 more stages",
    ]);
  });

  it("states differ by their symbols alone", () => {
    const states = [
      "pending",
      "held",
      "queued",
      "running",
      "waiting",
      "retrying",
      "paused",
      "completed",
      "failed",
    ];
    const more = [
      "skipped",
      "cancelling",
      "cancelled",
      "terminated",
      "continued",
      "quarantined",
      "compensating",
      "compensated",
    ];
    const symbols = [...states, ...more].map((state) => displayOf(state).symbol);
    assert.equal(new Set(symbols).size, symbols.length);
  });

  for (const state of ["failed", "cancelled", "terminated"])
    it(`a ${state} run whose tasks all ended has counts and no full bar`, () => {
      const counts = { total: 2, skipped: 2 };
      const text = draw({ ...order, state, progress: 1, openApprovals: 0, counts }, 80).join("\n");
      assert.match(text, /0 of 2 done · 2 skipped/);
      assert.doesNotMatch(text, /100 %/);
    });

  it("shows escape sequences in names and errors as text", () => {
    const hostile = {
      ...order,
      id: "a\u001b[2Jb",
      tasks: [task("x\u001b]0;y\u0007", "failed", [], { error: "\u001b[31m" })],
    };
    assert.ok(!draw(hostile, 80).join("").includes("\u001b"));
  });

  const states = fc.constantFrom(
    "pending",
    "running",
    "completed",
    "failed",
    "retrying",
    "waiting",
    "skipped",
    "queued",
  );
  const anyRun = fc
    .array(
      fc.record({
        state: states,
        needs: fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
        title: fc.string({ unit: "grapheme" }),
      }),
      { maxLength: 40 },
    )
    .map(
      (drawnTasks): RunView => ({
        ...order,
        tasks: drawnTasks.map(({ state, needs, title }, at) =>
          task(
            `t${at}`,
            state,
            needs.filter((need) => need < at).map((need) => `t${need}`),
            { title, error: title },
          ),
        ),
      }),
    );

  it("any run at any size: the frame exceeds neither the width nor the height", () => {
    fc.assert(
      fc.property(
        anyRun,
        fc.integer({ min: 60, max: 140 }),
        fc.integer({ min: 12, max: 60 }),
        (run, width, height) => {
          const lines = draw(run, width, height);
          assert.ok(lines.length <= height, `${lines.length} lines of ${height}`);
          for (const line of lines) assert.ok(widthOf(line) <= width, line);
        },
      ),
      { numRuns: 60 },
    );
  });
});
