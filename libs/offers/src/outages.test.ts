import assert from "node:assert/strict";
import { it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { Outages } from "./outages.ts";

it("a pool that does not exist is named as that, with the command that creates it", () => {
  const outages = new Outages();
  const error = new TuttiError({
    code: "swarm.pool_unknown",
    status: "NOT_FOUND",
    message: "Pool not found",
  });
  outages.record(error, "gpu", 1_000);
  const [outage] = outages.since(0, 2_000);
  assert.equal(outage?.message, "the pool gpu does not exist in the namespace");
  assert.match(outage?.remedy ?? "", /`tutti pool create gpu`/);
});
