import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Place } from "@tutti/kernel";
import { MemoryOwnership, soleOwnership } from "./memory-ownership.ts";

const place = "workflow/partition/3" as Place;
const first = { instance: "inst_1", address: "a:1", epoch: 1 };
const second = { instance: "inst_2", address: "b:1", epoch: 2 };

describe("the table of owners", () => {
  it("finds the place of machines by hash, of partitions by number, of pools by name", () => {
    const table = new MemoryOwnership({ partitions: 8 });
    const key = { service: "workflow", namespace: "default" };
    assert.match(table.placeOf({ ...key, kind: "run", id: "r1" }), /^workflow\/partition\/[0-7]$/);
    assert.equal(
      table.placeOf({ ...key, kind: "run", id: "r1" }),
      table.placeOf({ ...key, kind: "run", id: "r1" }),
    );
    assert.equal(table.placeOf({ ...key, kind: "partition", id: "5" }), "workflow/partition/5");
    assert.equal(
      table.placeOf({ service: "swarm", namespace: "team", kind: "pool", id: "gpu" }),
      "swarm/pool/team/gpu",
    );
  });

  it("accepts a newer epoch and ignores an older one", () => {
    const table = new MemoryOwnership();
    assert.equal(table.ownerOf(place), undefined);
    table.learn(place, second);
    table.learn(place, first);
    assert.deepEqual(table.ownerOf(place), second);
  });

  it("notifies waiters of the next change, and releases a waiter that gives up", async () => {
    const table = new MemoryOwnership();
    const controller = new AbortController();
    const changed = table.changed(place, new AbortController().signal);
    const cancelled = table.changed(place, controller.signal);
    controller.abort(new Error("no more"));
    await assert.rejects(cancelled, /no more/);
    table.learn(place, first);
    await changed;
    table.learn(place, first);
    const released = table.changed(place, new AbortController().signal);
    table.release(place);
    await released;
    assert.equal(table.ownerOf(place), undefined);
  });

  it("returns the fallback while an owner is in doubt, until the owner is reported again", () => {
    const seed = { instance: "inst_0", address: "s:1", epoch: 0 };
    const table = new MemoryOwnership({ fallback: () => seed });
    table.learn(place, second);
    table.reportFault(place, second);
    assert.deepEqual(table.ownerOf(place), seed);
    table.learn(place, first);
    assert.deepEqual(table.ownerOf(place), seed, "an older one is no news");
    table.learn(place, second);
    assert.deepEqual(table.ownerOf(place), second);
    for (const suspect of [second, seed]) table.reportFault(place, suspect);
    assert.deepEqual(table.ownerOf(place), second, "they take turns");
  });

  it("returns an owner in doubt if there is no fallback", () => {
    const table = new MemoryOwnership();
    table.learn(place, second);
    table.reportFault(place, second);
    assert.deepEqual(table.ownerOf(place), second);
  });

  it("of a single process returns this process for every place", () => {
    assert.deepEqual(soleOwnership("inst_1").ownerOf(place), { instance: "inst_1", address: "", epoch: 1 });
  });
});
