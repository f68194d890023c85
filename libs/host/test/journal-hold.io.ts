import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Scope } from "@tutti/contracts/governance/v1";
import { ReadJournalRequest, runtimeService } from "@tutti/contracts/runtime/v1";
import { localAdministrator, memorySources, type Principal } from "@tutti/kernel";
import { testContext } from "@tutti/kernel/testing";
import { type HostContext, ServiceHost, type ServiceModule } from "../src/index.ts";
import { idleBank } from "./storage.fixture.ts";

const journal = { service: "bank", partition: 0 };
const visitor: Principal = {
  ...localAdministrator,
  credential: { id: "key-1", namespace: "", groups: [], scope: Scope.create() },
};

describe("a journal that a reader holds", () => {
  it("may be cut behind the position of its reader, unless that is a caller from outside", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-kept-"));
    let holds: HostContext["holds"] | undefined;
    const bank: ServiceModule = {
      ...idleBank,
      create(host) {
        holds = host.holds;
        holds.hold();
        return idleBank.create(host);
      },
    };
    const flags = ["--operations.port=0", "--mesh.transport=in-process", "--access.enforce=false"];
    const host = await ServiceHost.open({
      ...{ name: "bank", version: "0.1.0", services: [bank], dataDirectory: () => directory },
      sources: memorySources({ arguments: [...flags, "--log.level=fatal"] }),
    });
    await host.start();
    const client = host.mesh.client(runtimeService, { service: "bank" });
    const read = async (request: Partial<ReadJournalRequest>, principal: Principal): Promise<void> => {
      const options = { context: testContext({ principal }) };
      for await (const _ of client.readJournal(ReadJournalRequest.fromPartial(request), options));
    };
    try {
      assert.equal(holds?.neededFrom(journal), 1);
      await read({ afterBatch: 1 }, localAdministrator);
      await read({ afterBatch: 1, kept: true }, visitor);
      assert.equal(holds?.neededFrom(journal), 1);
      await read({ afterBatch: 1, kept: true }, localAdministrator);
      assert.equal(holds?.neededFrom(journal), 2);
    } finally {
      await host.stop();
      await rm(directory, { recursive: true });
    }
  });
});
