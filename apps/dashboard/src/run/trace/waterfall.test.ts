import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskFacts } from "../model/facts.ts";
import { spanOf, task } from "../testing/facts.ts";
import { foldedAtFirst, waterfall, withOwnTimes } from "./waterfall.ts";

const byId = (...tasks: TaskFacts[]) => new Map(tasks.map((each) => [each.id, each]));
const failure = { code: "x", message: "no", details: {}, cause: undefined };
const attempt = {
  isCompensation: false,
  agent: "a1",
  pool: "",
  queueMs: 0,
  startMs: 0,
  endMs: 0,
  progress: 0,
  message: "",
};

describe("the trace of a run", () => {
  const spans = [
    spanOf("", "whole", { startMs: 0, endMs: 100 }),
    spanOf("a", "queue", { startMs: 0, endMs: 5, attempt: 1 }),
    spanOf("a", "attempt", { startMs: 5, endMs: 9, attempt: 1 }),
    spanOf("a", "backoff", { startMs: 9, endMs: 20, attempt: 1 }),
    spanOf("a", "attempt", { startMs: 20, endMs: 40, attempt: 2 }),
    spanOf("ship", "wait", { startMs: 40, endMs: 0 }),
    spanOf("ship/pack", "attempt", { startMs: 45, endMs: 60, attempt: 1 }),
    spanOf("list[0]", "attempt", { startMs: 41, endMs: 42, attempt: 1 }),
  ];
  const tasks = byId(
    task("a", {
      attempts: [
        { ...attempt, number: 1, failure },
        { ...attempt, number: 2, failure: undefined },
      ],
    }),
    task("ship"),
    task("list"),
    task("list[0]", { parentId: "list" }),
  );

  it("contains the run, its tasks, their phases, and child tasks inside the task that started them", () => {
    assert.deepEqual(
      waterfall(spans, tasks, new Set()).map(
        ({ title, depth, isFailed }) => `${"  ".repeat(depth)}${title}${isFailed ? " ✕" : ""}`,
      ),
      [
        "run",
        "  a",
        "    queued",
        "    attempt 1 ✕",
        "    backoff",
        "    attempt 2",
        "  ship",
        "    waiting",
        "    pack",
        "  list",
        "    #0",
      ],
    );
  });

  it("contains model calls inside the attempt that made them", () => {
    const at = spanOf("a", "attempt", { startMs: 0, endMs: 90, attempt: 1 });
    const call = { title: "chat gpt-5", tokens: 120, isFailed: true };
    const of = { attempt: 1, parentId: at.id, modelCall: call };
    const visibleRows = waterfall(
      [at, spanOf("a", "model_call", { startMs: 5, endMs: 80, ...of })],
      tasks,
      new Set(),
    );
    assert.deepEqual(
      visibleRows.map(({ title, depth, isFailed }) => `${depth} ${title}${isFailed ? " ✕" : ""}`),
      ["1 a", "2 attempt 1 ✕", "3 chat gpt-5, 120 tokens ✕"],
    );
  });

  it("contains the parts of a session with their tasks, even without details of the tasks", () => {
    const ofSession = [
      spanOf("", "whole", { startMs: 0, endMs: 100 }),
      spanOf("p1", "part", { startMs: 0, endMs: 90 }),
      spanOf("p1", "whole", { startMs: 5, endMs: 80 }),
      spanOf("p1/pack", "attempt", { startMs: 10, endMs: 20, attempt: 1 }),
      spanOf("p1/pack", "backoff", { startMs: 20, endMs: 30, attempt: 1 }),
      spanOf("p1/pack", "attempt", { startMs: 30, endMs: 80, attempt: 2 }),
    ];
    assert.deepEqual(
      waterfall(ofSession, byId(), new Set(), "session").map(
        ({ title, depth, isFailed }) => `${"  ".repeat(depth)}${title}${isFailed ? " ✕" : ""}`,
      ),
      [
        "session",
        "  p1",
        "    part",
        "    execution",
        "    pack",
        "      attempt 1 ✕",
        "      backoff",
        "      attempt 2",
      ],
    );
  });

  it("lasts as long as any part of it", () => {
    const rows = waterfall(spans, tasks, new Set());
    assert.equal(rows.find(({ key }) => key === "ship")?.endMs, 0);
    assert.equal(rows.find(({ key }) => key === "a")?.endMs, 40);
  });

  it("omits collapsed rows, and collapses long lists at first", () => {
    const folded = waterfall(spans, tasks, new Set(["a"]));
    assert.ok(!folded.some(({ title }) => title === "attempt 1"));
    const entries = Array.from({ length: 501 }, (_, n) => task(`each[${n}]`, { parentId: "each" }));
    assert.deepEqual([...foldedAtFirst([task("each"), ...entries])], ["each"]);
    const row = waterfall(
      [spanOf("each[0]", "attempt")],
      byId(task("each"), ...entries),
      new Set(["each"]),
    )[0];
    assert.deepEqual([row?.isFolded, row?.partCount], [true, 1]);
  });

  it("has every running entry of a fan-out that has more spans than are loaded", () => {
    const attempts = [{ ...attempt, number: 1, queueMs: 5, startMs: 10, endMs: 0, failure: undefined }];
    const entries = Array.from({ length: 3 }, (_, n) =>
      task(`each[${n}]`, { parentId: "each", state: "running", attempts }),
    );
    const loaded = [spanOf("each[0]", "attempt", { startMs: 10, attempt: 1 })];
    const all = [task("each"), ...entries];
    const rows = waterfall(withOwnTimes(loaded, all), byId(...all), new Set());
    assert.deepEqual(
      rows.filter(({ kind }) => kind === "task").map(({ task, endMs }) => [task, endMs]),
      [
        ["each", 0],
        ["each[1]", 0],
        ["each[2]", 0],
        ["each[0]", 0],
      ],
    );
  });
});
