import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { MemoryOwnershipStore, SharedKeys } from "../store/memory-store.ts";
import { Lease } from "./lease.ts";

const settings = { renewMs: 300, leaseMs: 1_200, marginMs: 200, retryMaxMs: 1_000 };

describe("the lease of a process", () => {
  it("is renewed as soon as the way to the store is open again, however long it was not", async () => {
    const time = new VirtualTime();
    const store = new MemoryOwnershipStore(new SharedKeys(), time);
    const stopping = new AbortController();
    let renewals = 0;
    const lease = new Lease({
      ...{ store, clock: time, timers: time, chance: seededChance(7), logger: silentLogger, settings },
      process: "proc",
      entry: () => ({
        ...{ address: "", leaving: false, loads: new Map(), prepared: new Set(), behaviours: new Map() },
      }),
      renewed: () => renewals++,
      entered: () => {},
      ended: () => {},
    });
    const running = lease.run(stopping.signal);
    await time.advanceAsync(1_000);
    store.faults.failing = "cut";
    await time.advanceAsync(60_000);
    const before = renewals;
    store.repair();
    // Not a millisecond later: what is awaited meanwhile takes no time.
    await time.advanceAsync(0);
    assert.equal(renewals, before + 1);
    stopping.abort();
    await time.advanceAsync(2_000);
    await running;
  });
});
