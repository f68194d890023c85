import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import { serverConfiguration } from "./jetstream.fixture.ts";
import { archiveRace } from "./objects-race.fixture.ts";

const program = await natsServerProgram();
const rounds = Number(process.env["TUTTI_RACE_ROUNDS"] ?? "3000");
const seed = Number(process.env["TUTTI_RACE_SEED"] ?? "1");

describe("two owners of a partition's archive in NATS at R3", { skip: program.skip }, () => {
  it("follow one another while leaders step down and connections are cut", async (test) => {
    await using cluster = await startNatsCluster({ configuration: serverConfiguration });
    const servers = cluster.map((server) => server.address);
    const result = await archiveRace({ servers, replicas: 3, rounds, seed, stepDownMs: 500, cutMs: 400 });
    test.diagnostic(JSON.stringify(result));
    console.log(JSON.stringify(result));
    assert.ok(result.acknowledged > rounds);
  });
});
