/** Idle instances leave memory, and are found again on demand, whole and in order. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Actor } from "@tutti/contracts/types/v1";
import { plainSearch } from "@tutti/journal/testing";
import { isEnded } from "@tutti/kernel";
import {
  account,
  close,
  completeStatement,
  deposit,
  open,
  placeHold,
  requestStatement,
  transfer,
  withdraw,
} from "@tutti/machine-bank";
import type { Retention, RuntimeLimits } from "../src/index.ts";
import { accountKey, Bank, codeOf, idsIn, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = "", ...others] = idsIn(0, 40);
const idleMs = 25_000;

async function restingBank(limits: Partial<RuntimeLimits> = {}): Promise<Bank> {
  const bank = new Bank(limits);
  await bank.start();
  await bank.open(ada, 1_000);
  await bank.execute(ada, deposit, { amountCents: 5 });
  await bank.time.advanceAsync(idleMs);
  return bank;
}

async function bankWith(retention: Retention, limits: Partial<RuntimeLimits> = {}): Promise<Bank> {
  const bank = new Bank(limits, { retentionOf: () => retention });
  await bank.start();
  return bank;
}

async function openAndClose(bank: Bank, id: string): Promise<void> {
  await bank.open(id, 0);
  await bank.execute(id, close, {});
}

describe("an instance without anything to do", () => {
  it("leaves memory, is loaded again by a command, and continues", async () => {
    const bank = await restingBank();
    assert.equal(bank.isLoaded(ada), false);
    assert.equal((await bank.execute(ada, deposit, { amountCents: 1 })).balanceCents, 1_006);
    assert.equal(bank.isLoaded(ada), true);
  });

  it("is found again by a question", async () => {
    const bank = await restingBank();
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("is found again by a message", async () => {
    const bank = await restingBank();
    await bank.open(bob, 100);
    await bank.execute(bob, transfer, { to: ada, amountCents: 100 });
    await bank.time.advanceAsync(1_000);
    assert.equal(await bank.balanceOf(ada), 1_105);
  });

  it("is found again after a restart, and has its whole history", async () => {
    const bank = await restingBank();
    bank.crash();
    await bank.start();
    assert.equal(bank.isLoaded(ada), false);
    assert.equal(await bank.balanceOf(ada), 1_005);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.deepEqual(
      records.map(({ event }) => event),
      [1, 2],
    );
  });

  it("cannot be started a second time", async () => {
    const bank = await restingBank();
    const body = { owner: "x", product: "", balanceCents: 0 };
    assert.equal(await bank.codeOf(bank.submit(ada, open, body)), "bank.account_exists");
    bank.crash();
    await bank.start();
    assert.equal(await bank.codeOf(bank.submit(ada, open, body)), "bank.account_exists");
  });

  it("stays in memory while it has an outstanding effect", async () => {
    const bank = await restingBank();
    await bank.execute(ada, requestStatement, {});
    await bank.time.advanceAsync(idleMs);
    assert.equal(bank.isLoaded(ada), true);
  });

  it("receives commands in order of arrival while it is being loaded", async () => {
    const bank = await restingBank();
    const barrier = Promise.withResolvers<void>();
    bank.archivePass = async (operation) => {
      if (operation === "load") await barrier.promise;
    };
    const order: string[] = [];
    const record = (label: string) => () => order.push(label);
    for (let number = 0; number < 5; number++) {
      void bank
        .submit(ada, withdraw, { amountCents: 500 })
        .then(record(`${number} done`), record(`${number} refused`));
      await bank.time.flush();
    }
    barrier.resolve();
    await bank.time.advanceAsync(100);
    assert.deepEqual(order, ["0 done", "1 done", "2 refused", "3 refused", "4 refused"]);
  });

  it("is started once if two starts of a new id arrive during the lookup in the archive", async () => {
    const bank = await restingBank();
    await openAndClose(bank, bob);
    const body = { owner: "x", product: "", balanceCents: 0 };
    const both = [bank.submit(others[0] ?? "", open, body), bank.submit(others[0] ?? "", open, body)].map(
      codeOf,
    );
    assert.deepEqual(await bank.time.settle(Promise.all(both)), ["done", "bank.account_exists"]);
  });
});

describe("memory", () => {
  it("is bounded: beyond the limit, the instances that are idle for longest leave at once", async () => {
    const bank = new Bank({ loadedMax: 10, idleMs: 3_600_000 });
    await bank.start();
    await Promise.all(others.map((id) => bank.open(id, 1)));
    await bank.time.advanceAsync(1_000);
    const loaded = bank.runtime.partitionStatuses()[0]?.loaded ?? 0;
    assert.ok(loaded <= 10 && loaded > 0, `${loaded} are loaded`);
    for (const id of others) assert.equal(await bank.balanceOf(id), 1);
  });

  it("holds no expired keys", async () => {
    const bank = new Bank({ keysKeptMs: 1_000, idleMs: 3_600_000, tailBytesMax: 1 });
    await bank.start();
    await bank.open(ada, 0);
    for (let number = 0; number < 20; number++) {
      await bank.execute(ada, deposit, { amountCents: 1 }, `k${number}`);
      await bank.time.advanceAsync(500);
    }
    await bank.time.advanceAsync(2_000);
    await bank.execute(ada, deposit, { amountCents: 1 });
    await bank.time.advanceAsync(2_000);
    assert.equal(bank.memoryOf(ada)?.instances.get(`default/account/${ada}`)?.keys, undefined);
  });
});

describe("a snapshot", () => {
  it("is taken while commands continue, and none of them is lost", async () => {
    const bank = new Bank({ tailBytesMax: 200 });
    await bank.start();
    for (const id of [ada, bob]) await bank.open(id, 0);
    for (let number = 1; number <= 60; number++) {
      await Promise.all([
        bank.execute(ada, deposit, { amountCents: 1 }),
        bank.execute(bob, deposit, { amountCents: 2 }),
      ]);
      if (number % 7 === 0) await bank.time.advanceAsync(300);
    }
    await bank.time.advanceAsync(300);
    assert.ok(bank.journal.partition("bank", 0).first > 10);
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 60);
    assert.equal(await bank.balanceOf(bob), 120);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 100));
    assert.deepEqual(
      records.map(({ event }) => event),
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
  });

  it("of an idle partition allows the journal to be cut to its end", async () => {
    const bank = await restingBank();
    await bank.time.advanceAsync(idleMs);
    const { first, last } = bank.journal.partition("bank", 0);
    assert.equal(first, last.number + 1);
  });

  it("allows the journal of a partition to be cut that was only reloaded", async () => {
    const bank = await restingBank();
    bank.crash();
    await bank.start();
    await bank.time.advanceAsync(idleMs);
    for (const { first, last } of bank.journal.partitions) assert.equal(first, last.number + 1);
  });

  it("allows the journal to be cut after short-lived instances", async () => {
    const bank = await bankWith({ keepMs: 0, idKeptMs: 0 });
    for (const id of others.slice(0, 10)) await openAndClose(bank, id);
    await bank.time.advanceAsync(idleMs);
    assert.equal(bank.runtime.partitionStatuses()[0]?.loaded, 0);
    const { first, last } = bank.journal.partition("bank", 0);
    assert.equal(first, last.number + 1);
  });

  it("is never taken while the partition loads, so no timer is lost", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.execute(ada, placeHold, { amountCents: 100, periodMs: 600_000 });
    await bank.open(bob, 0);
    for (let number = 0; number < 5; number++) await bank.execute(bob, deposit, { amountCents: 1 });
    bank.crash();
    bank.create();
    slowDown(bank);
    const started = bank.runtime.start();
    await bank.time.advanceAsync(10_000);
    await bank.time.settle(started);
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    await bank.time.advanceAsync(700_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    // The record is older than this request.
    assert.ok((records[2]?.timeMs ?? 0) <= bank.time.now() - 60_000);
  });
});

/** Returns the batches of the journal one by one, a second apart. */
function slowDown(bank: Bank): void {
  for (const log of bank.journal.partitions) {
    const read = log.read.bind(log);
    log.read = async function* (from) {
      for await (const slice of read(from)) {
        for (const batch of slice) {
          await new Promise<void>((resolve) => void bank.time.after(1_000, resolve));
          yield [batch];
        }
      }
    };
  }
}

