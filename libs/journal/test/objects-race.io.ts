import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { serverConfiguration } from "./jetstream.fixture.ts";
import { archiveRace } from "./objects-race.fixture.ts";

const program = await natsServerProgram();

describe("two owners of a partition's archive in NATS", { skip: program.skip }, () => {
  it("follow one another, and data of the newer one is never replaced", async () => {
    await using server = await startNatsServer({ configuration: serverConfiguration });
    const { rounds, acknowledged, lateRefused } = await archiveRace({
      servers: [server.address],
      replicas: 1,
      rounds: 60,
      seed: 1,
      cutMs: 100,
    });
    assert.equal(lateRefused, rounds - 1);
    assert.ok(acknowledged > rounds);
  });
});
