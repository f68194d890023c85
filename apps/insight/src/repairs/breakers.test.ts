import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, Instance, SetBreakerReply, type SetBreakerRequest } from "@tutti/contracts/registry/v1";
import { testContext } from "@tutti/kernel/testing";
import { insightErrors } from "../errors.ts";
import { planBreaker, setBreakers, unwellInstances } from "./breakers.ts";

const { HEALTH_STATE_READY, HEALTH_STATE_DEGRADED, HEALTH_STATE_NOT_READY } = HealthState;

const instanceOf = (id: string, service: string, overrides: Partial<Instance> = {}) =>
  Instance.fromPartial({
    ...{ id, service, address: `10.0.0.${id.length}:7501`, health: { state: HEALTH_STATE_READY } },
    ...overrides,
  });

function registryOf(...instances: readonly Instance[]) {
  const requests: SetBreakerRequest[] = [];
  return {
    requests,
    findInstances: async () => ({ instances: [...instances], page: undefined, complete: true }),
    setBreaker: async (request: SetBreakerRequest) => {
      requests.push(request);
      if (!instances.some(({ id }) => id === request.instanceId))
        throw insightErrors.repairSubjectMissing({ what: "Instance", name: request.instanceId });
      return SetBreakerReply.fromPartial({});
    },
  };
}

describe("breakers as a repair", () => {
  const process = [instanceOf("a", "workflow"), instanceOf("b", "swarm")];
  const others = [instanceOf("cc", "workflow"), instanceOf("dd", "swarm")];
  const requestOf = (subject: string, undo = false) => ({ subject, undo });

  it("are opened for an instance by its id, and for a process by its address", async () => {
    const registry = registryOf(...process, ...others);
    const single = await planBreaker(registry, requestOf("a"), testContext());
    assert.deepEqual([single.instances, single.count], [["a"], 1]);
    assert.equal(
      single.summary,
      "Opens the breaker of workflow at 10.0.0.1:7501. Calls that 1 other instance can serve keep away.",
    );
    const all = await planBreaker(registry, requestOf("10.0.0.1:7501"), testContext());
    assert.deepEqual(all.instances, ["a", "b"]);
  });

  it("are not opened if no other instance takes the calls", async () => {
    const states = [
      { health: { state: HEALTH_STATE_NOT_READY, reason: "" } },
      { openBreaker: "bad disk" },
      { service: "swarm" },
      { address: "" },
    ];
    for (const state of states) {
      const registry = registryOf(instanceOf("a", "workflow"), instanceOf("cc", "workflow", state));
      await assert.rejects(planBreaker(registry, requestOf("a"), testContext()), (thrown: unknown) => {
        assert.ok(insightErrors.repairUnfit.is(thrown));
        assert.match(thrown.message, /another instance of workflow that takes calls/);
        return true;
      });
    }
    await assert.rejects(planBreaker(registryOf(...process), requestOf("x"), testContext()), /`x` not found/);
  });

  it("are closed by the undo, which counts only open breakers", async () => {
    const open = instanceOf("a", "workflow", { openBreaker: "bad disk" });
    const plan = await planBreaker(registryOf(open), requestOf("a", true), testContext());
    assert.deepEqual([plan.instances, plan.count], [["a"], 1]);
    const closed = await planBreaker(registryOf(...process), requestOf("a", true), testContext());
    assert.equal(closed.count, 0);
  });

  it("are set on the other instances if one of them has ended", async () => {
    const registry = registryOf(instanceOf("a", "workflow"));
    const change = { instances: ["gone", "a"], open: true, reason: "bad disk" };
    await setBreakers(registry, change, testContext());
    assert.deepEqual(
      registry.requests.map(({ instanceId, open, reason }) => [instanceId, open, reason]),
      change.instances.map((id) => [id, true, "bad disk"]),
    );
  });

  it("are suggested for a failing instance if another instance works", async () => {
    const ill = { health: { state: HEALTH_STATE_DEGRADED, reason: "" } };
    const registry = registryOf(
      ...[instanceOf("a", "workflow", ill), instanceOf("cc", "workflow"), instanceOf("b", "swarm", ill)],
      instanceOf("ee", "workflow", { ...ill, openBreaker: "bad disk" }),
    );
    assert.deepEqual(
      (await unwellInstances(registry, testContext())).map(({ id }) => id),
      ["a"],
    );
  });
});
