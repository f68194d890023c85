import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimAllotmentsReply } from "@tutti/contracts/session/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { Allotments, Pool } from "@tutti/matching";
import type { TenantListener } from "../pools/pool-directory.ts";
import type { Tenant } from "../pools/tenant.ts";
import { Claiming, type ClaimingParts } from "./claiming.ts";

const two = ClaimAllotmentsReply.fromPartial({
  allotments: [{ quotaId: "all", name: "gpu", amount: 2, limit: 2 }],
  leaseMs: 60_000,
});

/** One pool that is opened at once. `answer` returns the reply of the ledger to each request. */
function dependencies(answer: () => Promise<ClaimAllotmentsReply>, isServed = true) {
  const time = new VirtualTime();
  const happened: string[] = [];
  const pool = {
    ...{ namespace: "default", name: "default", namespaces: new Set() },
    allotted: () => [],
    allot: (_: string, { parts }: Allotments) => happened.push(`told ${parts.length}`),
  } as unknown as Pool;
  const tenant = {
    pool,
    await: () => happened.push("waits"),
    arrived: () => happened.push("goes on"),
  } as unknown as Tenant;
  let releaseListener: (pool: Pool) => void = () => {};
  const pools = {
    all: [pool],
    find: () => pool,
    turns: { schedule: () => {} },
    onTenant: (listener: TenantListener) => {
      listener(tenant);
      return () => {};
    },
    onReleased: (listener: (pool: Pool) => void) => {
      releaseListener = listener;
      return () => {};
    },
  } as unknown as ClaimingParts["pools"];
  const claiming = new Claiming({
    ...{ pools, now: () => time.now(), isServed: () => isServed },
    resources: { claimAllotments: answer },
    foundation: { timers: time, clock: time, logger: recordingLogger() },
  });
  claiming.start();
  const passed = async (ms: number) => {
    time.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { happened, passed, leave: () => releaseListener(pool) };
}

describe("a pool that has just been opened", () => {
  it("assigns nothing before it knows its allotments", async () => {
    const { happened, passed } = dependencies(async () => two);
    assert.deepEqual(happened, ["waits"]);
    await passed(0);
    assert.deepEqual(happened, ["waits", "told 1", "goes on"]);
  });

  it("retries each second without an answer, but not for ever", async () => {
    let calls = 0;
    const { happened, passed } = dependencies(() => {
      calls++;
      return Promise.reject(new Error("nobody there"));
    });
    await passed(0);
    for (let second = 1; second <= 9; second++) await passed(1_000);
    assert.deepEqual([calls, happened], [10, ["waits"]]);
    await passed(1_000);
    assert.deepEqual(happened, ["waits", "goes on"]);
  });

  it("does not wait if no service can answer", async () => {
    const { happened, passed } = dependencies(async () => two, false);
    assert.deepEqual(happened, []);
    await passed(0);
    assert.deepEqual(happened, ["told 1"]);
  });

  it("is not waited for once it has left", async () => {
    const { happened, passed, leave } = dependencies(() => new Promise(() => {}));
    leave();
    await passed(60_000);
    assert.deepEqual(happened, ["waits"]);
  });
});
