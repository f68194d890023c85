import assert from "node:assert/strict";
import { it } from "node:test";
import { Values } from "../../command/values.ts";
import { platformArgs } from "./dev.ts";

it("dev passes the port, a pause of this start, and the workflow files of the folder", () => {
  const values = new Values(
    new Map(),
    new Map([
      ["port", ["auto"]],
      ["paused", ["true"]],
    ]),
  );
  assert.deepEqual(platformArgs(values, 0), [
    "--port=auto",
    "--platform.workflows=.",
    "--durable.pause=paused-1970-01-01T00:00:00.000Z",
  ]);
  assert.deepEqual(platformArgs(new Values(new Map(), new Map()), 0), ["--platform.workflows=."]);
});
