import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram } from "@tutti/nats/testing";
import { raceForArchives } from "./clusters.fixture.ts";

const program = await natsServerProgram();
/** Thousands: `npm run race`. */
const rounds = 200;

describe("two owners of a partition's archive in NATS at R3", { skip: program.skip }, () => {
  it("follow one another while leaders step down and connections are cut", async (test) => {
    const result = await raceForArchives(rounds, 1);
    test.diagnostic(JSON.stringify(result));
    assert.ok(result.acknowledged > rounds);
  });
});
