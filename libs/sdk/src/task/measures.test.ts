import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeasureBook } from "./measures.ts";

describe("what handlers measure", () => {
  it("is summed up by labels in any order, and starts again once it was sent", () => {
    const book = new MeasureBook();
    const orders = book.counter("shop", "orders_total", { help: "Orders.", unit: "orders" });
    orders.add();
    orders.add(2, { b: 1, a: "x" });
    orders.add(3, { a: "x", b: "1" });
    const [measures = []] = [...book.measures().values()];
    const shared = { name: "orders_total", kind: "counter", description: "Orders.", unit: "orders" };
    assert.deepEqual(measures, [
      { ...shared, labels: {}, value: 1 },
      { ...shared, labels: { a: "x", b: "1" }, value: 5 },
    ]);
    orders.add(4);
    book.sent("shop", measures);
    assert.deepEqual(
      book
        .measures()
        .get("shop")
        ?.map(({ value }) => value),
      [4, 0],
    );
  });

  it("has quantiles of a distribution within 3 %, and the last value of a gauge", () => {
    const book = new MeasureBook();
    const latency = book.histogram("shop", "latency_seconds");
    for (let value = 1; value <= 1_000; value++) latency.observe(value / 1_000);
    latency.observe(0);
    const queue = book.gauge("shop", "queue");
    queue.set(7);
    queue.set(-3);
    const [one, other] = book.measures().get("shop") ?? [];
    assert.equal(one?.value, 1_001);
    assert.ok(Math.abs((one?.p50 ?? 0) - 0.5) < 0.015, `${one?.p50}`);
    assert.ok(Math.abs((one?.p99 ?? 0) - 0.99) < 0.03, `${one?.p99}`);
    assert.equal(other?.value, -3);
  });

  it("shares one series beyond a hundred of a metric, which is named once", () => {
    const named: string[] = [];
    const book = new MeasureBook(undefined, (metric) => named.push(metric));
    const calls = book.counter("shop", "calls_total");
    for (let user = 0; user < 5_000; user++) calls.add(1, { user });
    const measures = book.measures().get("shop") ?? [];
    assert.equal(measures.length, 101);
    assert.deepEqual(measures.at(-1)?.labels, { overflow: "true" });
    assert.equal(measures.at(-1)?.value, 4_900);
    assert.deepEqual(named, ["calls_total"]);
  });

  it("forgets a series without values for ten minutes", () => {
    const book = new MeasureBook();
    book.counter("shop", "orders_total").add();
    for (let round = 0; round <= 62; round++) book.sent("shop", book.measures().get("shop") ?? []);
    assert.equal(book.measures().size, 0);
  });

  for (const [what, call] of [
    ["a name with a dot", (book: MeasureBook) => book.counter("a", "a.b")],
    ["a metric that changes its kind", (book: MeasureBook) => [book.counter("a", "b"), book.gauge("a", "b")]],
    ["a value that is no number", (book: MeasureBook) => book.gauge("a", "b").set(Number.NaN)],
    ["a counter that falls", (book: MeasureBook) => book.counter("a", "b").add(-1)],
    ["a label that is none", (book: MeasureBook) => book.counter("a", "b").add(1, { "a-b": 1 })],
    [
      "too many labels",
      (book: MeasureBook) =>
        book
          .counter("a", "b")
          .add(1, Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`l${at}`, 1]))),
    ],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.throws(() => call(new MeasureBook()), { code: "sdk.metric_invalid" });
    });
});
