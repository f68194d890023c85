import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close, deposit, transfer } from "@tutti/machine-bank";
import { Bank } from "./bank.fixture.ts";

describe("a bank on the runtime", () => {
  it("keeps acknowledged changes after a crash", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open("ada", 1_000);
    await bank.execute("ada", deposit, { amountCents: 500 });
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf("ada"), 1_500);
  });

  it("moves money between partitions by messages", async () => {
    const bank = new Bank();
    await bank.start();
    for (const id of ["ada", "bob", "cyd", "dan", "eve"]) await bank.open(id, 1_000);
    for (const to of ["bob", "cyd", "dan", "eve"])
      await bank.execute("ada", transfer, { to, amountCents: 100 });
    await bank.time.advanceAsync(1_000);
    assert.equal(await bank.balanceOf("ada"), 600);
    for (const id of ["bob", "cyd", "dan", "eve"]) assert.equal(await bank.balanceOf(id), 1_100);
  });

  it("answers a repetition under the same key like the first", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open("ada", 0);
    const first = await bank.execute("ada", deposit, { amountCents: 500 }, "k1");
    const repeated = await bank.execute("ada", deposit, { amountCents: 500 }, "k1");
    assert.deepEqual(repeated, first);
    await assert.rejects(bank.execute("ada", deposit, { amountCents: 501 }, "k1"), {
      code: "runtime.key_reused",
    });
    assert.equal(await bank.balanceOf("ada"), 500);
  });

  it("keeps the part of the journal that a reader still needs", async () => {
    const bank = new Bank({ idleMs: 1_000, tailBytesMax: 1_000 });
    bank.neededFrom = 3;
    await bank.start();
    for (let n = 0; n < 100; n++) await bank.open(`a${n}`, n);
    await bank.time.advanceAsync(20_000);
    assert.equal(bank.journal.partition("bank", 0).first, 3);
    bank.neededFrom = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 100; n++) await bank.open(`b${n}`, n);
    await bank.time.advanceAsync(20_000);
    assert.ok(bank.journal.partition("bank", 0).first > 3);
  });

  it("passivates idle accounts, cuts the journal, and finds the accounts again", async () => {
    const bank = new Bank({ idleMs: 1_000, tailBytesMax: 1_000 });
    await bank.start();
    for (let n = 0; n < 100; n++) await bank.open(`a${n}`, n);
    await bank.time.advanceAsync(20_000);
    assert.equal(
      bank.runtime.partitionStatuses().reduce((sum, { loaded }) => sum + loaded, 0),
      0,
    );
    assert.ok(bank.journal.partition("bank", 0).first > 1);
    assert.equal(await bank.balanceOf("a7"), 7);
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf("a9"), 9);
    assert.equal(
      (
        await bank.time.settle(
          bank.runtime.history({ namespace: "default", kind: "account", id: "a9" }, 0, 10),
        )
      ).length,
      1,
    );
  });

  it("counts each live account once, wherever it is stored, also after a crash", async () => {
    const bank = new Bank({ idleMs: 5_000, tailBytesMax: 1_000 });
    const live = (): number => bank.runtime.partitionStatuses().reduce((sum, status) => sum + status.live, 0);
    await bank.start();
    for (let n = 0; n < 20; n++) await bank.open(`a${n}`, 0);
    await bank.time.advanceAsync(400);
    for (const pauseMs of [0, 400, 20_000]) {
      bank.crash();
      await bank.start();
      assert.equal(live(), 20);
      await bank.time.advanceAsync(pauseMs);
    }
    for (let n = 0; n < 5; n++) await bank.execute(`a${n}`, close, {});
    assert.equal(live(), 15);
    for (const pauseMs of [0, 400, 20_000]) {
      bank.crash();
      await bank.start();
      assert.equal(live(), 15);
      await bank.time.advanceAsync(pauseMs);
    }
  });
});