for (const [name, count] of [
  ["a short instance", 2],
  ["a long instance", 10],
] as const) {
  describe(`${name} that has ended`, () => {
    async function ended(): Promise<Bank> {
      const bank = new Bank({ smallEvents: 5 });
      await bank.start();
      await bank.open(bob, 0);
      await bank.open(ada, 0);
      for (let number = 2; number < count; number += 2) {
        await bank.execute(ada, deposit, { amountCents: 1 });
        await bank.execute(ada, withdraw, { amountCents: 1 });
      }
      await bank.execute(ada, close, {});
      return bank;
    }

    it("is found with its state, its history and its line", async () => {
      const bank = await ended();
      await bank.time.advanceAsync(idleMs);
      assert.equal(bank.isLoaded(ada), false);
      for (const isAfterRestart of [false, true]) {
        if (isAfterRestart) {
          bank.crash();
          await bank.start();
        }
        assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "bank.account_closed");
        const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 100));
        assert.equal(records.length, count);
        const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 0));
        assert.equal((projection as { standing: string }).standing, "closed");
      }
    });

    it("is no longer live, also after a restart", async () => {
      const bank = await ended();
      for (const waitMs of [0, 500, idleMs]) {
        await bank.time.advanceAsync(waitMs);
        assert.equal(bank.runtime.partitionStatuses()[0]?.live, 1, `after ${waitMs} ms`);
        bank.crash();
        await bank.start();
        assert.equal(bank.runtime.partitionStatuses()[0]?.live, 1, `after ${waitMs} ms and a restart`);
      }
    });
  });
}

