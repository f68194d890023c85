import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { Aggregation, type Series, SeriesQuery } from "@tutti/contracts/insight/v1";
import { answerSeries } from "@tutti/host/metrics";
import { toTimestamp } from "@tutti/kernel";
import type { RecordedMetric, RecordedSeries } from "./sample.ts";
import { SeriesStore } from "./series-store.ts";
import { hourMs, minuteMs, slotMs } from "./time.ts";

const namespace = "system";
const metric = (name: string, kind: RecordedMetric["kind"] = "gauge"): RecordedMetric => ({
  ...{ namespace, name, kind, help: "", unit: "", labels: ["worker"] },
});
const startMs = Math.floor(1_800_000_000_000 / (24 * hourMs)) * 24 * hourMs;

async function setUp() {
  const folder = await mkdtempDisposable(join(tmpdir(), "tutti-series-"));
  const file = join(folder.path, "series.sqlite");
  const open = (nowMs = startMs, bounds = {}) =>
    new SeriesStore({ file, nowMs, seriesMax: 1_000, seriesOfMetricMax: 100, ...bounds });
  return { file, folder: folder.path, open, [Symbol.asyncDispose]: () => folder.remove() };
}

function samples(
  fromMs: number,
  values: readonly number[],
  overrides: Partial<RecordedSeries> = {},
): RecordedSeries {
  const own = { namespace, metric: "load", statistic: "value" as const, labels: { worker: "a" } };
  return { ...own, fromMs, values: Float64Array.from(values), ...overrides };
}

function answerOf(
  store: SeriesStore,
  fromMs: number,
  toMs: number,
  fields: Partial<SeriesQuery> = {},
  stepMs = 0,
) {
  const query = SeriesQuery.fromPartial({ metric: "load", ...fields });
  const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
  return answerSeries(store.source(namespace, toMs), { queries: [query], span, stepMs }, toMs);
}

const valuesOf = ([first]: readonly Series[]) => first?.values.filter((value) => !Number.isNaN(value)) ?? [];

/** A value each 10 s for some hours, recorded once a minute. */
function recordHours(store: SeriesStore, hours: number, valueAt: (slot: number) => number): number {
  let nowMs = startMs;
  for (let minute = 0; minute < hours * 60; minute++) {
    nowMs = startMs + (minute + 1) * minuteMs;
    const values = Array.from({ length: 6 }, (_, at) => valueAt(minute * 6 + at));
    store.record({
      nowMs,
      metrics: minute === 0 ? [metric("load")] : [],
      series: [samples(nowMs - minuteMs, values)],
    });
  }
  return nowMs;
}

