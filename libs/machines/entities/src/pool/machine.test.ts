import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import { Hook, HookMoment, Pool, PoolLimit, Scaler } from "@tutti/contracts/swarm/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { poolKey } from "../testing/pool.ts";
import {
  contents,
  createHook,
  createPool,
  createScaler,
  deleteHook,
  deletePool,
  deleteScaler,
  holdAgent,
  pausePool,
  pool,
  releaseAgent,
  reserveStarts,
  resumePool,
  setPoolLimit,
  updateHook,
  updatePool,
} from "./index.ts";
import { hooksMax } from "./limits.ts";

const key = poolKey("gpu");
const gpu = Pool.fromPartial({ pool: "gpu", maxQueued: 10, labels: { b: "2", a: "1" } });
const hook = Hook.fromPartial({
  hookId: "urgent",
  moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
  action: { $case: "rule", value: { verdict: { priority: "10" } } },
});

const newDriver = () => new MachineDriver({ machines: [pool], service: "swarm" });

function contentsOf(driver: MachineDriver) {
  const found = driver.query(key, contents, undefined);
  assert.ok(!isRefusal(found));
  return found;
}

function refused(answer: unknown): string {
  assert.ok(isRefusal(answer));
  return answer.message;
}

describe("a stored pool", () => {
  it("is created once, and a repeated request changes nothing, for any order of labels", () => {
    const driver = newDriver();
    assert.deepEqual(driver.execute(key, createPool, { pool: gpu }), {
      revision: 1,
      existed: false,
      removed: false,
    });
    const same = { ...gpu, labels: { a: "1", b: "2" }, revision: "9", paused: false };
    assert.deepEqual(driver.execute(key, createPool, { pool: same }), {
      revision: 1,
      existed: true,
      removed: false,
    });
    assert.equal(
      refused(driver.execute(key, createPool, { pool: { ...gpu, maxQueued: 11 } })),
      "Pool `gpu` already exists with another specification. Update the existing one, or choose another name.",
    );
  });

  it("accepts an update with the current revision or with unchanged values", () => {
    const driver = newDriver();
    driver.execute(key, createPool, { pool: gpu });
    const updated = { ...gpu, maxQueued: 20 };
    assert.deepEqual(driver.execute(key, updatePool, { pool: updated, revision: 1 }), {
      revision: 2,
      existed: false,
      removed: false,
    });
    assert.deepEqual(driver.execute(key, updatePool, { pool: updated, revision: 1 }), {
      revision: 2,
      existed: false,
      removed: false,
    });
    assert.equal(
      refused(driver.execute(key, updatePool, { pool: gpu, revision: 1 })),
      "Pool `gpu` is at revision 2, not 1. Read the current revision and retry.",
    );
  });

  it("that was never created can be changed, paused and limited as it is", () => {
    const driver = newDriver();
    driver.execute(key, setPoolLimit, { limit: PoolLimit.fromPartial({ key: "api", maxConcurrent: 1 }) });
    driver.execute(key, pausePool, { reason: "maintenance" });
    assert.equal(contentsOf(driver).settings, undefined);
    driver.execute(key, updatePool, { pool: gpu, revision: 0 });
    assert.equal(contentsOf(driver).settings?.value.maxQueued, 10);
  });

  it("records the cause of its pause, and resumes slowly on request", () => {
    const driver = newDriver();
    driver.execute(key, pausePool, { reason: "maintenance" });
    const { pause } = contentsOf(driver);
    assert.deepEqual([pause.paused, pause.reason], [true, "maintenance"]);
    assert.ok(pause.since?.cause !== undefined);
    const slowStart = { count: 5, perMs: 1_000, burst: 1 };
    driver.execute(key, resumePool, { slowStart, slowStartMs: 30_000 });
    assert.deepEqual(
      [contentsOf(driver).pause.paused, contentsOf(driver).pause.slowUntilMs],
      [false, driver.nowMs + 30_000],
    );
  });

  it("that is deleted has no settings, and can be created again under another revision", () => {
    const driver = newDriver();
    driver.execute(key, createPool, { pool: gpu });
    driver.execute(key, createHook, { hook });
    driver.execute(key, deletePool, {});
    assert.deepEqual(driver.execute(key, deletePool, {}), { revision: 3, existed: false, removed: false });
    assert.equal(contentsOf(driver).hooks.size, 0);
    assert.deepEqual(driver.execute(key, createPool, { pool: gpu }), {
      revision: 4,
      existed: false,
      removed: false,
    });
  });

  it("keeps an agent paused until a user releases it", () => {
    const driver = newDriver();
    const order = { agentId: "odd", hold: Hold.HOLD_QUARANTINED, reason: "nonsense" };
    driver.execute(key, holdAgent, order);
    assert.deepEqual(contentsOf(driver).holds.get("odd")?.value, order);
    driver.execute(key, releaseAgent, { agentId: "odd" });
    assert.equal(contentsOf(driver).holds.size, 0);
    assert.equal(
      refused(driver.execute(key, holdAgent, { ...order, hold: Hold.HOLD_FLAPPING })),
      "expected an agent to be paused or quarantined, got neither. Correct the request.",
    );
  });
});

