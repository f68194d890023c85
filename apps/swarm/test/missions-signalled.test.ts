import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missionService, SignalMissionRequest, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { RestartableHost } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

describe("a mission that is signalled", () => {
  it("names the event that records each signal, once per key", async () => {
    await using restartable = await RestartableHost.open({
      name: "swarm",
      services: [swarm],
      transport: "in-process",
    });
    const missions = restartable.host.mesh.client(missionService);
    const missionId = "signalled";
    const tasks = [{ id: "a", work: { $case: "capability", value: "test.nobody" } as const }];
    await missions.startMission(
      StartMissionRequest.fromPartial({ missionId, what: { $case: "spec", value: { tasks } } }),
    );
    const signal = async (idempotencyKey: string): Promise<number> => {
      const request = { missionId, signal: "weather", idempotencyKey };
      return (await missions.signalMission(SignalMissionRequest.fromPartial(request))).event;
    };
    // At the same time: neither may take the record of the other for its own.
    const [first, two] = await Promise.all([signal("one"), signal("two")]);
    assert.equal(new Set([first, two]).size, 2);
    assert.deepEqual(await Promise.all([signal("two"), signal("one")]), [two, first]);
  });
});
