import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ContainerDriver } from "@tutti/contracts/swarm/v1";
import { testFoundation } from "@tutti/kernel/testing";
import { scalingErrors } from "../../errors.ts";
import { Containers, type ContainersParts } from "./containers.ts";

describe("containers of an earlier process", () => {
  it("are listed again after the engine refused to list them", async () => {
    const foundation = testFoundation();
    let calls = 0;
    const engine = {
      socket: "/run/engine.sock",
      async list() {
        if (++calls === 1)
          throw scalingErrors.engineRefused({ socket: "/run/engine.sock", reason: "status 500" });
        return [];
      },
    } as unknown as ContainersParts["engine"];
    const containers = new Containers({
      ...{ engine, scalerId: "crew", ownerId: "owner", foundation },
      settings: ContainerDriver.create(),
      allowed: { network: "host" } as ContainersParts["allowed"],
      agentPool: { address: "127.0.0.1:1", namespace: "default", pool: "gpu", accessToken: "" },
    });
    assert.deepEqual(await foundation.time.settle(containers.earlier(() => true)), []);
    assert.equal(calls, 2);
  });
});
