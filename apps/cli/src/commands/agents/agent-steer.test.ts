import assert from "node:assert/strict";
import { it } from "node:test";
import { heldText } from "./agent-steer.ts";

it("a resume or release that leaves another hold names it, with the command that ends it", () => {
  assert.equal(heldText({ agentId: "a", hold: "none" }), "");
  assert.equal(
    heldText({ agentId: "a", hold: "paused" }),
    "a is still paused, and gets no tasks. End this: tutti agent resume a",
  );
  assert.equal(
    heldText({ agentId: "a", hold: "quarantined" }),
    "a is still quarantined, and gets no tasks. End this: tutti agent release a",
  );
});
