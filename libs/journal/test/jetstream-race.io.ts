import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { serverConfiguration } from "./jetstream.fixture.ts";
import { race } from "./jetstream-race.fixture.ts";

const program = await natsServerProgram();

describe("two owners of a partition on JetStream", { skip: program.skip }, () => {
  it("are never both right, and lose no acknowledged batch of either", async () => {
    await using server = await startNatsServer({ configuration: serverConfiguration });
    const servers = [server.address];
    const options = { servers, replicas: 1, partitions: 2, trouble: { cutMs: 100 }, seed: 1 };
    const { rounds, acknowledged } = await race({ ...options, roundsEach: 15, longRounds: 20 });
    assert.equal(rounds, 30);
    assert.ok(acknowledged > 30);
  });
});