describe("the line of an instance that had ended and has another record since", () => {
  it("still has its start time, its initiator and its end", async () => {
    const poison = new Poison();
    const bank = new Bank({}, { machines: [poisonedAccount(poison)] });
    await bank.start();
    const startMs = bank.time.now();
    await openAndClose(bank, ada);
    await bank.time.advanceAsync(idleMs);
    poison.decides.add("deposit");
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
    await bank.time.advanceAsync(1_000);
    const page = await bank.time.settle(bank.archive.search(plainSearch));
    const [line] = page.entries;
    assert.equal(page.entries.length, 1);
    assert.equal(line?.startMs, startMs);
    assert.equal(line?.events, 3);
    assert.deepEqual(Actor.decode(line?.startedBy ?? new Uint8Array(0)), tester.actor);
    assert.ok((line?.endMs ?? 0) > 0);
  });
});

describe("an instance that sets its own retention", () => {
  const removedMs = 1_767_225_600_000 + 5_000;
  /** Accounts of the product `brief` are kept for ten seconds after they are closed, those of `gone` not at all. */
  const keeping: typeof account = {
    ...account,
    describe(state) {
      const described = account.describe(state);
      if (state.product === "brief") return { ...described, keepMs: 10_000 };
      return state.product === "gone" && isEnded(described.status) ? { ...described, removedMs } : described;
    },
  };
  const opened = async (product: string): Promise<Bank> => {
    const retentionOf = () => ({ keepMs: 60_000, idKeptMs: 30_000 });
    const bank = new Bank({}, { machines: [keeping], retentionOf });
    await bank.start();
    await bank.submit(ada, open, { owner: "ada", product, balanceCents: 0 });
    await bank.execute(ada, close, {});
    return bank;
  };
  const found = (bank: Bank) => bank.time.settle(bank.archive.search(plainSearch));

  it("is gone after its retention, whether it was purged or not", async () => {
    const bank = await opened("brief");
    await bank.time.advanceAsync(9_000);
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "bank.account_closed");
    await bank.time.advanceAsync(2_000);
    for (const isPurged of [false, true]) {
      if (isPurged) await bank.time.settle(bank.archive.purge(bank.time.now()));
      assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.id_taken");
      assert.equal(await bank.codeOf(bank.execute(ada, deposit, { amountCents: 1 })), "runtime.id_taken");
      assert.equal(
        await codeOf(bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10))),
        "runtime.unknown_instance",
      );
    }
  });

  it("is gone as soon as it decides so, and its id is free after its reservation", async () => {
    const bank = await opened("gone");
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.id_taken");
    await bank.time.advanceAsync(1_000);
    assert.equal((await found(bank)).entries.length, 0, "no list has it");
    const start = () => bank.codeOf(bank.submit(ada, open, { owner: "x", product: "", balanceCents: 3 }));
    for (const isAfterRestart of [false, true]) {
      if (isAfterRestart) {
        bank.crash();
        await bank.start();
      }
      assert.equal(await start(), "runtime.id_taken");
    }
    await bank.time.advanceAsync(34_000);
    await bank.time.settle(bank.archive.purge(bank.time.now()));
    assert.equal(await start(), "done");
    assert.equal(await bank.balanceOf(ada), 3);
  });
});

