import { describe, it } from "node:test";
import fc from "fast-check";
import { Story, steps } from "./story.ts";

describe("a pool compared with its model, for longer", () => {
  it("assigns every task that can be assigned and no other, and loses nothing", () => {
    fc.assert(
      fc.property(
        fc.array(steps, { minLength: 40, maxLength: 200, size: "max" }),
        fc.integer(),
        (operations, seed) => {
          const story = new Story(seed);
          for (const step of operations) story.apply(step);
          story.turn();
          story.finish();
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
