/** The contract of an ownership store, as one suite for any implementation. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OwnershipStore, StoreChange } from "../store/port.ts";

export interface StoreUnderTest {
  /** Opens one process's connection to keys that all connections share. */
  open(): OwnershipStore;
}

export interface StoreSuite {
  readonly name: string;
  readonly skip?: string | false;
  /** Returns a store without entries. */
  fresh(): Promise<StoreUnderTest>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** A change in short: `a=1`, `-a`, `|` behind the entries that were there. */
function short(change: StoreChange): string {
  if (change.kind === "caught-up") return "|";
  return change.kind === "removed" ? `-${change.key}` : `${change.key}=${text(change.value)}`;
}

async function collect(changes: AsyncIterator<StoreChange>, count: number): Promise<string[]> {
  const collected: string[] = [];
  while (collected.length < count) {
    const { value, done } = await changes.next();
    if (done === true) break;
    collected.push(short(value));
  }
  return collected;
}

export function describeOwnershipStore({ name, skip = false, fresh }: StoreSuite): void {
  describe(`the ownership store ${name}`, { skip }, () => {
    it("stores a value under its key, with revisions that grow across all keys", async () => {
      const store = (await fresh()).open();
      assert.equal(await store.read("process.a"), undefined);
      const first = await store.change("process.a", bytes("1"), 0);
      const second = await store.change("partition.bank.0", bytes("2"), 0);
      assert.ok(first !== undefined && second !== undefined && second > first);
      assert.deepEqual(await store.read("process.a").then((found) => found && text(found.value)), "1");
      assert.equal((await store.read("partition.bank.0"))?.revision, second);
    });

    it("lets exactly one of many writers with the same revision succeed", async () => {
      const keys = await fresh();
      const stores = [keys.open(), keys.open(), keys.open()];
      const revisions = await Promise.all(
        stores.map((store) => store.change("partition.bank.1", bytes("1"), 0)),
      );
      const [revision] = revisions.filter((each) => each !== undefined);
      assert.equal(revisions.filter((each) => each !== undefined).length, 1);
      assert.ok(revision);
      const outcomes = await Promise.all([
        ...stores.map((store, index) => store.change("partition.bank.1", bytes(`change ${index}`), revision)),
        ...stores.map((store) => store.remove("partition.bank.1", revision)),
      ]);
      assert.equal(outcomes.filter((outcome) => outcome !== undefined && outcome !== false).length, 1);
    });

    it("removes only the given revision, once, and allows the key to be created again", async () => {
      const store = (await fresh()).open();
      const revision = (await store.change("partition.bank.1", bytes("1"), 0)) ?? 0;
      assert.equal(await store.remove("partition.bank.1", revision + 100), false);
      assert.equal(await store.remove("partition.bank.1", revision), true);
      assert.equal(await store.remove("partition.bank.1", revision), false);
      assert.equal(await store.read("partition.bank.1"), undefined);
      assert.equal(await store.change("partition.bank.1", bytes("2"), revision), undefined);
      assert.notEqual(await store.change("partition.bank.1", bytes("2"), 0), undefined);
    });

    it("shows every process its own change at once", async () => {
      const keys = await fresh();
      const [one, other] = [keys.open(), keys.open()];
      for (let count = 0; count < 20; count++) {
        const at = await one.read("partition.bank.1");
        const revision = await one.change("partition.bank.1", bytes(String(count)), at?.revision ?? 0);
        assert.equal((await one.read("partition.bank.1"))?.revision, revision);
        assert.equal((await other.read("partition.bank.1"))?.revision, revision);
      }
    });

    it("reports the known entries to a watcher, their end, and every change since, in order", async () => {
      const keys = await fresh();
      const store = keys.open();
      const a = (await store.change("partition.bank.1", bytes("1"), 0)) ?? 0;
      await store.change("partition.bank.2", bytes("1"), 0);
      await store.change("partition.bank.1", bytes("2"), a);
      const watching = new AbortController();
      const changes = keys.open().watch(watching.signal)[Symbol.asyncIterator]();
      assert.deepEqual(await collect(changes, 3), ["partition.bank.2=1", "partition.bank.1=2", "|"]);
      const b = (await store.read("partition.bank.2"))?.revision ?? 0;
      await store.change("partition.bank.3", bytes("1"), 0);
      await store.remove("partition.bank.2", b);
      await store.change("partition.bank.2", bytes("2"), 0);
      assert.deepEqual(await collect(changes, 3), [
        "partition.bank.3=1",
        "-partition.bank.2",
        "partition.bank.2=2",
      ]);
      watching.abort();
      assert.deepEqual(await collect(changes, 1), []);
    });

    it("reports renewals when it looks, and before the next other change", async () => {
      const keys = await fresh();
      const store = keys.open();
      const first = (await store.change("process.a", bytes("1"), 0)) ?? 0;
      const watching = new AbortController();
      const watcher = keys.open();
      const changes = watcher.watch(watching.signal)[Symbol.asyncIterator]();
      assert.deepEqual(await collect(changes, 2), ["process.a=1", "|"]);
      assert.equal(await store.renew("process.a", bytes("2"), first + 100), undefined);
      const second = (await store.renew("process.a", bytes("2"), first)) ?? 0;
      assert.ok(second > first);
      const next = collect(changes, 1);
      watcher.refresh();
      assert.deepEqual(await next, ["process.a=2"]);
      const third = (await store.renew("process.a", bytes("3"), second)) ?? 0;
      await store.change("partition.bank.0", bytes("4"), 0);
      assert.deepEqual(await collect(changes, 2), ["process.a=3", "partition.bank.0=4"]);
      // Changes in the entry of a process are reported without a look.
      await store.change("process.a", bytes("5"), third);
      assert.deepEqual(await collect(changes, 1), ["process.a=5"]);
      watching.abort();
    });

    it("marks the end of the known entries when there are none", async () => {
      const watching = new AbortController();
      const changes = (await fresh()).open().watch(watching.signal)[Symbol.asyncIterator]();
      assert.deepEqual(await collect(changes, 1), ["|"]);
      watching.abort();
    });

    it("cleans up without a visible change", async () => {
      const store = (await fresh()).open();
      const revision = (await store.change("partition.bank.1", bytes("1"), 0)) ?? 0;
      await store.remove("partition.bank.1", revision);
      await store.change("partition.bank.2", bytes("1"), 0);
      await store.tidy();
      assert.equal(await store.read("partition.bank.1"), undefined);
      assert.notEqual(await store.read("partition.bank.2"), undefined);
    });
  });
}
