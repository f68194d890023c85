import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import { advise } from "./advise.ts";
import { gainOf, type RecordedRun } from "./replay.ts";

const order: WorkflowDocument = {
  workflow: "order",
  tasks: {
    reserve: { uses: "stock.reserve" },
    check: { uses: "fraud.check" },
    charge: {
      uses: "pay.charge",
      needs: ["reserve", "check"],
      with: { id: "${{ tasks.reserve.output.id }}" },
    },
    mail: { uses: "mail.send", needs: "charge", with: { to: "${{ tasks['check'].output.to }}" } },
  },
};

/** Reserve takes 100 ms, check 300 ms, and the two tasks after them 100 ms each, with 10 ms between. */
const run = (runId: string, checkMs = 300): RecordedRun => ({
  runId,
  tasks: [
    { task: "reserve", queuedMs: 1_000, endedMs: 1_100 },
    { task: "check", queuedMs: 1_000, endedMs: 1_000 + checkMs },
    { task: "charge", queuedMs: 1_010 + checkMs, endedMs: 1_110 + checkMs },
    { task: "mail", queuedMs: 1_120 + checkMs, endedMs: 1_220 + checkMs },
  ],
});
const runs = Array.from({ length: 8 }, (_, at) => run(`run-${at}`, 250 + at * 20));

