import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { regressionsOf } from "./versions.ts";
import { shop } from "./work.fixture.ts";

const version = (order: number) => (order < 120 ? "old" : "new");

describe("a regression of a version", () => {
  it("is a longer duration or more failures than in the version before", () => {
    const slower = shop(1, { version, runMs: (_, order) => (version(order) === "new" ? 160 : 100) });
    const [one, ...others] = regressionsOf(slower.works);
    assert.deepEqual([one?.what, one?.version, one?.before, others.length], ["duration", "new", "old", 0]);
    assert.ok((one?.is ?? 0) / (one?.was ?? 1) > 1.4);
    const failing = shop(2, { version, fails: ({ order }) => version(order) === "new" && order % 4 === 0 });
    const [other] = regressionsOf(failing.works);
    assert.deepEqual([other?.what, other?.was, other?.is], ["failures", 0, 0.25]);
    assert.equal(other?.examples[0], "order-120");
  });

  it("is reported for at most 2 of 500 definitions with an equal version", () => {
    const found = Array.from({ length: 500 }, (_, seed) =>
      regressionsOf(
        shop(seed, { version, orders: 160, fails: ({ order }) => (order * 7 + seed) % 11 === 0 }).works,
      ),
    ).flat();
    assert.ok(found.length <= 2, `${found.length} false`);
  });

  it("is not reported for few runs, or for a faster version", () => {
    assert.deepEqual(
      regressionsOf(shop(3, { version, orders: 125, runMs: (_, o) => (o < 120 ? 9 : 900) }).works),
      [],
    );
    assert.deepEqual(
      regressionsOf(shop(4, { version, runMs: (_, order) => (order < 120 ? 900 : 9) }).works),
      [],
    );
  });
});