describe("an instance whose retention is over", () => {
  it("is gone, and its chosen id stays reserved for its time, also after restarts", async () => {
    const bank = await bankWith({ keepMs: 60_000, idKeptMs: 60_000 });
    await openAndClose(bank, ada);
    await bank.time.advanceAsync(70_000);
    await bank.time.settle(bank.archive.purge(bank.time.now()));
    const body = { owner: "x", product: "", balanceCents: 3 };
    for (const isAfterRestart of [false, true]) {
      if (isAfterRestart) {
        bank.crash();
        await bank.start();
      }
      assert.equal(await bank.codeOf(bank.submit(ada, open, body)), "runtime.id_taken");
      assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.id_taken");
    }
    await bank.time.advanceAsync(60_000);
    await bank.time.settle(bank.archive.purge(bank.time.now()));
    assert.equal(await bank.codeOf(bank.submit(ada, open, body)), "done");
    assert.equal(await bank.balanceOf(ada), 3);
  });

  it("answers a message as a missing instance does, and is not started by it", async () => {
    const bank = await bankWith({ keepMs: 0, idKeptMs: 600_000 });
    await openAndClose(bank, ada);
    await bank.time.advanceAsync(1_000);
    await bank.open(bob, 100);
    await bank.execute(bob, transfer, { to: ada, amountCents: 100 });
    await bank.time.advanceAsync(1_000);
    assert.equal(await bank.balanceOf(bob), 100);
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.id_taken");
  });

  it("with zero retention removes nothing of the next instance with its id, if both are in the journal at a crash", async () => {
    const bank = await bankWith({ keepMs: 0, idKeptMs: 0 });
    await openAndClose(bank, ada);
    await bank.open(ada, 0);
    bank.crash();
    await bank.start();
    // An event happens to it at each moment at which anything is archived, passivated or cut.
    for (let paid = 1; paid <= 400; paid++) {
      await bank.execute(ada, deposit, { amountCents: 1 });
      await bank.time.advanceAsync(50);
      assert.equal(await bank.balanceOf(ada), paid);
    }
  });

  for (const waitMs of [500, idleMs]) {
    it(`with zero retention frees its id at once, also if both are in the journal at a crash (${waitMs} ms)`, async () => {
      const bank = await bankWith({ keepMs: 0, idKeptMs: 0 });
      for (let life = 1; life <= 4; life++) {
        await bank.open(ada, life);
        for (let number = 1; number < life; number++) await bank.execute(ada, deposit, { amountCents: 1 });
        if (life % 2 === 0) {
          bank.crash();
          await bank.start();
        }
        const balance = await bank.balanceOf(ada);
        assert.equal(balance, 2 * life - 1);
        await bank.execute(ada, withdraw, { amountCents: balance });
        await bank.execute(ada, close, {});
        await bank.time.advanceAsync(waitMs);
        if (life % 2 === 1) {
          bank.crash();
          await bank.start();
          // The records of the earlier account are gone from the journal after a tick.
          await bank.time.advanceAsync(500);
        }
      }
      await bank.open(ada, 77);
      bank.crash();
      await bank.start();
      assert.equal(await bank.balanceOf(ada), 77);
      const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
      assert.equal(records.length, 1);
    });
  }

  it("that lived before a cut and ended after it does not prevent the partition from loading", async () => {
    const bank = await bankWith({ keepMs: 0, idKeptMs: 0 });
    await bank.open(ada, 0);
    await bank.time.advanceAsync(idleMs);
    await bank.execute(ada, close, {});
    await bank.time.advanceAsync(500);
    bank.crash();
    await bank.start();
    await bank.open(bob, 1);
    assert.equal(await bank.balanceOf(bob), 1);
    await bank.open(ada, 5);
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 5);
  });

  it("leaves a token that does not affect the next instance with its id", async () => {
    const bank = await bankWith({ keepMs: 0, idKeptMs: 0 });
    await bank.open(ada, 0);
    await bank.execute(ada, requestStatement, {});
    const token = bank.dispatched[0]?.token;
    assert.ok(token);
    await bank.execute(ada, close, {});
    await bank.time.advanceAsync(1_000);
    await bank.open(ada, 0);
    await bank.execute(ada, requestStatement, {});
    for (const isAfterRestart of [false, true]) {
      if (isAfterRestart) {
        bank.crash();
        await bank.start();
      }
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }, accountKey(ada)), "ignored");
    }
    const now = bank.dispatched.at(-1)?.token;
    assert.ok(now);
    assert.equal(await bank.settle(now, completeStatement, { pages: 1 }), "done");
  });
});