describe("the store of series", () => {
  it("returns recorded values, before and after packing, and after it is reopened", async () => {
    await using place = await setUp();
    const store = place.open();
    const nowMs = recordHours(store, 3, (slot) => slot % 50);
    const expected = Array.from({ length: 3 * 360 }, (_, slot) => slot % 50);
    assert.deepEqual(valuesOf(answerOf(store, startMs, nowMs, {}, slotMs)), expected);
    store.close();
    const reopened = place.open(nowMs);
    assert.deepEqual(valuesOf(answerOf(reopened, startMs, nowMs, {}, slotMs)), expected);
    const minutes = valuesOf(answerOf(reopened, startMs, nowMs, {}, minuteMs));
    assert.equal(minutes.length, 180);
    assert.equal(minutes[0], 2.5);
    reopened.close();
  });

  it("keeps values of 10 s for two days, and values of a minute for longer", async () => {
    await using place = await setUp();
    const store = place.open();
    recordHours(store, 2, () => 7);
    const laterMs = startMs + 80 * hourMs;
    const series = [samples(laterMs - minuteMs, [1, 1, 1, 1, 1, 1])];
    for (const nowMs of [laterMs, laterMs + 2 * hourMs]) store.record({ nowMs, metrics: [], series });
    const database = new DatabaseSync(place.file, { readOnly: true });
    const fine = database.prepare("SELECT place FROM block WHERE is_coarse = 0").all();
    database.close();
    assert.deepEqual(fine.length, 1);
    const found = answerOf(store, startMs, laterMs, {}, slotMs);
    assert.equal(found[0]?.stepMs, minuteMs);
    assert.equal(valuesOf(found).length, 121);
    store.close();
  });

  it("counts measurements of a few seconds in a minute, also if values are a minute apart", async () => {
    await using place = await setUp();
    const store = place.open();
    const nan = Number.NaN;
    const rate = { metric: "attempts", statistic: "rate" as const };
    const metrics = [metric("attempts", "counter")];
    // 7 attempts in 10 s, ten times, and then 4 that are in the minute that is not over.
    for (let minute = 0; minute < 10; minute++) {
      const series = [samples(startMs + minute * minuteMs, [nan, nan, 0.7, nan, nan, nan], rate)];
      store.record({ nowMs: startMs + (minute + 1) * minuteMs, metrics, series });
    }
    const nowMs = startMs + 10 * minuteMs + 3 * slotMs;
    store.record({ nowMs, metrics, series: [samples(startMs + 10 * minuteMs, [nan, 0.4], rate)] });
    const increase = { metric: "attempts", overTime: Aggregation.AGGREGATION_INCREASE };
    const counted = (toMs: number) =>
      valuesOf(answerOf(store, startMs, toMs, increase, hourMs)).map((value) => Math.round(value));
    assert.deepEqual(counted(startMs + 10 * minuteMs), [70]);
    // The rate of a minute that is not over is that of its seconds so far.
    const perSecond = valuesOf(
      answerOf(store, startMs + 10 * minuteMs, nowMs, { metric: "attempts" }, minuteMs),
    );
    assert.deepEqual(perSecond, [0.1333]);
    store.record({ nowMs: nowMs + 2 * hourMs, metrics, series: [] });
    assert.deepEqual(counted(startMs + 11 * minuteMs), [74], "also of packed hours");
    store.close();
  });

  it("counts a repeated sample once, and stores a late sample in its slot", async () => {
    await using place = await setUp();
    const store = place.open();
    const nowMs = recordHours(store, 3, (slot) => (slot >= 6 && slot < 12 ? Number.NaN : 1));
    const late = [samples(startMs + minuteMs, [5, 5, 5, 5, 5, 5])];
    for (let time = 0; time < 2; time++) {
      const outcome = store.record({ nowMs, metrics: [], series: late });
      assert.equal(outcome.recorded, 6);
    }
    const before = answerOf(store, startMs, nowMs, {}, minuteMs);
    assert.deepEqual(before[0]?.values.slice(0, 3), [1, 5, 1]);
    store.record({ nowMs: nowMs + 2 * hourMs, metrics: [], series: [samples(nowMs, [1])] });
    assert.deepEqual(answerOf(store, startMs, nowMs, {}, minuteMs), before);
    store.close();
  });

  it("refuses samples of a wrong clock and of long ago, and counts them", async () => {
    await using place = await setUp();
    const store = place.open();
    const series = [
      samples(startMs - 49 * hourMs, [1]),
      samples(startMs + hourMs, [1]),
      samples(startMs, [1]),
    ];
    const { late, ahead, recorded } = store.record({ nowMs: startMs, metrics: [metric("load")], series });
    assert.deepEqual({ late, ahead, recorded }, { late: 1, ahead: 1, recorded: 1 });
    store.close();
  });

  it("limits the series of a metric: further series share an overflow series, and no sample is lost", async () => {
    await using place = await setUp();
    const store = place.open(startMs, { seriesOfMetricMax: 10 });
    const series = Array.from({ length: 1_000 }, (_, at) =>
      samples(startMs, [1], { labels: { worker: `w${at}` }, statistic: "value" }),
    );
    const outcome = store.record({ nowMs: startMs, metrics: [metric("load")], series });
    assert.deepEqual([outcome.series, outcome.overflowed, outcome.overflowing], [11, 990, ["load"]]);
    const all = answerOf(
      store,
      startMs,
      startMs + minuteMs,
      { overSeries: Aggregation.AGGREGATION_SUM },
      slotMs,
    );
    assert.deepEqual(valuesOf(all), [1_000]);
    const overflow = answerOf(store, startMs, startMs + minuteMs, {
      labels: { equals: { overflow: "true" } },
    } as never);
    assert.deepEqual(valuesOf(overflow), [990]);
    assert.deepEqual(store.record({ nowMs: startMs, metrics: [], series }).overflowing, []);
    store.close();
  });

  it("omits and counts a damaged block, and reads the others", async () => {
    await using place = await setUp();
    const store = place.open();
    const nowMs = recordHours(store, 4, () => 3);
    store.close();
    const database = new DatabaseSync(place.file);
    database.exec(
      "UPDATE block SET bytes = zeroblob(20) WHERE is_coarse = 0 AND place = (SELECT min(place) FROM block WHERE is_coarse = 0)",
    );
    database.close();
    const reopened = place.open(nowMs);
    assert.equal(valuesOf(answerOf(reopened, startMs, nowMs, {}, slotMs)).length, 3 * 360);
    assert.equal(reopened.record({ nowMs, metrics: [], series: [] }).damaged, 1);
    reopened.close();
  });

  it("moves a damaged file aside and starts a new one", async () => {
    await using place = await setUp();
    writeFileSync(place.file, Buffer.alloc(8_192, "not a database"));
    const store = place.open();
    const { movedAside } = store.record({
      nowMs: startMs,
      metrics: [metric("load")],
      series: [samples(startMs, [1])],
    });
    assert.equal(existsSync(movedAside?.file ?? ""), true);
    assert.deepEqual(valuesOf(answerOf(store, startMs, startMs + minuteMs)), [1]);
    store.close();
    assert.deepEqual(readdirSync(place.folder).filter((name) => name.includes("damaged")).length, 1);
  });
});
