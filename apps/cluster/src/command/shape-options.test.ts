import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { usualShape } from "../plan/shape.ts";
import { countsIn, frontPortOf, shapeWith } from "./shape-options.ts";

describe("the port of a cluster", () => {
  const last = { services: { "gateway-1": { http: 7_960, grpc: 7_961 } } };

  it("is the requested one, then that of the last start, then 7400", () => {
    assert.equal(frontPortOf("7500", last), 7_500);
    assert.equal(frontPortOf(undefined, last), 7_960);
    assert.equal(frontPortOf(undefined, undefined), 7_400);
  });
});

describe("the words for a shape", () => {
  it("change the named counts and keep the others", () => {
    const shape = shapeWith(usualShape, { ...countsIn(["workflow=3", "swarm=1"]), nats: "1" });
    assert.deepEqual(shape, {
      ...usualShape,
      nats: 1,
      processes: { ...usualShape.processes, workflow: 3, swarm: 1 },
    });
  });

  for (const [arg, message] of [
    ["workflow", /Expected a service and a number.*got `workflow`\. Correct/],
    ["nobody=3", /services are registry.*got `nobody=3`\. Correct/],
    ["workflow=0", /workflow to be a number from 1 to 64, got `0`\./],
    ["insight=2", /insight to be a number from 0 to 1, got `2`\./],
    ["workflow=two", /got `two`\./],
    ["workflow=1e1", /got `1e1`\./],
    ["workflow=", /got ``\. Correct/],
  ] as const)
    it(`refuses ${arg}, and names the expected form`, () => {
      assert.throws(() => shapeWith(usualShape, countsIn([arg])), message);
    });

  it("refuses an even number of NATS servers: half of them could not decide", () => {
    assert.throws(() => shapeWith(usualShape, { nats: "2" }), /Expected 1, 3 or 5 NATS servers, got `2`/);
  });
});
