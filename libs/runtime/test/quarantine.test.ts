/** An instance whose code fails is quarantined, visible and repairable. Its partition continues. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { plainSearch } from "@tutti/journal/testing";
import {
  completeStatement,
  deposit,
  open,
  placeHold,
  requestStatement,
  transfer,
  withdraw,
} from "@tutti/machine-bank";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";
import { accountKey, Bank, codeOf } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";
import {
  ada,
  bob,
  crashAndStart,
  cyd,
  lives,
  poisonedBank,
  quarantinedIds,
  remote,
  repair,
  reset,
  retry,
  skip,
  terminate,
} from "./poisoned-bank.fixture.ts";

describe("a command on which deciding throws", () => {
  it("is refused with the error, as are later commands to that instance, while other instances continue", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`deposit ${ada}`);
    const submitted = [
      bank.submit(bob, deposit, { amountCents: 1 }),
      bank.submit(ada, withdraw, { amountCents: 100 }),
      bank.submit(ada, deposit, { amountCents: 5 }),
      bank.submit(ada, withdraw, { amountCents: 1 }),
      bank.submit(bob, deposit, { amountCents: 2 }),
    ].map(codeOf);
    assert.deepEqual(await bank.time.settle(Promise.all(submitted)), [
      "done",
      "done",
      "runtime.quarantined",
      "runtime.quarantined",
      "done",
    ]);
    assert.equal(await bank.balanceOf(bob), 1_003);
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.quarantined");
    assert.deepEqual(quarantinedIds(bank), [ada]);
    assert.equal(bank.runtime.partitionStatuses()[0]?.quarantined, 1);
  });

  it("is in the history, with the command, the error, the actor and the time", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    const [instance] = bank.runtime.quarantined();
    assert.equal(instance?.quarantine?.reason.on, "deposit");
    assert.match(instance?.quarantine?.reason.error?.message ?? "", /poison in deposit/);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 2);
  });

  it("shows in lists as quarantined", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    await bank.time.advanceAsync(1_000);
    const page = await bank.time.settle(
      bank.archive.search({ ...plainSearch, statuses: [WorkStatus.WORK_STATUS_QUARANTINED] }),
    );
    assert.deepEqual(
      page.entries.map(({ key }) => key.id),
      [ada],
    );
  });

  it("as the first command of an instance leaves nothing behind", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`open ${cyd}`);
    const body = { owner: cyd, product: "", balanceCents: 0 };
    const before = bank.head(0);
    assert.equal(await bank.codeOf(bank.submit(cyd, open, body)), "runtime.never_began");
    assert.equal(bank.head(0), before);
    poison.cure();
    assert.equal(await bank.codeOf(bank.submit(cyd, open, body)), "done");
  });
});

describe("a command on which deciding throws at its very end", () => {
  it("leaves no message, effect or timer of its decision", async () => {
    for (const [command, body] of [
      [transfer, { to: remote, amountCents: 10 }],
      [requestStatement, {}],
      [placeHold, { amountCents: 10, periodMs: 1_000 }],
    ] as const) {
      const { bank, poison } = await poisonedBank();
      poison.ends.add(command.type);
      // biome-ignore lint/suspicious/noExplicitAny: a command of the table above
      assert.equal(await bank.codeOf(bank.submit(ada, command as any, body)), "runtime.quarantined");
      poison.cure();
      await bank.time.advanceAsync(3_000);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(3_000);
      assert.equal(await bank.balanceOf(ada), 1_000);
      assert.equal(await bank.balanceOf(remote), 1_000);
      assert.equal(bank.dispatched.length, 0);
    }
  });
});

describe("an event on which folding throws", () => {
  it("in the middle of a turn undoes its own command and no other", async () => {
    const { bank, poison } = await poisonedBank();
    poison.folds.add(`money_withdrawn ${ada}`);
    const submitted = [
      bank.submit(ada, deposit, { amountCents: 5 }),
      bank.submit(bob, deposit, { amountCents: 5 }),
      bank.submit(ada, withdraw, { amountCents: 100 }),
      bank.submit(bob, deposit, { amountCents: 5 }),
    ].map(codeOf);
    assert.deepEqual(await bank.time.settle(Promise.all(submitted)), [
      "done",
      "done",
      "runtime.quarantined",
      "done",
    ]);
    poison.cure();
    await repair(bank, ada, skip);
    assert.equal(await bank.balanceOf(ada), 1_005);
    assert.equal(await bank.balanceOf(bob), 1_010);
    await crashAndStart(bank);
    assert.equal(await bank.balanceOf(ada), 1_005);
    assert.equal(await bank.balanceOf(bob), 1_010);
  });

  it("leaves no message, effect or timer of the command behind", async () => {
    for (const [event, command, body] of [
      ["transfer_started", transfer, { to: remote, amountCents: 10 }],
      ["statement_requested", requestStatement, {}],
      ["hold_placed", placeHold, { amountCents: 10, periodMs: 1_000 }],
    ] as const) {
      const { bank, poison } = await poisonedBank();
      poison.folds.add(event);
      // biome-ignore lint/suspicious/noExplicitAny: a command of the table above
      assert.equal(await bank.codeOf(bank.submit(ada, command as any, body)), "runtime.quarantined");
      poison.cure();
      await bank.time.advanceAsync(10_000);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(10_000);
      assert.equal(await bank.balanceOf(ada), 1_000);
      assert.equal(await bank.balanceOf(remote), 1_000);
      assert.equal(bank.dispatched.length, 0);
    }
  });

  it("of the first command of an instance leaves no timer behind", async () => {
    const poison = new Poison();
    const bank = new Bank({}, { machines: [withTimer(poisonedAccount(poison), "account_opened", 1e13)] });
    await bank.start();
    poison.folds.add("account_opened");
    const body = { owner: cyd, product: "", balanceCents: 0 };
    assert.equal(await bank.codeOf(bank.submit(cyd, open, body)), "runtime.never_began");
    assert.equal(bank.memoryOf(cyd)?.timers.size, 0);
    poison.cure();
    assert.equal(await bank.codeOf(bank.submit(cyd, open, body)), "done");
  });
});

describe("an invalid timer or effect", () => {
  it("quarantines its own instance, and timers of other instances expire on time", async () => {
    for (const periodMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { bank } = await poisonedBank(
        {},
        { machines: [withTimer(poisonedAccount(new Poison()), "money_deposited", periodMs)] },
      );
      await bank.execute(bob, placeHold, { amountCents: 10, periodMs: 5_000 });
      const code = await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
      assert.equal(code, "runtime.quarantined");
      await bank.time.advanceAsync(4_999);
      assert.equal(await bank.balanceOf(bob), 990);
      await bank.time.advanceAsync(1);
      assert.equal(await bank.balanceOf(bob), 1_000);
    }
  });
});

/** An event of this type also sets a timer. */
function withTimer(machine: AnyMachine, type: string, dueMs: number): AnyMachine {
  for (const event of machine.events.filter((candidate) => candidate.type === type)) {
    const { evolve } = event;
    Object.assign(event, {
      evolve(...[state, body, outstanding]: Parameters<typeof evolve>) {
        outstanding.timer(99, dueMs);
        evolve(state, body, outstanding);
      },
    });
  }
  return machine;
}

