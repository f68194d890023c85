import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Owner, Place } from "@tutti/kernel";
import { LeasedOwnership, type OwnerTable, partitionOf, partitionOfPool } from "./leased-ownership.ts";

const place = "bank/partition/3" as Place;
const never = new AbortController().signal;
const owner = (instance: string, epoch: number): Owner => ({ instance, address: `${instance}:1`, epoch });

/** A table under the test's control. */
class Table implements OwnerTable {
  readonly partitions = 8;
  owner: Owner | undefined;
  epoch = 0;
  #listener: (service: string, partition: number) => void = () => {};

  ownerOf(): Owner | undefined {
    return this.owner;
  }
  epochOf(): number {
    return this.epoch;
  }
  onOwner(listener: (service: string, partition: number) => void): () => void {
    this.#listener = listener;
    return () => {};
  }
  setOwner(owner: Owner | undefined, epoch = owner?.epoch ?? this.epoch): void {
    this.owner = owner;
    this.epoch = epoch;
    this.#listener("bank", 3);
  }
}

describe("LeasedOwnership", () => {
  it("returns the owner in the table, and reports its changes", async () => {
    const table = new Table();
    const ownership = new LeasedOwnership(table);
    assert.equal(ownership.ownerOf(place), undefined);
    const changed = ownership.changed(place, never);
    table.setOwner(owner("a", 1));
    await changed;
    assert.deepEqual(ownership.ownerOf(place), owner("a", 1));
    const removal = ownership.changed(place, never);
    table.setOwner(undefined);
    await removal;
    assert.equal(ownership.ownerOf(place), undefined);
  });

  it("trusts a peer that knows a later owner until the table catches up", () => {
    const table = new Table();
    const ownership = new LeasedOwnership(table);
    table.setOwner(owner("a", 1));
    ownership.learn(place, owner("b", 2));
    assert.deepEqual(ownership.ownerOf(place), owner("b", 2));
    table.setOwner(owner("b", 2));
    table.setOwner(owner("c", 3));
    assert.deepEqual(ownership.ownerOf(place), owner("c", 3));
  });

  it("ignores a peer that knows less than the table, also when the table names no owner", () => {
    const table = new Table();
    const ownership = new LeasedOwnership(table);
    table.setOwner(undefined, 5);
    for (const epoch of [4, 5]) ownership.learn(place, owner("a", epoch));
    assert.equal(ownership.ownerOf(place), undefined);
  });

  it("knows places that are no partitions from others alone", () => {
    const ownership = new LeasedOwnership(new Table());
    const pool = ownership.placeOf({ service: "swarm", namespace: "default", kind: "pool", id: "gpu" });
    ownership.learn(pool, owner("a", 1));
    assert.deepEqual(ownership.ownerOf(pool), owner("a", 1));
  });
});

describe("partitionOf", () => {
  it("returns the partition in a place, and nothing for other places", () => {
    assert.deepEqual(partitionOf(place), { service: "bank", partition: 3 });
    for (const other of [
      "bank/pool/default/3",
      "bank/partition/",
      "bank/partition/x",
      "bank/partition/3/4",
      "bank",
    ]) {
      assert.equal(partitionOf(other as Place), undefined, other);
    }
  });

  it("has the owner of a partition own the pools that fall into it, the same everywhere", () => {
    const table = new Table();
    const ownership = new LeasedOwnership(table);
    const places = ["default", "gpu", "cpu", "night"].map((id) =>
      ownership.placeOf({ service: "swarm", namespace: "acme", kind: "pool", id }),
    );
    assert.deepEqual(
      places,
      ["default", "gpu", "cpu", "night"].map(
        (name) => `swarm/partition/${partitionOfPool("acme", name, table.partitions)}`,
      ),
    );
    table.setOwner(owner("a", 4));
    assert.equal(ownership.ownerOf(places[0] as Place)?.instance, "a");
  });
});
