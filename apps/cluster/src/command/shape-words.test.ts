import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { usualShape } from "../plan/shape.ts";
import { countsIn, shapeWith } from "./shape-words.ts";

describe("the words for a shape", () => {
  it("change what they name and leave the rest", () => {
    const shape = shapeWith(usualShape, { ...countsIn(["workflow=3", "swarm=1"]), nats: "1" });
    assert.deepEqual(shape, {
      ...usualShape,
      nats: 1,
      processes: { ...usualShape.processes, workflow: 3, swarm: 1 },
    });
  });

  for (const [words, told] of [
    ["workflow", /expected a service and a number.*found workflow$/],
    ["nobody=3", /services are registry.*found nobody=3$/],
    ["workflow=0", /expected workflow to be a number from 1 to 64, found 0/],
    ["workflow=two", /found two/],
    ["workflow=1e1", /found 1e1/],
    ["workflow=", /found $/],
  ] as const)
    it(`refuses ${words}, and says what is expected`, () => {
      assert.throws(() => shapeWith(usualShape, countsIn([words])), told);
    });

  it("refuses an even number of NATS servers: half of them could not decide", () => {
    assert.throws(() => shapeWith(usualShape, { nats: "2" }), /expected 1, 3 or 5 NATS servers, found 2/);
  });
});
