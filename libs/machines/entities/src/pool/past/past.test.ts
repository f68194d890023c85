import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotedScaling, Scaler } from "@tutti/contracts/swarm/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { poolKey } from "../../testing/pool.ts";
import {
  contents,
  createScaler,
  deletePool,
  deleteScaler,
  noteScalings,
  type PoolView,
  pool,
} from "../index.ts";
import { arrivalsMax, notedMax, scalingsMax } from "../limits.ts";

const key = poolKey("gpu");
const webhook = { $case: "webhook" as const, value: { url: "https://agents.example/scale" } };

function scaled(): MachineDriver {
  const driver = new MachineDriver({ machines: [pool], service: "swarm" });
  driver.execute(key, createScaler, { scaler: Scaler.fromPartial({ scalerId: "crew", driver: webhook }) });
  return driver;
}

const decided = (wanted: number, scalerId = "crew") =>
  NotedScaling.fromPartial({ scalerId, scaling: { before: wanted - 1, wanted, reason: "tasks wait" } });
const nothing = { scalings: [], crashes: [], arrivals: [] };
const pastOf = (driver: MachineDriver) =>
  (driver.query(key, contents, undefined) as PoolView).pasts.get("crew");

describe("the history of scalers", () => {
  it("keeps the latest decisions, and changes no revision", () => {
    const driver = scaled();
    const { changes } = driver.query(key, contents, undefined) as PoolView;
    for (let wanted = 1; wanted <= scalingsMax + 5; wanted++)
      driver.execute(key, noteScalings, { ...nothing, scalings: [decided(wanted)] });
    const scalings = pastOf(driver)?.scalings ?? [];
    assert.deepEqual([scalings.length, scalings.at(-1)?.wanted], [scalingsMax, scalingsMax + 5]);
    assert.equal((driver.query(key, contents, undefined) as PoolView).changes, changes);
  });

  it("has crashes while they are in a row, and none of agents that are well", () => {
    const driver = scaled();
    const crash = (agentId: string, crashes: number) => ({
      scalerId: "crew",
      agentId,
      crashes,
      how: `exit ${crashes}`,
    });
    driver.execute(key, noteScalings, { ...nothing, crashes: [crash("crew-1", 1), crash("crew-2", 2)] });
    driver.execute(key, noteScalings, { ...nothing, crashes: [crash("crew-1", 0), crash("crew-2", 3)] });
    assert.deepEqual([...(pastOf(driver)?.crashes ?? [])], [["crew-2", { count: 3, how: "exit 3" }]]);
  });

  it("has all arrivals, as the sum of the reports of several owners, with gaps without an owner", () => {
    const driver = scaled();
    const arrive = (stretch: number, tasks: number) =>
      driver.execute(key, noteScalings, { ...nothing, arrivals: [{ scalerId: "crew", stretch, tasks }] });
    arrive(1_000, 5);
    arrive(1_000, 2);
    arrive(1_003, 1);
    arrive(999, 9);
    assert.deepEqual(pastOf(driver)?.arrivals, [7, -1, -1, 1]);
    arrive(1_000 + arrivalsMax, 4);
    assert.deepEqual([pastOf(driver)?.arrivals.length, pastOf(driver)?.firstStretch], [arrivalsMax, 1_001]);
    arrive(1_000 + 3 * arrivalsMax, 8);
    assert.deepEqual(
      [pastOf(driver)?.arrivals, pastOf(driver)?.firstStretch],
      [[8], 1_000 + 3 * arrivalsMax],
    );
  });

  it("is removed with its scaler or pool, and is not recorded for an unknown scaler", () => {
    const driver = scaled();
    driver.execute(key, noteScalings, { ...nothing, scalings: [decided(1), decided(1, "other")] });
    assert.deepEqual([...(driver.query(key, contents, undefined) as PoolView).pasts.keys()], ["crew"]);
    driver.execute(key, deleteScaler, { scalerId: "crew" });
    assert.equal(pastOf(driver), undefined);
    driver.execute(key, createScaler, { scaler: Scaler.fromPartial({ scalerId: "crew", driver: webhook }) });
    driver.execute(key, noteScalings, { ...nothing, scalings: [decided(1)] });
    driver.execute(key, deletePool, {});
    assert.equal(pastOf(driver), undefined);
  });

  it("is rejected if one report exceeds the maximum", () => {
    const scalings = Array.from({ length: notedMax + 1 }, () => decided(1));
    assert.ok(isRefusal(scaled().execute(key, noteScalings, { ...nothing, scalings })));
  });
});