describe("how many are live", () => {
  it("is the same after a restart, with any records in between", async () => {
    const bank = new Bank();
    await bank.start();
    for (const id of others.slice(0, 6)) await bank.open(id, 0);
    await bank.execute(others[0] ?? "", close, {});
    for (const waitMs of [0, 500, idleMs, 500]) {
      await bank.time.advanceAsync(waitMs);
      assert.equal(bank.runtime.partitionStatuses()[0]?.live, 5, `after ${waitMs} ms`);
      bank.crash();
      await bank.start();
      assert.equal(bank.runtime.partitionStatuses()[0]?.live, 5, `after ${waitMs} ms and a restart`);
    }
  });
});

describe("an instance without any retention", () => {
  const nothing: Retention = { keepMs: 0, idKeptMs: 0 };

  it("is gone when its end is durable, without any archive commit", async () => {
    const bank = await bankWith(nothing);
    let commits = 0;
    bank.archiveFault = () => {
      commits++;
      return undefined;
    };
    await openAndClose(bank, ada);
    assert.equal(bank.isLoaded(ada), false);
    assert.equal(commits, 0);
  });

  it("stays until its end is durable", async () => {
    const bank = await bankWith(nothing);
    await bank.open(ada, 0);
    bank.commits.hold();
    const closing = bank.submit(ada, close, {});
    await bank.time.advanceAsync(1);
    assert.equal(bank.isLoaded(ada), true);
    bank.commits.open();
    await bank.time.settle(closing);
    assert.equal(bank.isLoaded(ada), false);
  });

  it("frees its id for another instance, also after a restart that reads both", async () => {
    const bank = await bankWith(nothing);
    await openAndClose(bank, ada);
    await bank.open(ada, 77);
    bank.crash();
    await bank.start({}, { retentionOf: () => nothing });
    assert.equal(await bank.balanceOf(ada), 77);
  });

  it("is removed from the index if its line is already in the archive", async () => {
    const bank = await bankWith(nothing);
    await bank.open(ada, 0);
    await bank.time.advanceAsync(1_000);
    await bank.execute(ada, close, {});
    assert.equal(bank.isLoaded(ada), true);
    await bank.time.advanceAsync(1_000);
    assert.equal(bank.isLoaded(ada), false);
    const page = await bank.time.settle(bank.archive.search(plainSearch));
    assert.equal(page.entries.length, 0);
  });
});
