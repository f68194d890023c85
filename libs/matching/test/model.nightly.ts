import { describe, it } from "node:test";
import fc from "fast-check";
import { Story, steps } from "./story.ts";

describe("a pool beside its model, for longer", () => {
  it("assigns what may be assigned, leaves nothing that could be, and loses nothing", () => {
    fc.assert(
      fc.property(
        fc.array(steps, { minLength: 40, maxLength: 200, size: "max" }),
        fc.integer(),
        (told, seed) => {
          const story = new Story(seed);
          for (const step of told) story.tell(step);
          story.turn();
          story.end();
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
