import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { readyz } from "./support/operations.ts";
import { OutsideClient } from "./support/outside-client.ts";
import { registriesAt, start, usingNats } from "./support/services.ts";

const program = await natsServerProgram();
const { findInstances } = registryService.methods;
const ofNotes = { service: "notes", capability: undefined, labels: undefined, health: [], page: undefined };

describe("a service that knows two registries over one NATS", { skip: program.skip }, () => {
  it("continues with the other when its registry is killed", async () => {
    await using server = await startNatsServer();
    const flags = usingNats(server.address);
    await using one = await start("registry", flags);
    await using other = await start("registry", flags);
    using atOther = new OutsideClient(other.grpc);
    await using notes = await start("notes", [registriesAt(one, other)]);
    const renewedAt = async () => {
      const { instances } = await atOther.call(findInstances, ofNotes);
      const { seconds, nanos } = instances[0]?.renewTime ?? {};
      return seconds === undefined ? "" : `${seconds} s and ${nanos} ns`;
    };
    await until("the notes to be registered", renewedAt);

    await one.kill();
    const before = await renewedAt();
    await until("the notes to be renewed", renewedAt, (at) => at !== before);

    assert.equal((await readyz(notes.http)).status, 200);
  });
});
