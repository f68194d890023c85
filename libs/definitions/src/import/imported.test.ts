import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstFree, inOrder, NotImported } from "./imported.ts";

describe("the order of imported tasks", () => {
  const cycle = (item: string) => new NotImported(`${item} needs itself`);

  it("has each item behind those before it, without repetition", () => {
    const before: Readonly<Record<string, readonly string[]>> = {
      end: ["right", "left"],
      left: ["start"],
      right: ["start"],
    };
    const sorted = inOrder(["end", "left", "alone"], (item) => before[item] ?? [], cycle);
    assert.deepEqual(sorted, ["start", "right", "left", "end", "alone"]);
  });

  it("refuses an item that leads to itself", () => {
    const next: Readonly<Record<string, string>> = { a: "b", b: "c", c: "b" };
    assert.throws(() => inOrder(["a"], (item) => [next[item] ?? ""], cycle), /b needs itself/);
  });

  it("sorts a chain of 100,000 items", () => {
    const items = Array.from({ length: 100_000 }, (_, at) => at);
    const sorted = inOrder(
      items.toReversed(),
      (item) => (item === 0 ? [] : [item - 1]),
      (item) => cycle(`${item}`),
    );
    assert.deepEqual(sorted, items);
  });
});

it("the first free name is counted from 2", () => {
  const used = new Set(["order", "order-2"]);
  assert.deepEqual(
    [firstFree("order", (name) => used.has(name)), firstFree("new", () => false)],
    ["order-3", "new"],
  );
});
