import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missionService, SignalMissionRequest, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { KeptHost } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

describe("a mission that is signalled", () => {
  it("names the event that records each signal, once per key", async () => {
    await using kept = await KeptHost.open({ name: "swarm", services: [swarm], transport: "in-process" });
    const missions = kept.host.mesh.client(missionService);
    const missionId = "signalled";
    const tasks = [{ id: "a", work: { $case: "capability", value: "test.nobody" } as const }];
    await missions.startMission(
      StartMissionRequest.fromPartial({ missionId, what: { $case: "spec", value: { tasks } } }),
    );
    const tell = async (idempotencyKey: string): Promise<number> => {
      const request = { missionId, signal: "weather", idempotencyKey };
      return (await missions.signalMission(SignalMissionRequest.fromPartial(request))).event;
    };
    // At the same time: neither may take the record of the other for its own.
    const [one, two] = await Promise.all([tell("one"), tell("two")]);
    assert.equal(new Set([one, two]).size, 2);
    assert.deepEqual(await Promise.all([tell("two"), tell("one")]), [two, one]);
  });
});
