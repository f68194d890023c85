import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Allocation, Lock, Quota, Reservation, Resource } from "@tutti/rest/types";
import { LocksStore } from "./locks-store.ts";
import {
  allocationUses,
  amount,
  amounts,
  holderOf,
  isOfAll,
  locationOf,
  lockState,
  phaseOf,
  quotaIsFull,
  quotaUses,
  resourceUse,
  selected,
  shortCount,
} from "./resource.ts";

describe("resources", () => {
  for (const [scenario, input, isShort] of [
    ["of which more is free than wanted", { capacity: 4, used: 1, wanted: 3 }, false],
    ["of which more is wanted than free", { capacity: 4, used: 2, wanted: 3 }, true],
    ["without any setting", {}, false],
  ] as const)
    it(`one ${scenario} is ${isShort ? "" : "not "}short`, () => {
      const resource: Resource = { name: "gpu", pool: "default", labels: {}, ...input };
      assert.equal(resourceUse(resource).isShort, isShort);
    });

  it("the slots of labelled agents name their label, and are not counted twice", () => {
    const unlabelled: Resource = { name: "slots", pool: "default", labels: {} };
    const labelled: Resource = { ...unlabelled, labels: { gpu: "true" } };
    assert.deepEqual([unlabelled, labelled].map(isOfAll), [true, false]);
    assert.deepEqual([unlabelled, labelled].map(locationOf), ["default", "default, gpu=true"]);
  });

  it("a resource is short if its labelled part is, and counts once", () => {
    const slots: Resource = { name: "slots", pool: "default", labels: {}, capacity: 16, wanted: 2 };
    const h100: Resource = { name: "slots", pool: "default", labels: { gpu: "h100" }, wanted: 1 };
    const other: Resource = { ...slots, pool: "night" };
    assert.equal(shortCount([slots, other]), 0);
    assert.equal(shortCount([slots, h100, { ...h100, labels: { gpu: "a100" } }, other]), 1);
  });

  it("a quota has a line for each limit, and is full when one limit is reached", () => {
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

  it("an allocation has a line for each granted, wanted or shared resource", () => {
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
    assert.equal(holderOf({ holder: "night-job" }), "night-job");
    const work = { kind: "session", id: "trio", task: "cello" };
    assert.equal(holderOf({ holder: "x", work }), "session trio/cello");
  });

  it("a selector is described by its conditions, and is none without any", () => {
    const empty = { equals: {}, exists: [], absent: [] };
    assert.equal(selected(empty), undefined);
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
  const lock = (name: string, changes: Partial<Lock> = {}): Lock => ({
    ...{ name, grants: [], waiters: [] },
    ...changes,
  });

  it("show whether they are held, and semaphores show their free permits", () => {
    assert.equal(lockState(lock("a", { permits: 1, grants: [{ holder: "one" }] })), "held");
    assert.equal(lockState(lock("a", { permits: 1, free: 1 })), "free");
    assert.equal(lockState(lock("a", { permits: 3, free: 2 })), "2 of 3 free");
  });

  it("are sorted by number of waiters, and removed when they are free", () => {
    const later: (() => void)[] = [];
    const store = new LocksStore((notify) => later.push(notify));
    const publish = (locks: readonly Lock[], removedNames: readonly string[] = []) => {
      store.apply({ kind: "change", value: { locks, removedNames } } as Parameters<typeof store.apply>[0]);
      for (const each of later.splice(0)) each();
      return store.known().locks.map(({ name }) => name);
    };
    assert.deepEqual(publish([lock("b"), lock("c", { waiting: 2 }), lock("a")]), ["c", "a", "b"]);
    assert.deepEqual(publish([lock("b", { waiting: 3 })], ["a"]), ["b", "c"]);
  });
});
