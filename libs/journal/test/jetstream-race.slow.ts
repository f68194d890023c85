import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram, startNatsCluster } from "@tutti/nats/testing";
import { serverConfiguration } from "./jetstream.fixture.ts";
import { race } from "./jetstream-race.fixture.ts";

const program = await natsServerProgram();
const roundsEach = Number(process.env["TUTTI_RACE_ROUNDS"] ?? "750");
const seed = Number(process.env["TUTTI_RACE_SEED"] ?? "1");

describe("two owners of a partition on JetStream at R3", { skip: program.skip }, () => {
  it("are never both right while leaders step down and connections are cut", async (test) => {
    await using cluster = await startNatsCluster({ configuration: serverConfiguration });
    const servers = cluster.map((server) => server.address);
    const trouble = { stepDownMs: 400, cutMs: 400 };
    const options = { servers, replicas: 3, partitions: 4, longRounds: 15, trouble, seed };
    const result = await race({ ...options, roundsEach });
    test.diagnostic(JSON.stringify(result));
    console.log(JSON.stringify(result));
    assert.equal(result.rounds, 4 * roundsEach);
    assert.ok(result.acknowledged > result.rounds);
  });
});