describe("advice about a workflow", () => {
  it("finds a need whose result is not read, with the gain that a replay predicts", () => {
    const [needless, ...others] = advise(order, runs);
    assert.deepEqual(
      others.map(({ task, kind }) => [task, kind]),
      [["mail", "needless_need"]],
    );
    assert.deepEqual([needless?.task, needless?.kind], ["charge", "needless_need"]);
    assert.match(needless?.summary ?? "", /`charge` waits for `check`, but does not use its output/);
    assert.match(needless?.evidence.join() ?? "", /In 8 of 8 runs, `check` was the last/);
    assert.deepEqual(needless?.changed.tasks?.["charge"]?.needs, ["reserve"]);
    // Mail reads check: it starts 10 ms after check or charge, whichever ends last. The first run takes 360 in place of 470 ms.
    const { median = 0, low = 0, high = 0, runs: count } = needless?.gain ?? {};
    assert.equal(count, 8);
    assert.ok(low > 0.18 && low <= median && median <= high && high < 0.24, `${low} ${median} ${high}`);
  });

  it("keeps a need that an expression, a placement or a condition names", () => {
    const reads = [
      { with: "${{ tasks.check.output }}" },
      { when: "tasks.check.status == 'failed'" },
      { placement: { sameAgentAs: ["check"] } },
      { needs: ["reserve", { task: "check", on: "always" }] },
    ];
    for (const read of reads) {
      const charge = {
        uses: "pay.charge",
        needs: ["reserve", "check"],
        with: "${{ tasks.reserve }}",
        ...read,
      };
      const document = { ...order, tasks: { ...order.tasks, charge } } as WorkflowDocument;
      assert.deepEqual(
        advise(document, runs).filter(({ task }) => task === "charge"),
        [],
        JSON.stringify(read),
      );
    }
  });

  it("gives no advice without a gain, or from a few runs", () => {
    const quick = Array.from({ length: 8 }, (_, at) => run(`run-${at}`, 50));
    assert.deepEqual(
      advise(order, quick).filter(({ task }) => task === "charge"),
      [],
    );
    assert.deepEqual(advise(order, runs.slice(0, 4)), []);
  });

  it("proposes straggler copies only if slow attempts delay a tenth of the runs", () => {
    // 100 runs of 10 entries at once, of which one in 40 takes ten times as long.
    const each = { uses: "image.render", forEach: "${{ input.images }}" };
    const document: WorkflowDocument = { workflow: "gallery", tasks: { each } };
    const runsWith = (slowMs: number) =>
      Array.from({ length: 100 }, (_, number): RecordedRun => {
        const entries = Array.from({ length: 10 }, (__, at) => {
          const isSlow = (number * 10 + at) % 40 === 7;
          return { parent: "each", runMs: isSlow ? slowMs : 100 + at };
        });
        const endedMs = Math.max(...entries.map(({ runMs }) => runMs));
        return { runId: `run-${number}`, tasks: [{ task: "each", queuedMs: 0, endedMs }], entries };
      });
    const propose = (task: TaskDocument, slowMs = 1_000) =>
      advise({ ...document, tasks: { each: task } }, runsWith(slowMs)).filter(
        ({ kind }) => kind === "speculative",
      );
    const [found] = propose(each);
    assert.deepEqual(found?.changed.tasks?.["each"], { ...each, mayBeDoubled: true });
    assert.equal(found?.saves, "time_p90");
    // A copy starts after 109 ms, and takes 105 ms.
    const { median = 0, low = 0, high = 0 } = found?.gain ?? {};
    assert.ok(Math.abs(median - 0.786) < 0.005, `${median}`);
    assert.ok(low <= median && median <= high);
    assert.match(found?.evidence[0] ?? "", /^25 of 1000 attempts took longer/);
    const others: readonly TaskDocument[] = [
      { ...each, mayBeDoubled: true },
      { ...each, mayBeDoubled: false },
      { ...each, limits: [{ key: "gpu", concurrency: 1 }] },
    ];
    for (const other of others) assert.deepEqual(propose(other), [], JSON.stringify(other));
    assert.deepEqual(propose(each, 130), [], "a copy would not end earlier");
  });

  it("proposes a fixed cache in place of `auto`, and nothing for a fixed cache", () => {
    const data = Array.from({ length: 20 }, (_, at) => {
      const text = `${at % 4}`;
      return { task: "check", input: text, output: text };
    });
    const propose = (cache: NonNullable<TaskDocument["cache"]>) => {
      const tasks = { ...order.tasks, check: { ...order.tasks?.["check"], cache } };
      return advise({ ...order, tasks }, runs, data)
        .filter(({ kind }) => kind === "cache")
        .map(({ changed }) => changed.tasks?.["check"]?.cache);
    };
    assert.deepEqual(propose("auto"), ["1h"]);
    assert.deepEqual(propose({ ttl: "1d", auto: true, tags: ["a"] }), [{ ttl: "1d", tags: ["a"] }]);
    assert.deepEqual([propose("1h"), propose({ ttl: "1d" })], [[], []]);
  });

  it("proposes a cache only if equal inputs had equal outputs", () => {
    const data = Array.from({ length: 20 }, (_, at) => ({
      task: "check",
      input: `${at % 4}`,
      output: `${at % 4}`,
    }));
    const found = advise(order, runs, data).filter(({ kind }) => kind === "cache");
    assert.deepEqual(
      found.map(({ task, changed }) => [task, changed.tasks?.["check"]?.cache]),
      [["check", "1h"]],
    );
    assert.match(found[0]?.summary ?? "", /16 of 20 inputs had occurred before/);
    const impure = data.map((each, at) => ({ ...each, output: `${at}` }));
    const unique = data.map((each, at) => ({ ...each, input: `${at}` }));
    for (const other of [impure, unique, data.slice(0, 9)])
      assert.deepEqual(
        advise(order, runs, other).filter(({ kind }) => kind === "cache"),
        [],
      );
  });

  it("proposes a higher `maxParallel` if runs had more entries than the limit", () => {
    const document: WorkflowDocument = {
      workflow: "lines",
      tasks: { each: { uses: "line.check", forEach: "input.lines", maxParallel: 2 } },
    };
    const withEntries = (count: number) =>
      Array.from(
        { length: 6 },
        (_, at): RecordedRun => ({
          runId: `run-${at}`,
          tasks: [{ task: "each", queuedMs: 0, endedMs: (count / 2) * 100 }],
          entries: Array.from({ length: count }, () => ({ parent: "each", runMs: 100 })),
        }),
      );
    const [found, ...others] = advise(document, withEntries(8));
    assert.deepEqual([found?.kind, found?.changed.tasks?.["each"]?.maxParallel, others], ["parallel", 4, []]);
    assert.deepEqual(found?.gain, { median: 0.5, low: 0.5, high: 0.5, runs: 6 });
    assert.match(found?.evidence.join() ?? "", /6 of 6 runs had more than 2 entries, the largest 8/);
    assert.equal(advise(document, withEntries(3))[0]?.changed.tasks?.["each"]?.maxParallel, 3);
    assert.deepEqual(advise(document, withEntries(2)), []);
  });

  it("proposes to reserve the measured usage plus a quarter, after at least 50 attempts", () => {
    const resources = { cpu: 2, memory_bytes: 512 * 2 ** 20, gpu: 1 };
    const document: WorkflowDocument = {
      workflow: "resize",
      tasks: { one: { uses: "image.resize@^1", resources } },
    };
    const cpu = { capability: "image.resize", resource: "cpu", p50: 0.2, p99: 0.38, attempts: 210 } as const;
    const memory = { ...cpu, resource: "memory_bytes", p50: 1e8, p99: 160 * 2 ** 20 } as const;
    const [found, ...others] = advise(document, [], [], [cpu, memory]);
    assert.deepEqual(others, []);
    assert.deepEqual(found?.changed.tasks?.["one"]?.resources, {
      cpu: 0.5,
      memory_bytes: 208 * 2 ** 20,
      gpu: 1,
    });
    assert.match(found?.summary ?? "", /2 cores → 0\.5 cores, 512 MiB of memory → 208 MiB of memory/);
    assert.deepEqual([found?.saves, found?.gain.median, found?.gain.runs], ["cpu", 0.75, 210]);
    for (const other of [
      { ...cpu, attempts: 49 },
      { ...cpu, p99: 1.4 },
      { ...cpu, capability: "image.crop" },
    ])
      assert.deepEqual(advise(document, [], [], [other]), []);
  });

  it("replays unchanged runs to their recorded duration", () => {
    const needs = new Map([
      ["reserve", new Set<string>()],
      ["check", new Set<string>()],
      ["charge", new Set(["reserve", "check"])],
      ["mail", new Set(["charge", "check"])],
    ]);
    assert.deepEqual(gainOf(runs, needs, needs), { median: 0, low: 0, high: 0, runs: 8 });
    assert.equal(gainOf(runs, new Map(), needs), undefined);
  });
});