describe("a message on which deciding throws", () => {
  it("waits in its instance, and the channel continues", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`credit ${ada}`);
    await bank.execute(remote, transfer, { to: ada, amountCents: 10 });
    await bank.execute(remote, transfer, { to: bob, amountCents: 20 });
    await bank.execute(remote, transfer, { to: ada, amountCents: 30 });
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(bob), 1_020);
    assert.deepEqual(quarantinedIds(bank), [ada]);
    poison.cure();
    await repair(bank, ada, retry);
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(ada), 1_040);
    assert.equal(await bank.balanceOf(remote), 940);
  });
});

describe("a timer on which deciding throws", () => {
  it("quarantines its instance, does not expire again until the repair, and then does", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.execute(ada, placeHold, { amountCents: 100, periodMs: 1_000 });
    poison.expires.add("expire");
    await bank.time.advanceAsync(25_000);
    assert.deepEqual(quarantinedIds(bank), [ada]);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 3);
    poison.cure();
    await repair(bank, ada, retry);
    await bank.time.advanceAsync(1_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });
});

for (const [when, then] of Object.entries(lives)) {
  describe(`a quarantined instance, ${when},`, () => {
    async function quarantinedBank() {
      const { bank, poison } = await poisonedBank();
      await bank.execute(ada, deposit, { amountCents: 5 });
      poison.decides.add(`withdraw ${ada}`);
      await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 100 }));
      poison.cure();
      return { bank, poison };
    }

    it("is still listed as quarantined", async () => {
      const { bank } = await quarantinedBank();
      await then(bank);
      assert.deepEqual(quarantinedIds(bank), [ada]);
      assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
    });

    it("continues with the command that failed when it is tried again", async () => {
      const { bank } = await quarantinedBank();
      await then(bank);
      await repair(bank, ada, retry);
      assert.equal(await bank.balanceOf(ada), 905);
      assert.deepEqual(quarantinedIds(bank), []);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 905);
    });

    it("continues without the command that failed when it is skipped", async () => {
      const { bank } = await quarantinedBank();
      await then(bank);
      await repair(bank, ada, skip);
      assert.equal(await bank.balanceOf(ada), 1_005);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_005);
    });

    it("continues from an earlier event when it is set back", async () => {
      const { bank } = await quarantinedBank();
      await then(bank);
      await repair(bank, ada, reset, 1);
      assert.equal(await bank.balanceOf(ada), 1_000);
      await bank.execute(ada, deposit, { amountCents: 7 });
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_007);
    });

    it("ends when it is terminated, and accepts nothing more", async () => {
      const { bank } = await quarantinedBank();
      await then(bank);
      const live = bank.runtime.partitionStatuses()[0]?.live ?? 0;
      await repair(bank, ada, terminate);
      assert.equal(bank.runtime.partitionStatuses()[0]?.live, live - 1);
      assert.deepEqual(quarantinedIds(bank), []);
      await then(bank);
      assert.equal(bank.runtime.partitionStatuses()[0]?.live, live - 1);
      assert.notEqual(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "done");
    });

    it("stays quarantined when the repair fails in the same way", async () => {
      const { bank, poison } = await quarantinedBank();
      poison.decides.add("withdraw");
      await then(bank);
      assert.equal(await bank.codeOf(repair(bank, ada, retry)), "runtime.still_fails");
      assert.deepEqual(quarantinedIds(bank), [ada]);
      await then(bank);
      assert.deepEqual(quarantinedIds(bank), [ada]);
      poison.cure();
      await repair(bank, ada, retry);
      assert.equal(await bank.balanceOf(ada), 905);
    });

    it("processes messages that arrived meanwhile in order after the repair", async () => {
      const { bank } = await quarantinedBank();
      await bank.execute(remote, transfer, { to: ada, amountCents: 10 });
      await bank.execute(remote, transfer, { to: ada, amountCents: 20 });
      await bank.time.advanceAsync(2_000);
      await then(bank);
      await bank.execute(remote, transfer, { to: ada, amountCents: 30 });
      await bank.time.advanceAsync(2_000);
      await then(bank);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(2_000);
      assert.equal(await bank.balanceOf(ada), 1_065);
      assert.equal(await bank.balanceOf(remote), 940);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_065);
      const state = await bank.time.settle(bank.runtime.stateAt(accountKey(remote), 0));
      assert.deepEqual((state.projection as { transfers: unknown }).transfers, []);
    });

    it("keeps the remaining messages waiting if one that arrived meanwhile also fails", async () => {
      const { bank, poison } = await quarantinedBank();
      for (const amountCents of [10, 20, 30]) await bank.execute(remote, transfer, { to: ada, amountCents });
      await bank.time.advanceAsync(2_000);
      poison.decides.add("credit");
      await repair(bank, ada, skip);
      assert.deepEqual(quarantinedIds(bank), [ada]);
      await then(bank);
      assert.deepEqual(quarantinedIds(bank), [ada]);
      poison.cure();
      await repair(bank, ada, retry);
      await bank.time.advanceAsync(2_000);
      assert.equal(await bank.balanceOf(ada), 1_065);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_065);
    });

    it("accepts the result of an outstanding effect after the repair", async () => {
      const { bank, poison } = await poisonedBank();
      await bank.execute(ada, requestStatement, {});
      const token = bank.dispatched[0]?.token;
      assert.ok(token);
      poison.decides.add("deposit");
      await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
      assert.deepEqual(bank.withdrawn, [token]);
      poison.cure();
      await bank.settle(token, completeStatement, { pages: 2 });
      await then(bank);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(1_000);
      const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 0));
      assert.equal((projection as { statementsCompleted: number }).statementsCompleted, 1);
      assert.equal(await bank.settle(token, completeStatement, { pages: 2 }), "ignored");
    });

    it("starts its effects again and sets its timers after the repair", async () => {
      const { bank, poison } = await poisonedBank();
      await bank.execute(ada, requestStatement, {});
      await bank.execute(ada, placeHold, { amountCents: 100, periodMs: 20_000 });
      poison.decides.add("deposit");
      await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
      poison.cure();
      await then(bank);
      bank.dispatched.length = 0;
      await bank.time.advanceAsync(30_000);
      assert.equal(bank.dispatched.length, 0);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(1);
      assert.equal(bank.dispatched.length, 1);
      assert.equal(await bank.balanceOf(ada), 1_000);
    });
  });
}