describe("a stored hook", () => {
  it("is updated only with its current revision, and deleted once", () => {
    const driver = newDriver();
    driver.execute(key, createHook, { hook });
    assert.equal(
      refused(driver.execute(key, updateHook, { hook: { ...hook, order: 2 }, revision: 7 })),
      "Hook `urgent` is at revision 1, not 7. Read the current revision and retry.",
    );
    driver.execute(key, updateHook, { hook: { ...hook, order: 2 }, revision: 1 });
    assert.equal(contentsOf(driver).hooks.get("urgent")?.value.order, 2);
    assert.deepEqual(driver.execute(key, deleteHook, { hookId: "urgent" }), {
      ...{ revision: 3, existed: false, removed: true },
    });
    assert.equal(
      refused(driver.execute(key, updateHook, { hook, revision: 0 })),
      "Hook `urgent` not found. Create it first, or correct the name.",
    );
  });

  it("is rejected above the maximum number of hooks", () => {
    const driver = newDriver();
    for (let count = 0; count < hooksMax; count++)
      driver.execute(key, createHook, { hook: { ...hook, hookId: `hook-${count}` } });
    assert.equal(
      refused(driver.execute(key, createHook, { hook })),
      `The maximum of ${hooksMax} hooks is reached. Remove one that is not needed.`,
    );
  });
});

describe("reserved starts of limits", () => {
  const reserve = (driver: MachineDriver, limit: string, untilMs: number) =>
    driver.execute(key, reserveStarts, { starts: [{ limit, untilMs, partMs: 1_000 }] });

  it("are replaced by the next reservation, removed when they are over, and change no revision", () => {
    const driver = newDriver();
    const startMs = driver.nowMs;
    reserve(driver, "mail", startMs + 2_000);
    reserve(driver, "api", startMs + 60_000);
    reserve(driver, "mail", startMs + 5_000);
    const stored = () =>
      [...contentsOf(driver).reservedStarts.values()].map(({ limit, untilMs }) => [limit, untilMs - startMs]);
    assert.deepEqual(stored(), [
      ["api", 60_000],
      ["mail", 5_000],
    ]);
    driver.advance(60_000);
    reserve(driver, "other", driver.nowMs + 1_000);
    assert.deepEqual(stored(), [["other", 61_000]]);
    assert.equal(contentsOf(driver).changes, 0);
  });

  it("are removed with the pool", () => {
    const driver = newDriver();
    driver.execute(key, createPool, { pool: gpu });
    reserve(driver, "mail", driver.nowMs + 2_000);
    driver.execute(key, deletePool, {});
    assert.equal(contentsOf(driver).reservedStarts.size, 0);
  });
});

describe("a pool with scalers", () => {
  const scaler = (scalerId: string) => ({ scaler: Scaler.fromPartial({ scalerId }) });

  it("requests one `tend_pool` effect as long as it has scalers", () => {
    const driver = newDriver();
    assert.equal(driver.effects.length, 0);
    driver.execute(key, createScaler, scaler("a"));
    driver.execute(key, createScaler, scaler("b"));
    assert.deepEqual(
      driver.effects.map(({ effect }) => effect),
      [{ kind: "tend_pool" }],
    );
    driver.execute(key, deleteScaler, { scalerId: "a" });
    assert.equal(driver.effects.length, 1);
    driver.execute(key, deleteScaler, { scalerId: "b" });
    assert.equal(driver.effects.length, 0);
  });
});
