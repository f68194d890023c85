/** Advice that requires a change by a user: it has evidence, and states the change. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import { advise } from "./advise.ts";
import type { RecordedRun } from "./replay.ts";

type Tasks = Readonly<Record<string, TaskDocument>>;

const chain: Tasks = {
  parse: { uses: "text.parse@^1", with: "${{ input.text }}" },
  trim: { uses: "text.trim", with: "${{ tasks.parse.output }}" },
  count: { uses: "text.count", with: "${{ tasks.trim.output }}" },
  store: { uses: "text.store", with: "${{ tasks.count.output }}" },
};

/** Parse, trim and count work 5 ms each, store 400 ms. A run waits before each except the first. */
const chained = (hopMs = 40) =>
  Array.from({ length: 8 }, (_, number): RecordedRun => {
    let atMs = 0;
    const tasks = ["parse", "trim", "count", "store"].map((task) => {
      const queuedMs = atMs + (task === "parse" ? 0 : hopMs / 2);
      const startedMs = queuedMs + hopMs / 2;
      atMs = startedMs + (task === "store" ? 400 : 5);
      return { task, queuedMs, startedMs, endedMs: atMs };
    });
    return { runId: `run-${number}`, tasks };
  });
const workflow = (tasks: Tasks): WorkflowDocument => ({ workflow: "text", tasks });
const of = (kind: string, document: WorkflowDocument, runs: readonly RecordedRun[]) =>
  advise(document, runs).filter((each) => each.kind === kind);

describe("advice that a user has to apply", () => {
  it("merges a chain of small tasks if the hops take longer than the work", () => {
    const [found, ...others] = of("merge", workflow(chain), chained());
    assert.deepEqual([found?.task, found?.about, others], ["parse", "count", []]);
    assert.deepEqual(found?.changed.tasks, {
      parse: { uses: "text.parse-text.trim-text.count", with: "${{ input.text }}" },
      store: { uses: "text.store", with: "${{ tasks.parse.output }}" },
    });
    // 80 of 20 + 15 + 120 + 400 = 555 ms.
    assert.ok(Math.abs((found?.gain.median ?? 0) - 80 / 555) < 0.001, `${found?.gain.median}`);
    assert.match(
      found?.evidence[0] ?? "",
      /end of `parse` and the start of `trim`: 40 ms \(median of 8 runs\)\. Both work 10 ms/,
    );
    assert.match(
      found?.manual ?? "",
      /does `text\.parse@\^1` and `text\.trim` and `text\.count` in one task/,
    );
  });

  const reasons: Readonly<Record<string, Tasks>> = {
    "another task reads the first one": {
      ...chain,
      log: { uses: "text.log", with: "${{ tasks.parse.output }}" },
    },
    "the second one reads the input of the run": {
      ...chain,
      trim: { uses: "text.trim", with: "${{ [tasks.parse.output, input.by] }}" },
    },
    "the second one is conditional": {
      ...chain,
      trim: { ...chain["trim"], when: "tasks.parse.output != ''" },
    },
    "the second one is cached": { ...chain, trim: { ...chain["trim"], cache: "1h" } },
    "the second one runs after a failure too": {
      ...chain,
      trim: { uses: "text.trim", needs: [{ task: "parse", on: "done" }] },
    },
  };
  for (const [reason, tasks] of Object.entries(reasons))
    it(`merges no pair if ${reason}`, () => {
      const found = of("merge", workflow(tasks), chained());
      assert.deepEqual(
        found.filter(({ task }) => task === "parse"),
        [],
      );
    });

  it("merges no tasks if the work takes longer than the hops", () => {
    assert.deepEqual(of("merge", workflow(chain), chained(8)), []);
  });

  it("splits entries that take many times as long as the other entries, with the cost of each piece", () => {
    const each = { uses: "image.render", forEach: "input.images", maxParallel: 4 };
    const runsWith = (largeMs: number) =>
      Array.from({ length: 8 }, (_, number): RecordedRun => {
        const entries = Array.from({ length: 8 }, (__, at) => ({
          parent: "each",
          runMs: at === 7 ? largeMs : 100 - at * 5,
        }));
        const endedMs = 95 + largeMs;
        return { runId: `run-${number}`, tasks: [{ task: "each", queuedMs: 0, endedMs }], entries };
      });
    const [found] = of("split", workflow({ each }), runsWith(900));
    assert.deepEqual([found?.task, found?.changed], ["each", workflow({ each })]);
    assert.match(
      found?.evidence[0] ?? "",
      /^8 of 64 entries took 3 times the usual \d+ ms or longer, the largest 900 ms/,
    );
    assert.match(
      found?.manual ?? "",
      /list `input\.images` needs smaller entries, up to 10 for the largest one/,
    );
    const { median = 0 } = found?.gain ?? {};
    assert.ok(median > 0.3 && median < 0.6, `${median}`);
    assert.deepEqual(of("split", workflow({ each }), runsWith(200)), [], "twice as long is usual");
  });

  it("proposes checkpoints for a long task with attempts that were lost late", () => {
    const tasks: Tasks = { train: { uses: "model.train" } };
    const runsWith = (lostMs: readonly number[], usualMs = 60_000, afterLossMs = usualMs) =>
      Array.from({ length: 10 }, (_, number): RecordedRun => {
        const lost = number < 4 ? lostMs : [];
        const runMs = lost.length > 0 ? afterLossMs : usualMs;
        const endedMs = runMs + lost.reduce((sum, ms) => sum + ms, 0);
        return {
          runId: `run-${number}`,
          tasks: [{ task: "train", queuedMs: 0, endedMs, runMs, lostMs: lost }],
        };
      });
    const [found] = of("checkpoints", workflow(tasks), runsWith([40_000]));
    // 37 of 100 s are saved in 4 of 10 runs.
    assert.ok(Math.abs((found?.gain.median ?? 0) - 0.148) < 0.001, `${found?.gain.median}`);
    assert.match(
      found?.evidence[0] ?? "",
      /^4 attempts in 4 of 10 runs were lost or failed late, after 40 s \(median\)\. A completed attempt takes 1 min\.$/,
    );
    assert.match(found?.manual ?? "", /handler of `model\.train` has to save its state/);
    const cases = {
      "lost early": runsWith([10_000]),
      short: runsWith([4_000], 6_000),
      "never lost": runsWith([]),
      "continued from a saved state": runsWith([40_000], 60_000, 22_000),
    };
    for (const [title, other] of Object.entries(cases))
      assert.deepEqual(of("checkpoints", workflow(tasks), other), [], title);
  });
});
