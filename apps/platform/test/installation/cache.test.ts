/** The cache on a whole installation: tags, invalidation including derived outputs, failures. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Aggregation, metricService, QuerySeriesRequest } from "@tutti/contracts/insight/v1";
import {
  cacheService,
  GetCacheUsageRequest,
  InvalidateCacheRequest,
  ListCacheEntriesRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError, toTimestamp } from "@tutti/kernel";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const report = `workflow: report
tasks:
  rates:
    uses: rates.load
    with: {day: "\${{ input.day }}"}
    cache: {ttl: 1h, tags: [rates, "day:\${{ input.day }}"]}
  totals:
    uses: totals.compute
    with: {rates: "\${{ tasks.rates.output }}"}
    cache: 1h
output: "\${{ tasks.totals.output }}"
`;

describe("the cache on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const calls = { rates: 0, totals: 0, none: 0 };
  const cache = () => installation.host.mesh.client(cacheService);
  const listed = async (filter = {}) => {
    const request = ListCacheEntriesRequest.fromPartial({ filter });
    return (await cache().listCacheEntries(request)).entries;
  };
  const invalidate = async (request: Parameters<typeof InvalidateCacheRequest.fromPartial>[0]) =>
    (await cache().invalidateCache(InvalidateCacheRequest.fromPartial(request))).invalidated;
  const run = async (id: string, day: number) => (await tutti.run("report", { id, input: { day } })).result();

  /** Returns the total of a counter since the start. */
  const counted = async (metric: string) => {
    const metrics = installation.host.mesh.client(metricService, { service: "gateway" });
    const nowMs = Math.floor(installation.now() / 10_000) * 10_000;
    const { series } = await metrics.querySeries(
      QuerySeriesRequest.fromPartial({
        queries: [{ metric, overTime: Aggregation.AGGREGATION_INCREASE }],
        span: { from: toTimestamp(nowMs - 300_000), to: toTimestamp(nowMs) },
        stepMs: 10_000,
      }),
    );
    // Steps before the first sample have no value.
    return (series[0]?.values ?? []).reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0);
  };

  before(async () => {
    installation = await Installation.open(["--workflow.cacheBytesOf=small=6000"]);
    tutti = await installation.client();
    worker = installation.worker({ agentId: "w-1" });
    worker.handle("rates.load", ({ day }: { readonly day: number }) => {
      calls.rates += 1;
      return day * 10;
    });
    worker.handle("totals.compute", ({ rates }: { readonly rates: number }) => {
      calls.totals += 1;
      return rates + 1;
    });
    await worker.start();
    await tutti.workflows.register(report);
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("finds outputs by tag, capability, worker and run, and computes invalidated outputs again", async () => {
    assert.deepEqual([await run("one", 1), await run("two", 1), await run("three", 2)], [11, 11, 21]);
    assert.deepEqual(calls, { rates: 2, totals: 2, none: 0 });
    const counts = await Promise.all(
      [
        { tag: "rates" },
        { tag: "day:2" },
        { capability: "totals.compute" },
        { agent: "w-1" },
        { runId: "one" },
      ].map(async (filter) => (await listed(filter)).length),
    );
    assert.deepEqual(counts, [2, 1, 2, 4, 2]);
    const [rates] = await listed({ tag: "day:1" });
    assert.deepEqual([rates?.capability, rates?.runId, rates?.taskId], ["rates.load", "one", "rates"]);
    assert.equal(rates?.workflow, "report");
    // The total of the day is derived from its rates.
    assert.equal(await invalidate({ filter: { tag: "day:1" }, derived: true }), 2);
    assert.deepEqual([await run("four", 1), await run("five", 2)], [11, 21]);
    assert.deepEqual(calls, { rates: 3, totals: 3, none: 0 });
    assert.equal(await invalidate({ filter: { tag: "rates" } }), 2);
    await run("six", 2);
    assert.deepEqual(calls, { rates: 4, totals: 3, none: 0 }, "the totals were not derived by request");
  });

  it("learns that equal inputs give equal outputs, and computes every output again after a difference", async () => {
    await tutti.workflows.register(
      `workflow: learned\ntasks: {one: {uses: answers.give, with: 1, cache: {ttl: 1d, auto: true}}}\noutput: "\${{ tasks.one.output }}"\n`,
    );
    let [computed, answer, number] = [0, 7, 0];
    worker.handle("answers.give", () => {
      computed += 1;
      return answer;
    });
    const next = async () => (await tutti.run("learned", { id: `learned-${++number}` })).result();
    for (const _ of [1, 2, 3]) assert.equal(await next(), 7);
    assert.equal(computed, 3, "shadow runs");
    for (let run = 0; run < 30; run++) assert.equal(await next(), 7);
    assert.ok(computed > 3 && computed < 15, `${computed - 3} of 30 computed`);
    answer = 8;
    // One task in ten is computed. The choice depends only on task ids.
    for (let run = 0; run < 60 && (await next()) === 7; run++);
    const before = computed;
    for (const _ of [1, 2, 3, 4]) assert.equal(await next(), 8);
    assert.equal(computed - before, 4);
    const [entry] = await listed({ capability: "answers.give" });
    assert.deepEqual([entry?.equalOutputs, entry?.neededOutputs], [5, 20]);
    assert.ok(entry?.differTime !== undefined);
  });

  it("refuses an invalidation without a condition, and removes all on request", async () => {
    await assert.rejects(
      invalidate({}),
      (error) => isTuttiError(error) && error.code === "cache.condition_wanted",
    );
    assert.ok((await invalidate({ all: true })) > 0);
    assert.deepEqual(await listed(), []);
  });

  it("computes and stores an output with damaged stored bytes again, in the run that meets it", async () => {
    await tutti.workflows.register(`workflow: large
tasks:
  make: {uses: large.make, with: 1, cache: 1h}
  size: {uses: large.size, with: "\${{ tasks.make.output }}", retry: 1}
output: "\${{ tasks.size.output }}"
`);
    let computed = 0;
    worker.handle("large.make", () => {
      computed += 1;
      return "x".repeat(1_100_000);
    });
    worker.handle("large.size", (text: string) => text.length);
    const size = async (id: string) => (await tutti.run("large", { id })).result();
    assert.deepEqual([await size("damaged-1"), await size("damaged-2"), computed], [1_100_000, 1_100_000, 1]);
    for (const { content } of installation.keptHost.blobs.values()) content.fill("y".charCodeAt(0), 100, 101);
    assert.deepEqual([await size("damaged-3"), await size("damaged-4"), computed], [1_100_000, 1_100_000, 2]);
    await invalidate({ filter: { capability: "large.make" } });
  });

  it("evicts from a namespace with a full cache, and from no other", async () => {
    const small = await installation.client({ namespace: "small" });
    const other = installation.worker({ agentId: "w-2", namespace: "small" });
    other.handle("rates.load", ({ day }: { readonly day: number }) => day);
    other.handle("totals.compute", ({ rates }: { readonly rates: number }) => rates);
    await other.start();
    await small.workflows.register(report);
    for (let day = 0; day < 6; day++) {
      await (await small.run("report", { id: `small-${day}`, input: { day } })).result();
      await run(`large-${day}`, day);
    }
    const count = async (namespace: string) =>
      (await cache().listCacheEntries(ListCacheEntriesRequest.fromPartial({ namespace }))).entries.length;
    // Each output counts with an extra 1 KiB: five of twelve fit.
    for (let round = 0; round < 20 && (await count("small")) > 5; round++) await installation.pass(10_000);
    assert.deepEqual([await count("small"), await count("default")], [5, 12]);
    const used = await cache().getCacheUsage(GetCacheUsageRequest.fromPartial({ namespace: "small" }));
    assert.deepEqual([used.outputs, used.bytesMax], [5, 6_000]);
    assert.ok(used.bytes > 5 * 1_024 && used.bytes <= 6_000);
    // Samples of metrics are ten seconds apart.
    await installation.pass(30_000);
    assert.equal(await counted("tutti_workflow_cache_evictions_total"), 7);
    const bytes = await counted("tutti_workflow_cache_evicted_bytes_total");
    assert.ok(bytes > 7 * 1_024 && bytes < 8 * 1_024, `${bytes} bytes`);
    await other.stop();
    await small.close();
  });
});
