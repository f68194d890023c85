import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeasureRegistry } from "./measures.ts";

describe("a metric of a handler", () => {
  it("is summed up by labels in any order, and starts again once it was sent", () => {
    const registry = new MeasureRegistry();
    const orders = registry.counter("shop", "orders_total", { help: "Orders.", unit: "orders" });
    orders.add();
    orders.add(2, { b: 1, a: "x" });
    orders.add(3, { a: "x", b: "1" });
    const [measures = []] = [...registry.measures().values()];
    const shared = { name: "orders_total", kind: "counter", description: "Orders.", unit: "orders" };
    assert.deepEqual(measures, [
      { ...shared, labels: {}, value: 1 },
      { ...shared, labels: { a: "x", b: "1" }, value: 5 },
    ]);
    orders.add(4);
    registry.sent("shop", measures);
    assert.deepEqual(
      registry
        .measures()
        .get("shop")
        ?.map(({ value }) => value),
      [4, 0],
    );
  });

  it("has quantiles of a distribution within 3 %, and the last value of a gauge", () => {
    const registry = new MeasureRegistry();
    const latency = registry.histogram("shop", "latency_seconds");
    for (let value = 1; value <= 1_000; value++) latency.observe(value / 1_000);
    latency.observe(0);
    const queue = registry.gauge("shop", "queue");
    queue.set(7);
    queue.set(-3);
    const [one, other] = registry.measures().get("shop") ?? [];
    assert.equal(one?.value, 1_001);
    assert.ok(Math.abs((one?.p50 ?? 0) - 0.5) < 0.015, `${one?.p50}`);
    assert.ok(Math.abs((one?.p99 ?? 0) - 0.99) < 0.03, `${one?.p99}`);
    assert.equal(other?.value, -3);
  });

  it("shares one overflow series beyond a hundred series, which is reported once", () => {
    const named: string[] = [];
    const registry = new MeasureRegistry(undefined, (metric) => named.push(metric));
    const calls = registry.counter("shop", "calls_total");
    for (let user = 0; user < 5_000; user++) calls.add(1, { user });
    const measures = registry.measures().get("shop") ?? [];
    assert.equal(measures.length, 101);
    assert.deepEqual(measures.at(-1)?.labels, { overflow: "true" });
    assert.equal(measures.at(-1)?.value, 4_900);
    assert.deepEqual(named, ["calls_total"]);
  });

  it("forgets a series without values for ten minutes", () => {
    const registry = new MeasureRegistry();
    registry.counter("shop", "orders_total").add();
    for (let round = 0; round <= 62; round++) registry.sent("shop", registry.measures().get("shop") ?? []);
    assert.equal(registry.measures().size, 0);
  });

  for (const [title, call] of [
    ["a name with a dot", (registry: MeasureRegistry) => registry.counter("a", "a.b")],
    [
      "a metric that changes its kind",
      (registry: MeasureRegistry) => [registry.counter("a", "b"), registry.gauge("a", "b")],
    ],
    ["a value that is no number", (registry: MeasureRegistry) => registry.gauge("a", "b").set(Number.NaN)],
    ["a counter that falls", (registry: MeasureRegistry) => registry.counter("a", "b").add(-1)],
    ["a label that is none", (registry: MeasureRegistry) => registry.counter("a", "b").add(1, { "a-b": 1 })],
    [
      "too many labels",
      (registry: MeasureRegistry) =>
        registry
          .counter("a", "b")
          .add(1, Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`l${at}`, 1]))),
    ],
  ] as const)
    it(`refuses ${title}`, () => {
      assert.throws(() => call(new MeasureRegistry()), { code: "sdk.metric_invalid" });
    });
});
