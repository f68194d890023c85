import assert from "node:assert/strict";
import { it } from "node:test";
import { Values } from "../../command/values.ts";
import { platformArgs } from "./dev.ts";

it("the platform gets the port and a pause of this start", () => {
  const values = new Values(
    new Map(),
    new Map([
      ["port", ["auto"]],
      ["paused", ["true"]],
    ]),
  );
  assert.deepEqual(platformArgs(values, 0), [
    "--port=auto",
    "--durable.pause=paused-1970-01-01T00:00:00.000Z",
  ]);
  assert.deepEqual(platformArgs(new Values(new Map(), new Map()), 0), []);
});
