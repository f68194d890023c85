import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Allocation, Lock, Quota, Reservation, Resource } from "@tutti/rest/types";
import { LocksStore } from "./locks-store.ts";
import {
  allocationUses,
  amount,
  amounts,
  isOfAll,
  phaseOf,
  quotaIsFull,
  quotaUses,
  resourceUse,
  selected,
  standOfLock,
  whereOf,
  whoOf,
} from "./resource.ts";

describe("resources", () => {
  for (const [what, given, isShort] of [
    ["of which more is free than wanted", { capacity: 4, used: 1, wanted: 3 }, false],
    ["of which more is wanted than free", { capacity: 4, used: 2, wanted: 3 }, true],
    ["without any setting", {}, false],
  ] as const)
    it(`one ${what} is ${isShort ? "" : "not "}short`, () => {
      const resource: Resource = { name: "gpu", pool: "default", labels: {}, ...given };
      assert.equal(resourceUse(resource).isShort, isShort);
    });

  it("one that counts labelled agents apart names their label, and does not count them twice", () => {
    const whole: Resource = { name: "slots", pool: "default", labels: {} };
    const apart: Resource = { ...whole, labels: { gpu: "true" } };
    assert.deepEqual([whole, apart].map(isOfAll), [true, false]);
    assert.deepEqual([whole, apart].map(whereOf), ["default", "default, gpu=true"]);
  });

  it("a quota has a line for each thing, and is full when one of them is", () => {
    const quota: Quota = {
      ...{ quotaId: "blue", rates: [], limits: { slots: 8, gpu: 2 }, labels: {} },
      used: { slots: 3 },
    };
    assert.deepEqual(quotaUses(quota), [
      { name: "gpu", of: 2, used: 0 },
      { name: "slots", of: 8, used: 3 },
    ]);
    assert.equal(quotaIsFull(quota), false);
    assert.equal(quotaIsFull({ ...quota, used: { gpu: 2 } }), true);
  });

  it("an allocation has a line for everything that it has, waits for or would have", () => {
    const allocation: Allocation = { granted: { slots: 2 }, wanted: { gpu: 1 }, share: { slots: 1.5 } };
    assert.deepEqual(allocationUses(allocation), [
      { name: "gpu", has: 0, waitsFor: 1, share: 0 },
      { name: "slots", has: 2, waitsFor: 0, share: 1.5 },
    ]);
  });

  it("numbers and names are readable", () => {
    assert.equal(amount(2 / 3), "0.67");
    assert.equal(amounts({ slots: 2, gpu: 1 }), "1 gpu, 2 slots");
    assert.equal(amounts({ slots: 1 }), "1 slot");
    assert.equal(whoOf({ holder: "night-job" }), "night-job");
    const work = { kind: "session", id: "trio", task: "cello" };
    assert.equal(whoOf({ holder: "x", work }), "session trio/cello");
  });

  it("a selector is described by its conditions, and is none without any", () => {
    const none = { equals: {}, exists: [], absent: [] };
    assert.equal(selected(none), undefined);
    assert.equal(selected(undefined), undefined);
    const request = { equals: { team: "blue" }, exists: ["night"], absent: ["test"] };
    assert.equal(selected(request), "team=blue, night, no test");
  });

  for (const [nowMs, phase] of [
    [99, "to come"],
    [100, "in force"],
    [199, "in force"],
    [200, "over"],
  ] as const)
    it(`a reservation from 100 to 200 is ${phase} at ${nowMs}`, () => {
      const reservation: Reservation = {
        ...{ reservationId: "night", amounts: {}, used: {} },
        span: { fromMs: 100, toMs: 200 },
      };
      assert.equal(phaseOf(reservation, nowMs), phase);
    });
});

describe("locks", () => {
  const lock = (name: string, given: Partial<Lock> = {}): Lock => ({
    ...{ name, grants: [], waiters: [] },
    ...given,
  });

  it("say whether they are held, and semaphores how much of them is free", () => {
    assert.equal(standOfLock(lock("a", { permits: 1, grants: [{ holder: "one" }] })), "held");
    assert.equal(standOfLock(lock("a", { permits: 1, free: 1 })), "free");
    assert.equal(standOfLock(lock("a", { permits: 3, free: 2 })), "2 of 3 free");
  });

  it("are listed with those first that most wait for, and leave when they are free", () => {
    const later: (() => void)[] = [];
    const store = new LocksStore((tell) => later.push(tell));
    const tell = (locks: readonly Lock[], removedNames: readonly string[] = []) => {
      store.take({ kind: "change", value: { locks, removedNames } } as Parameters<typeof store.take>[0]);
      for (const each of later.splice(0)) each();
      return store.known().locks.map(({ name }) => name);
    };
    assert.deepEqual(tell([lock("b"), lock("c", { waiting: 2 }), lock("a")]), ["c", "a", "b"]);
    assert.deepEqual(tell([lock("b", { waiting: 3 })], ["a"]), ["b", "c"]);
  });
});
