import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callOperation } from "./adapter.ts";
import { adapterProblems } from "./conformance.ts";
import { objectAdapter } from "./object.ts";

class Planner {
  isBusy = false;
  readonly #factor = 2;

  plan(stops: readonly number[], from: number): readonly number[] {
    if (stops.length === 0) throw new Error("nothing to plan");
    return stops.map((stop) => stop * this.#factor + from);
  }
  async count({ of }: { readonly of: readonly number[] }): Promise<number> {
    return of.length;
  }
}

describe("an object as an adapter", () => {
  const planner = new Planner();
  const adapter = objectAdapter(planner, {
    name: "planner",
    operations: {
      plan: {
        method: "plan",
        parameters: ["stops", "from"],
        input: { type: "object", required: ["stops"], properties: { stops: { type: "array" } } },
      },
      count: { method: "count", repeat: "safe" },
    },
    check: ({ isBusy }) => {
      if (isBusy) throw new Error("the planner is busy");
    },
  });
  const call = (signal = new AbortController().signal) => ({
    ...{ idempotencyKey: "run-1/plan", signal, secret: async () => "" },
  });
  const run = (name: string, input: unknown) => {
    const operation = adapter.operations[name];
    assert.ok(operation);
    return callOperation(`planner.${name}`, operation, input, call());
  };

  it("calls its methods with the input, or with members of it", async () => {
    assert.deepEqual(await run("plan", { stops: [1, 2], from: 5 }), [7, 9]);
    assert.equal(await run("count", { of: [1, 2] }), 2);
    await assert.rejects(run("plan", { from: 5 }), { code: "adapter.input_invalid" });
  });

  it("fails for good if a method that may not be repeated throws, and passes its check on", async () => {
    await assert.rejects(run("plan", { stops: [], from: 1 }), {
      code: "adapter.outcome_unknown",
      message: /nothing to plan/,
    });
    planner.isBusy = true;
    await assert.rejects(adapter.check(call()), /the planner is busy/);
    planner.isBusy = false;
    await adapter.check(call());
  });

  it("follows the adapter rules, and rejects a member that is not a method", async () => {
    const samples = { plan: { input: { stops: [1], from: 1 } }, count: { input: { of: [] } } };
    assert.deepEqual(await adapterProblems(adapter, { samples }), []);
    const operations = { plan: { method: "isBusy" as never } };
    assert.throws(() => objectAdapter(planner, { name: "planner", operations }), { code: "adapter.invalid" });
  });
});
