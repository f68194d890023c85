import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sleep } from "../ports/timers.ts";
import { testFoundation } from "../testing/index.ts";
import type { ComponentContext } from "./component.ts";
import { Orchestrator } from "./orchestrator.ts";

/** Outcome of one phase of a component: success, an error, or no end. It ignores or observes its signal. */
const conduct = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 5, 20, 200),
  outcome: fc.constantFrom("well", "well", "well", "error", "endless"),
  heeds: fc.boolean(),
});
type Conduct = typeof conduct extends fc.Arbitrary<infer T> ? T : never;

const plan = fc.record({
  components: fc.array(
    fc.record({ start: conduct, drain: conduct, stop: conduct, critical: fc.boolean(), stays: fc.boolean() }),
    { minLength: 1, maxLength: 5 },
  ),
  /** Times of stop requests, from the start on, and whether there is an orchestrator around it. */
  stopAtMs: fc.array(fc.constantFrom(0, 1, 3, 10, 30, 150, 500), { maxLength: 2 }),
  failAt: fc.option(fc.record({ index: fc.nat(4), atMs: fc.constantFrom(0, 1, 4, 25, 60, 300) })),
  nested: fc.boolean(),
});

describe("the lifecycle under anything that components and callers do", () => {
  it("stops every started component in reverse order, and ends with a reason", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ components, stopAtMs, failAt, nested }) => {
        const foundation = testFoundation();
        const { time } = foundation;
        const inner = new Orchestrator("inner", foundation, {
          startTimeoutMs: 50,
          drainTimeoutMs: 40,
          stopTimeoutMs: 30,
        });
        const started: string[] = [];
        const stopped: string[] = [];
        const contexts: ComponentContext[] = [];
        const act = async ({ afterMs, outcome, heeds }: Conduct, signal: AbortSignal) => {
          if (afterMs > 0) await sleep(foundation.timers, afterMs, heeds ? signal : undefined);
          if (outcome === "error") throw new Error("broken");
          if (outcome === "endless") await sleep(foundation.timers, 1e9, heeds ? signal : undefined);
        };
        components.forEach(({ start, drain, stop, critical, stays }, index) => {
          const name = `c${index}`;
          const component = {
            start: async (context: ComponentContext) => {
              contexts[index] = context;
              await act(start, context.signal);
              started.push(name);
            },
            drain: (signal: AbortSignal) => act(drain, signal),
            stop: (signal: AbortSignal) => {
              stopped.push(name);
              return act(stop, signal);
            },
          };
          inner.register(name, component, { critical, whenFailed: stays ? "stay" : "stop" });
        });
        const outer = nested ? new Orchestrator("outer", foundation) : inner;
        if (nested) outer.register("inner", inner);
        const states: string[] = [];
        inner.on("stateChanged", ({ to }) => states.push(to.state));
        const ready = outer.start();
        ready.catch(() => {});
        for (const atMs of stopAtMs) time.after(atMs, () => void outer.stop().catch(() => {}));
        if (failAt !== null) time.after(failAt.atMs, () => contexts[failAt.index]?.fail(new Error("gone")));
        await time.advanceAsync(2_000);
        await time.settle(outer.stop().catch(() => {}));
        await time.advanceAsync(2_000);

        assert.ok(["stopped", "failed"].includes(inner.state), `it is ${inner.state}`);
        assert.ok(["stopped", "failed"].includes(outer.state), `it is ${outer.state}`);
        assert.deepEqual([...stopped].sort(), [...new Set(stopped)].sort(), "each is stopped once");
        assert.deepEqual(
          [...stopped].sort(),
          [...started].sort(),
          "what started is stopped, and nothing else",
        );
        const inTime = started.filter((name) => !late(components[Number(name.slice(1))]));
        assert.deepEqual(
          stopped.filter((name) => inTime.includes(name)),
          inTime.toReversed(),
          "in reverse",
        );
        assert.equal(new Set(states).size, states.length, "no state is entered twice");
        if (inner.lifecycle.state === "failed") assert.notEqual(inner.lifecycle.reason.message, "");
        const [draining] = (await inner.health()).reason.match(/draining/) ?? [];
        assert.equal(draining, undefined);
      }),
      { numRuns: 300 },
    );
  });
});

/** Its start may end after its timeout. It is then stopped by itself. */
function late(component: { readonly start: Conduct } | undefined): boolean {
  return component === undefined || component.start.afterMs > 0;
}
