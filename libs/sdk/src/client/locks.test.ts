import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LockGrant } from "@tutti/contracts/session/v1";
import { TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { type LockParts, Locks } from "./locks.ts";

/** A lock of 30 s whose renewals are answered by a function. */
async function acquireLock(renewLocks: LockParts["locks"]["renewLocks"]) {
  const time = new VirtualTime();
  const grant = LockGrant.fromPartial({ holder: "me", token: 7 });
  const locks = {
    // Its lease starts when it is asked for.
    acquireLock: () => new Promise((resolve) => void time.after(1_000, () => resolve({ grant }))),
    releaseLock: async () => ({ released: true }),
    renewLocks,
  } as unknown as LockParts["locks"];
  const client = new Locks({ locks, namespace: "shop" }, { clock: time, timers: time });
  return { time, lock: await time.settle(client.acquire("till")) };
}

const renewed = async () => ({ receipts: [{ expireTime: { seconds: 1, nanos: 0 } }] }) as never;

describe("an acquired lock", () => {
  it("is lost at the end of its lease, also if a renewal has no answer", async () => {
    const { time, lock } = await acquireLock(() => new Promise(() => {}));
    await time.advanceAsync(28_999);
    assert.equal(lock.signal.aborted, false);
    await time.advanceAsync(1);
    assert.match(String(lock.signal.reason), /could not be renewed before its lease was over/);
  });

  it("stays valid while it is renewed", async () => {
    const { time, lock } = await acquireLock(renewed);
    await time.advanceAsync(300_000);
    assert.equal(lock.signal.aborted, false);
    assert.equal(await lock.release(), true);
    await time.advanceAsync(60_000);
    assert.equal(lock.signal.aborted, false, "a released lock is not lost");
  });

  it("is not lost by a late answer to a renewal after its release", async () => {
    const answer = Promise.withResolvers<never>();
    const { time, lock } = await acquireLock(() => answer.promise);
    await time.advanceAsync(10_000);
    await lock.release();
    answer.resolve({ receipts: [{}] } as never);
    await time.advanceAsync(1);
    assert.equal(lock.signal.aborted, false);
  });
});

describe("a lock that is not free in time", () => {
  for (const [title, waitMs, text] of [
    [
      "is refused with the whole wait, not with that of the last call",
      90_000,
      /in use by ann, and was not free within 1 min 30 s\./,
    ],
    ["is refused as the server says without a wait", 0, /^In use$/],
  ] as const)
    it(title, async () => {
      const time = new VirtualTime();
      const details = { holders: "ann" };
      const held = new TuttiError({
        code: "lock.held",
        status: "FAILED_PRECONDITION",
        message: "In use",
        details,
      });
      const acquireLock = ({ waitMs: forMs = 0 }: { readonly waitMs?: number }) =>
        new Promise((_, reject) => void time.after(forMs, () => reject(held)));
      const locks = { acquireLock } as unknown as LockParts["locks"];
      const client = new Locks({ locks, namespace: "shop" }, { clock: time, timers: time });
      const acquired = client.acquire("till", { waitMs });
      const refused = assert.rejects(acquired, { code: "lock.held", message: text });
      await time.advanceAsync(waitMs + 1);
      await refused;
    });
});
