import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { DueEffect } from "../api.ts";
import { OutstandingEffects } from "./outstanding-effects.ts";

function effect(number: number, attempt: number): DueEffect {
  // The cast: only the token of an effect is read here.
  return { token: { partition: 0, incarnation: 1, number, attempt } } as DueEffect;
}

const step = fc.record({
  what: fc.constantFrom("set", "set", "delete", "clear"),
  number: fc.integer({ min: 1, max: 4 }),
});

describe("outstanding effects", () => {
  it("behave like a map, for any additions and removals", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const effects = new OutstandingEffects<DueEffect>();
        const model = new Map<number, DueEffect>();
        for (const [attempt, { what, number }] of steps.entries()) {
          if (what === "set") {
            const dueEffect = effect(number, attempt);
            effects.set(dueEffect);
            model.set(number, dueEffect);
          } else if (what === "delete") {
            effects.delete(number);
            model.delete(number);
          } else if (number === 1) {
            effects.clear();
            model.clear();
          }
          assert.equal(effects.size, model.size);
          assert.deepEqual([...effects], [...model.values()]);
          for (const effectNumber of [1, 2, 3, 4])
            assert.equal(effects.get(effectNumber), model.get(effectNumber));
        }
      }),
    );
  });
});
