import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { changesOf, driftOf, type Point, withoutRhythm } from "./changes.ts";

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5);

/**
 * Returns values around 100 with a long tail, optionally correlated with the previous value and with a daily rhythm.
 */
function series(
  seed: number,
  length: number,
  shape: { alike?: number; rhythm?: number; stepMs?: number } = {},
) {
  const chance = seededChance(seed);
  const { alike = 0, rhythm = 0, stepMs = 10 * minuteMs } = shape;
  let noise = 0;
  return Array.from({ length }, (_, index): { timeMs: number; value: number } => {
    const normal = Math.sqrt(-2 * Math.log(1 - chance.random())) * Math.cos(2 * Math.PI * chance.random());
    noise = alike * noise + Math.sqrt(1 - alike * alike) * normal;
    const timeMs = startMs + index * stepMs;
    const day = 1 + rhythm * Math.sin((2 * Math.PI * timeMs) / (24 * 60 * minuteMs));
    return { timeMs, value: 100 * day * Math.exp(0.15 * noise) };
  });
}

function from(points: readonly Point[], place: number, change: (value: number, index: number) => number) {
  return points.map((point, index) =>
    index < place ? point : { ...point, value: change(point.value, index - place) },
  );
}

const shapes = [{}, { alike: 0.6 }, { rhythm: 0.4 }, { rhythm: 0.4, alike: 0.4 }];

describe("changes of a series", () => {
  it("are found where they were injected, and not in quiet series", () => {
    const quiet = Array.from({ length: 500 }, (_, seed) => series(seed, 600, shapes[seed % shapes.length]));
    const false_ = quiet.filter((points) => changesOf(points).length > 0).length;
    const placeOf = (seed: number) => 150 + 6 * seed;
    const steps = Array.from({ length: 50 }, (_, seed) =>
      from(series(1_000 + seed, 600, shapes[seed % shapes.length]), placeOf(seed), (value) => value * 1.4),
    );
    const placesMs = steps.map((_, seed) => startMs + placeOf(seed) * 10 * minuteMs);
    const found = steps.filter((points, seed) =>
      changesOf(points).some(({ timeMs }) => Math.abs(timeMs - (placesMs[seed] ?? 0)) <= 60 * minuteMs),
    ).length;
    assert.ok(found >= 0.9 * steps.length, `${found} of ${steps.length} found`);
    assert.ok(found / (found + false_) >= 0.9, `${false_} false in 500`);
  });

  it("are known soon after they happen", () => {
    const delays = Array.from({ length: 25 }, (_, seed) => {
      const points = from(series(2_000 + seed, 400, shapes[seed % 2]), 300, (value) => value * 1.5);
      for (let length = 301; length <= 400; length++)
        if (changesOf(points.slice(0, length)).length > 0) return length - 300;
      return Number.POSITIVE_INFINITY;
    }).sort((one, other) => one - other);
    // In points. Half of the series have correlated values, with less information each.
    assert.ok((delays[11] ?? 0) <= 12 && (delays[24] ?? 0) <= 40, `delays ${delays}`);
  });

  it("compare the medians before and after, and tolerate outliers", () => {
    const points = from(series(7, 200), 100, (value) => value * 2).map((point, index) =>
      index % 29 === 0 ? { ...point, value: 100_000 } : point,
    );
    const [change, ...others] = changesOf(points);
    assert.equal(others.length, 0);
    assert.ok(change && Math.abs(change.before - 100) < 10 && Math.abs(change.after - 200) < 20);
  });

  it("are absent in constant, empty and short series", () => {
    const same = Array.from({ length: 100 }, (_, index) => ({ timeMs: index * minuteMs, value: 5 }));
    assert.deepEqual(changesOf(same), []);
    assert.deepEqual(changesOf([]), []);
    assert.deepEqual(changesOf(series(1, 10)), []);
    assert.equal(driftOf(same), undefined);
  });
});

describe("the drift of a series", () => {
  it("is found where it was injected, and not in quiet series", () => {
    const quiet = Array.from({ length: 500 }, (_, seed) => series(seed, 600, shapes[seed % shapes.length]));
    const false_ = quiet.filter((points) => driftOf(points) !== undefined).length;
    const rising = Array.from({ length: 50 }, (_, seed) =>
      from(
        series(3_000 + seed, 600, shapes[seed % shapes.length]),
        0,
        (value, index) => value * (1 + index / 1_200),
      ),
    );
    const found = rising.map((points) => driftOf(points));
    const right = found.filter((drift) => drift !== undefined && drift.perDay > 0).length;
    assert.ok(right >= 0.9 * rising.length, `${right} of ${rising.length} found`);
    assert.ok(right / (right + false_) >= 0.9, `${false_} false in 500`);
    // The drift is found after less than half of the time, over which it adds a half.
    const delays = rising.map((points) => {
      for (let length = 20; length <= points.length; length += 10)
        if (driftOf(points.slice(0, length)) !== undefined) return length;
      return Number.POSITIVE_INFINITY;
    });
    delays.sort((one, other) => one - other);
    assert.ok((delays[25] ?? 0) <= 300, `delays ${delays}`);
  });
});

describe("a daily rhythm", () => {
  it("is removed from a series that has one", () => {
    assert.equal(withoutRhythm(series(1, 600, { rhythm: 0.4 })).hasRhythm, true);
    assert.equal(withoutRhythm(series(1, 600)).hasRhythm, false);
  });
});
