/** A command that is repeated under its idempotency key takes effect once and gets the first reply. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close, deposit, open, placeHold, withdraw } from "@tutti/machine-bank";
import { accountKey, Bank, codeOf, idsIn } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

const lives = {
  "at once": async () => {},
  "after it was put away": (bank: Bank) => bank.time.advanceAsync(25_000),
  "after a restart": async (bank: Bank) => {
    bank.crash();
    await bank.start();
  },
  "after it was put away and a restart": async (bank: Bank) => {
    await bank.time.advanceAsync(25_000);
    bank.crash();
    await bank.start();
  },
};

async function bankWithAda(limits = {}): Promise<Bank> {
  const bank = new Bank(limits);
  await bank.start();
  await bank.open(ada, 1_000);
  return bank;
}

for (const [when, then] of Object.entries(lives)) {
  describe(`a command that is repeated under its key ${when}`, () => {
    it("gets the first answer and takes effect only once", async () => {
      const bank = await bankWithAda();
      const first = await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      await bank.execute(ada, deposit, { amountCents: 100 });
      await then(bank);
      assert.deepEqual(await bank.execute(ada, deposit, { amountCents: 5 }, "k"), first);
      assert.equal(await bank.balanceOf(ada), 1_105);
    });

    it("is refused with another body, or as another command", async () => {
      const bank = await bankWithAda();
      await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      await then(bank);
      assert.equal(
        await bank.codeOf(bank.submit(ada, deposit, { amountCents: 6 }, "k")),
        "runtime.key_reused",
      );
      assert.equal(
        await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5 }, "k")),
        "runtime.key_reused",
      );
      assert.equal(await bank.balanceOf(ada), 1_005);
    });

    it("is done again when the time of the key is over", async () => {
      const bank = await bankWithAda({ keysKeptMs: 60_000 });
      await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      await then(bank);
      await bank.time.advanceAsync(60_000);
      await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      assert.equal(await bank.balanceOf(ada), 1_010);
    });

    it("is done again after 15 min if a client made the key for one call", async () => {
      const bank = await bankWithAda();
      const deposits = async (key: string) => {
        await bank.execute(ada, deposit, { amountCents: 5 }, key);
        return await bank.balanceOf(ada);
      };
      assert.deepEqual([await deposits("call_1"), await deposits("order-1")], [1_005, 1_010]);
      await then(bank);
      assert.deepEqual([await deposits("call_1"), await deposits("order-1")], [1_010, 1_010]);
      await bank.time.advanceAsync(15 * 60_000);
      assert.deepEqual([await deposits("call_1"), await deposits("order-1")], [1_015, 1_015]);
    });

    it("as the start of an instance is answered as started", async () => {
      const bank = await bankWithAda();
      const body = { owner: bob, product: "", balanceCents: 7 };
      await bank.execute(bob, open, body, "start");
      await then(bank);
      assert.equal(await bank.codeOf(bank.submit(bob, open, body, "start")), "done");
      assert.equal(await bank.codeOf(bank.submit(bob, open, body)), "bank.account_exists");
      assert.equal(await bank.balanceOf(bob), 7);
    });

    it("as the end of an instance is answered as ended", async () => {
      const bank = await bankWithAda();
      await bank.execute(ada, withdraw, { amountCents: 1_000 });
      await bank.execute(ada, close, {}, "end");
      await then(bank);
      assert.equal(await bank.codeOf(bank.submit(ada, close, {}, "end")), "done");
      assert.equal(await bank.codeOf(bank.submit(ada, close, {})), "bank.account_closed");
    });

    it("is answered like the first also when its instance was quarantined since", async () => {
      const poison = new Poison();
      const bank = new Bank({}, { machines: [poisonedAccount(poison)] });
      await bank.start();
      await bank.open(ada, 1_000);
      await bank.execute(ada, deposit, { amountCents: 5 }, "k");
      poison.decides.add("withdraw");
      await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5 }, "w"));
      await then(bank);
      assert.equal((await bank.execute(ada, deposit, { amountCents: 5 }, "k")).balanceCents, 1_005);
      assert.equal(
        await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5 }, "w")),
        "runtime.quarantined",
      );
    });
  });
}

describe("a key", () => {
  it("belongs to one instance: another instance can use the same key", async () => {
    const bank = await bankWithAda();
    await bank.open(bob, 0);
    await bank.execute(ada, deposit, { amountCents: 5 }, "k");
    await bank.execute(bob, deposit, { amountCents: 6 }, "k");
    assert.equal(await bank.balanceOf(ada), 1_005);
    assert.equal(await bank.balanceOf(bob), 6);
  });

  it("of a refusal is not remembered: the command may be done later", async () => {
    const bank = await bankWithAda();
    assert.equal(
      await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5_000 }, "k")),
      "bank.funds_missing",
    );
    await bank.execute(ada, deposit, { amountCents: 9_000 });
    assert.equal(await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5_000 }, "k")), "done");
    assert.equal(await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 5_000 }, "k")), "done");
    assert.equal(await bank.balanceOf(ada), 5_000);
  });

  it("also works within one turn", async () => {
    const bank = await bankWithAda();
    const deposits = Array.from({ length: 10 }, () => bank.submit(ada, deposit, { amountCents: 5 }, "k"));
    await bank.time.settle(Promise.all(deposits));
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("of a command whose batch was lost can be used again", async () => {
    const bank = await bankWithAda();
    bank.commits.fail("unknown-lost");
    assert.equal(
      await bank.codeOf(bank.submit(ada, placeHold, { amountCents: 5, periodMs: 1e9 }, "k")),
      "runtime.outcome_unknown",
    );
    await bank.execute(ada, deposit, { amountCents: 5 }, "k");
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("that is reused with an invalid body refuses only that call", async () => {
    const bank = await bankWithAda();
    await bank.open(bob, 0);
    await bank.execute(ada, deposit, { amountCents: 5 }, "k");
    const broken = codeOf(bank.submit(ada, open, { owner: 7 } as never, "k"));
    const other = codeOf(bank.submit(bob, deposit, { amountCents: 1 }));
    assert.deepEqual(await bank.time.settle(Promise.all([broken, other])), ["runtime.key_reused", "done"]);
    assert.deepEqual(bank.runtime.quarantined(), []);
  });

  it("is in the history", async () => {
    const bank = await bankWithAda();
    await bank.execute(ada, deposit, { amountCents: 5 }, "k");
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 3);
  });
});
