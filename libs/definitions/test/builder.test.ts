import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  approve,
  cel,
  checkDocument,
  child,
  gate,
  input,
  item,
  loop,
  outputOf,
  printProblem,
  set,
  spawn,
  template,
  uses,
  wait,
  workflow,
} from "../src/index.ts";
import { definitionOf } from "./language.fixture.ts";

interface Order {
  readonly id: string;
  readonly total: number;
  readonly items: readonly { readonly sku: string; readonly "gift-note"?: string }[];
}

const order = input<Order>();

describe("the builder", () => {
  const built = workflow("order", {
    input: {
      schema: {
        type: "object",
        properties: { id: { type: "string" }, total: { type: "number" }, items: { type: "array" } },
      },
    },
    tasks: {
      reserve: uses("stock.reserve", {
        with: { items: order.items, first: order.items[0]?.["gift-note"] ?? null },
        retry: { attempts: 5, backoff: "1s..1m" },
      }),
      charge: uses("pay.charge", {
        needs: ["reserve"],
        when: cel`${order.total} > 0 && ${outputOf<{ ok: boolean }>("reserve").ok}`,
        timeout: "30s",
      }),
      ship: uses("ship.box", {
        needs: ["charge"],
        forEach: order.items,
        maxParallel: 8,
        with: { sku: item<Order["items"][number]>().sku },
      }),
      invoice: child("billing", {
        with: { text: template`Order ${order.id}: $${"{{"} $${order.total}` },
        parentClose: "abandon",
      }),
      paid: wait({ signal: "paid", within: "2d" }),
      good: gate({ check: cel`${outputOf("ship")}.size() > ${1}`, sendBack: "ship" }, { needs: ["ship"] }),
      sure: approve({ by: ["ops"] }, { needs: ["good"] }),
      sum: set({ total: cel`${order.total} * ${1.19}`, list: [] }),
      poll: loop({
        tasks: { ask: uses("carrier.ask") },
        until: cel`${outputOf("ask")}.done == true`,
        max: 10,
      }),
      more: spawn(cel`${outputOf("sum")}.list`),
    },
    output: { shipped: outputOf("ship") },
  });

  it("creates the same document as YAML", () => {
    const { problems } = checkDocument(built);
    assert.deepEqual(problems.map(printProblem), []);
    assert.deepEqual(built.tasks?.charge, {
      uses: "pay.charge",
      needs: ["reserve"],
      when: "${{ input.total > 0 && tasks.reserve.output.ok }}",
      timeout: "30s",
    });
    assert.deepEqual(built.tasks?.reserve.with, {
      items: "${{ input.items }}",
      first: '${{ input.items[0]["gift-note"] }}',
    });
    assert.equal(
      Object(built.tasks?.invoice.with).text,
      'Order ${{ input.id }}: $${{ ${{ "$" }}${{ input.total }}',
    );
    assert.deepEqual(built.tasks?.sum.set, { total: "${{ input.total * 1.19 }}", list: [] });
    assert.deepEqual(built.output, { shipped: "${{ tasks.ship.output }}" });
  });

  it("has the hash of the same definition in YAML", () => {
    const yaml =
      'workflow: w\ntasks:\n  a: {uses: x, with: {n: "${{ input.n }}"}}\n  b: {needs: [a], wait: 5m}';
    const same = workflow("w", {
      tasks: { a: uses("x", { with: { n: input<{ n: number }>().n } }), b: wait("5m", { needs: ["a"] }) },
    });
    assert.equal(checkDocument(same).definition?.hash, definitionOf(yaml).hash);
  });

  it("knows the names of tasks and the options of kinds when it is compiled", () => {
    workflow("w", {
      tasks: {
        a: uses("x"),
        // @ts-expect-error there is no task `c`
        b: uses("x", { needs: ["c"] }),
      },
    });
    // @ts-expect-error a wait is not tried again
    wait("5m", { retry: 3 });
    // @ts-expect-error an order has no such field
    void order.totl;
  });

  it("reports the path of an error that the compiler cannot find", () => {
    const { problems } = checkDocument(
      workflow("w", { tasks: { a: uses("x", { when: cel`${order.total} + 1` }) } }),
    );
    assert.deepEqual(problems.map(printProblem), []);
    const wrong = checkDocument(workflow("w", { tasks: { a: uses("X x") } }));
    assert.deepEqual(
      wrong.problems.map(({ path, line }) => [path, line]),
      [["tasks.a.uses", 0]],
    );
  });
});
