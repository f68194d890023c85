import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram } from "@tutti/nats/testing";
import { raceForJournals } from "./clusters.fixture.ts";

const program = await natsServerProgram();
/** Thousands: `npm run race`. */
const rounds = 200;

describe("two owners of a partition on JetStream at R3", { skip: program.skip }, () => {
  it("are never both right while leaders step down and connections are cut", async (test) => {
    const result = await raceForJournals(rounds, 1);
    test.diagnostic(JSON.stringify(result));
    assert.equal(result.rounds, rounds);
    assert.ok(result.acknowledged > rounds);
  });
});
