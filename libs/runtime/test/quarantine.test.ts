/** An instance whose code fails is kept aside, visible and repairable; its partition goes on. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RepairAction } from "@tutti/contracts/runtime/v1";
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
import { runtimeLimits } from "../src/index.ts";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";
import { accountKey, Bank, codeOf, idsIn, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = "", cyd = ""] = idsIn(0, 3);
const [far = ""] = idsIn(1, 1);
const retry = RepairAction.REPAIR_ACTION_RETRY;
const skip = RepairAction.REPAIR_ACTION_SKIP;
const reset = RepairAction.REPAIR_ACTION_RESET;
const terminate = RepairAction.REPAIR_ACTION_TERMINATE;

async function poisonedBank(limits = {}, overrides = {}) {
  const poison = new Poison();
  const bank = new Bank(limits, { machines: [poisonedAccount(poison)], ...overrides });
  await bank.start();
  await bank.open(ada, 1_000);
  await bank.open(bob, 1_000);
  await bank.open(far, 1_000);
  return { bank, poison };
}

function repair(bank: Bank, id: string, action: RepairAction, event = 0) {
  return bank.time.settle(bank.runtime.repair({ key: accountKey(id), action, event, cause: tester }));
}

function quarantinedIds(bank: Bank): string[] {
  return bank.runtime.quarantined().map(({ key }) => key.id);
}

async function crashAndStart(bank: Bank): Promise<void> {
  bank.crash();
  await bank.start();
}

/** After each of these the same is expected: memory, journal and archive tell the same story. */
const lives = {
  "at once": async () => {},
  "after a while": (bank: Bank) => bank.time.advanceAsync(25_000),
  "after a crash": crashAndStart,
  "after a crash behind a cut": async (bank: Bank) => {
    await bank.time.advanceAsync(25_000);
    await crashAndStart(bank);
  },
};

describe("a command on which deciding throws", () => {
  it("is refused with what went wrong, and so is everything after it; others go on", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`deposit ${ada}`);
    const told = [
      bank.begin(bob, deposit, { amountCents: 1 }),
      bank.begin(ada, withdraw, { amountCents: 100 }),
      bank.begin(ada, deposit, { amountCents: 5 }),
      bank.begin(ada, withdraw, { amountCents: 1 }),
      bank.begin(bob, deposit, { amountCents: 2 }),
    ].map(codeOf);
    assert.deepEqual(await bank.time.settle(Promise.all(told)), [
      "done",
      "done",
      "runtime.quarantined",
      "runtime.quarantined",
      "done",
    ]);
    assert.equal(await bank.balanceOf(bob), 1_003);
    assert.equal(await bank.codeOf(bank.askBalance(ada)), "runtime.quarantined");
    assert.deepEqual(quarantinedIds(bank), [ada]);
    assert.equal(bank.runtime.standings()[0]?.quarantined, 1);
  });

  it("is in the history, with the command and the error, by whom and when", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 5 }));
    const [instance] = bank.runtime.quarantined();
    assert.equal(instance?.quarantine?.reason.on, "deposit");
    assert.match(instance?.quarantine?.reason.error?.message ?? "", /poison in deposit/);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 2);
  });

  it("shows in lists as quarantined", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 5 }));
    await bank.time.advanceAsync(1_000);
    const page = await bank.time.settle(
      bank.archive.search({ ...plainSearch, statuses: [WorkStatus.WORK_STATUS_QUARANTINED] }),
    );
    assert.deepEqual(
      page.entries.map(({ key }) => key.id),
      [ada],
    );
  });

  it("as the first one of an instance leaves nothing behind", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`open ${cyd}`);
    const body = { owner: cyd, product: "", balanceCents: 0 };
    const before = bank.head(0);
    assert.equal(await bank.codeOf(bank.begin(cyd, open, body)), "runtime.never_began");
    assert.equal(bank.head(0), before);
    poison.cure();
    assert.equal(await bank.codeOf(bank.begin(cyd, open, body)), "done");
  });
});

describe("a command on which deciding throws at its very end", () => {
  it("leaves no letter, effect or timer of what it had decided", async () => {
    for (const [command, body] of [
      [transfer, { to: far, amountCents: 10 }],
      [requestStatement, {}],
      [placeHold, { amountCents: 10, periodMs: 1_000 }],
    ] as const) {
      const { bank, poison } = await poisonedBank();
      poison.ends.add(command.type);
      // biome-ignore lint/suspicious/noExplicitAny: a command of the table above
      assert.equal(await bank.codeOf(bank.begin(ada, command as any, body)), "runtime.quarantined");
      poison.cure();
      await bank.time.advanceAsync(3_000);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(3_000);
      assert.equal(await bank.balanceOf(ada), 1_000);
      assert.equal(await bank.balanceOf(far), 1_000);
      assert.equal(bank.dispatched.length, 0);
    }
  });
});

describe("an event on which folding throws", () => {
  it("halfway through a turn takes its own command back and no other", async () => {
    const { bank, poison } = await poisonedBank();
    poison.folds.add(`money_withdrawn ${ada}`);
    const told = [
      bank.begin(ada, deposit, { amountCents: 5 }),
      bank.begin(bob, deposit, { amountCents: 5 }),
      bank.begin(ada, withdraw, { amountCents: 100 }),
      bank.begin(bob, deposit, { amountCents: 5 }),
    ].map(codeOf);
    assert.deepEqual(await bank.time.settle(Promise.all(told)), [
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

  it("leaves no letter, effect or timer of the command behind", async () => {
    for (const [event, command, body] of [
      ["transfer_started", transfer, { to: far, amountCents: 10 }],
      ["statement_requested", requestStatement, {}],
      ["hold_placed", placeHold, { amountCents: 10, periodMs: 1_000 }],
    ] as const) {
      const { bank, poison } = await poisonedBank();
      poison.folds.add(event);
      // biome-ignore lint/suspicious/noExplicitAny: a command of the table above
      assert.equal(await bank.codeOf(bank.begin(ada, command as any, body)), "runtime.quarantined");
      poison.cure();
      await bank.time.advanceAsync(10_000);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(10_000);
      assert.equal(await bank.balanceOf(ada), 1_000);
      assert.equal(await bank.balanceOf(far), 1_000);
      assert.equal(bank.dispatched.length, 0);
    }
  });

  it("of the first command of an instance leaves no timer behind", async () => {
    const poison = new Poison();
    const bank = new Bank({}, { machines: [withTimer(poisonedAccount(poison), "account_opened", 1e13)] });
    await bank.start();
    poison.folds.add("account_opened");
    const body = { owner: cyd, product: "", balanceCents: 0 };
    assert.equal(await bank.codeOf(bank.begin(cyd, open, body)), "runtime.never_began");
    assert.equal(bank.memoryOf(cyd)?.timers.size, 0);
    poison.cure();
    assert.equal(await bank.codeOf(bank.begin(cyd, open, body)), "done");
  });
});

describe("a timer or an effect that makes no sense", () => {
  it("keeps its own instance aside, and the timers of the others come at their moments", async () => {
    for (const periodMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { bank } = await poisonedBank(
        {},
        { machines: [withTimer(poisonedAccount(new Poison()), "money_deposited", periodMs)] },
      );
      await bank.do(bob, placeHold, { amountCents: 10, periodMs: 5_000 });
      const code = await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
      assert.equal(code, "runtime.quarantined");
      await bank.time.advanceAsync(4_999);
      assert.equal(await bank.balanceOf(bob), 990);
      await bank.time.advanceAsync(1);
      assert.equal(await bank.balanceOf(bob), 1_000);
    }
  });
});

/** An event of this type sets a timer besides. */
function withTimer(machine: AnyMachine, type: string, dueMs: number): AnyMachine {
  for (const event of machine.events.filter((one) => one.type === type)) {
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

describe("a letter on which deciding throws", () => {
  it("waits in its instance, and the channel goes on", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`credit ${ada}`);
    await bank.do(far, transfer, { to: ada, amountCents: 10 });
    await bank.do(far, transfer, { to: bob, amountCents: 20 });
    await bank.do(far, transfer, { to: ada, amountCents: 30 });
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(bob), 1_020);
    assert.deepEqual(quarantinedIds(bank), [ada]);
    poison.cure();
    await repair(bank, ada, retry);
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(ada), 1_040);
    assert.equal(await bank.balanceOf(far), 940);
  });
});

describe("a timer on which deciding throws", () => {
  it("keeps its instance aside, does not come again until the repair, and then does", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.do(ada, placeHold, { amountCents: 100, periodMs: 1_000 });
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
    async function setAside() {
      const { bank, poison } = await poisonedBank();
      await bank.do(ada, deposit, { amountCents: 5 });
      poison.decides.add(`withdraw ${ada}`);
      await bank.codeOf(bank.begin(ada, withdraw, { amountCents: 100 }));
      poison.cure();
      return { bank, poison };
    }

    it("is still there to be seen", async () => {
      const { bank } = await setAside();
      await then(bank);
      assert.deepEqual(quarantinedIds(bank), [ada]);
      assert.equal(await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
    });

    it("goes on with the command that failed when it is tried again", async () => {
      const { bank } = await setAside();
      await then(bank);
      await repair(bank, ada, retry);
      assert.equal(await bank.balanceOf(ada), 905);
      assert.deepEqual(quarantinedIds(bank), []);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 905);
    });

    it("goes on without the command that failed when it is skipped", async () => {
      const { bank } = await setAside();
      await then(bank);
      await repair(bank, ada, skip);
      assert.equal(await bank.balanceOf(ada), 1_005);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_005);
    });

    it("goes on from an earlier event when it is set back", async () => {
      const { bank } = await setAside();
      await then(bank);
      await repair(bank, ada, reset, 1);
      assert.equal(await bank.balanceOf(ada), 1_000);
      await bank.do(ada, deposit, { amountCents: 7 });
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_007);
    });

    it("ends when it is terminated, and takes nothing more", async () => {
      const { bank } = await setAside();
      await then(bank);
      const live = bank.runtime.standings()[0]?.live ?? 0;
      await repair(bank, ada, terminate);
      assert.equal(bank.runtime.standings()[0]?.live, live - 1);
      assert.deepEqual(quarantinedIds(bank), []);
      await then(bank);
      assert.equal(bank.runtime.standings()[0]?.live, live - 1);
      assert.notEqual(await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 })), "done");
    });

    it("stays as it was when the repair fails in the same way", async () => {
      const { bank, poison } = await setAside();
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

    it("does what came meanwhile in its order after the repair", async () => {
      const { bank } = await setAside();
      await bank.do(far, transfer, { to: ada, amountCents: 10 });
      await bank.do(far, transfer, { to: ada, amountCents: 20 });
      await bank.time.advanceAsync(2_000);
      await then(bank);
      await bank.do(far, transfer, { to: ada, amountCents: 30 });
      await bank.time.advanceAsync(2_000);
      await then(bank);
      await repair(bank, ada, skip);
      await bank.time.advanceAsync(2_000);
      assert.equal(await bank.balanceOf(ada), 1_065);
      assert.equal(await bank.balanceOf(far), 940);
      await then(bank);
      assert.equal(await bank.balanceOf(ada), 1_065);
      const state = await bank.time.settle(bank.runtime.stateAt(accountKey(far), 0));
      assert.deepEqual((state.projection as { transfers: unknown }).transfers, []);
    });

    it("keeps the rest waiting when what came meanwhile fails too", async () => {
      const { bank, poison } = await setAside();
      for (const amountCents of [10, 20, 30]) await bank.do(far, transfer, { to: ada, amountCents });
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

    it("takes the result of an effect that was under way after the repair", async () => {
      const { bank, poison } = await poisonedBank();
      await bank.do(ada, requestStatement, {});
      const token = bank.dispatched[0]?.token;
      assert.ok(token);
      poison.decides.add("deposit");
      await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
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

    it("begins its effects again and sets its timers after the repair", async () => {
      const { bank, poison } = await poisonedBank();
      await bank.do(ada, requestStatement, {});
      await bank.do(ada, placeHold, { amountCents: 100, periodMs: 20_000 });
      poison.decides.add("deposit");
      await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
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

describe("a repair", () => {
  it("of what goes on is refused", async () => {
    const { bank } = await poisonedBank();
    assert.equal(await bank.codeOf(repair(bank, ada, skip)), "runtime.not_quarantined");
  });

  it("of what does not exist is refused", async () => {
    const { bank } = await poisonedBank();
    assert.equal(await bank.codeOf(repair(bank, cyd, skip)), "runtime.unknown_instance");
  });

  it("to an event that does not count is refused", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    for (const event of [0, -1, 1.5, 2, 99]) {
      assert.equal(await bank.codeOf(repair(bank, ada, reset, event)), "runtime.no_such_event");
    }
  });

  it("done by two at once is done once", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    poison.cure();
    const both = [1, 2].map(() =>
      codeOf(bank.runtime.repair({ key: accountKey(ada), action: retry, event: 0, cause: tester })),
    );
    assert.deepEqual(await bank.time.settle(Promise.all(both)), ["done", "runtime.not_quarantined"]);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  for (const [when, then] of Object.entries(lives)) {
    it(`under a key is answered like the first time when it is repeated ${when}`, async () => {
      const { bank, poison } = await poisonedBank();
      poison.decides.add(`deposit ${ada}`);
      await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
      const keyed = (reason = "cured") =>
        bank.time.settle(
          bank.runtime.repair({
            ...{ key: accountKey(ada), action: retry, event: 0 },
            ...{ cause: { ...tester, reason }, idempotencyKey: "k1" },
          }),
        );
      assert.equal(await bank.codeOf(keyed()), "runtime.still_fails");
      poison.cure();
      const first = await keyed();
      assert.deepEqual(first, { status: WorkStatus.WORK_STATUS_RUNNING, event: 5 });
      await then(bank);
      assert.deepEqual(await keyed(), first);
      assert.equal(await bank.codeOf(keyed("for another reason")), "runtime.key_reused");
      assert.equal(await bank.balanceOf(ada), 1_001);
      await bank.time.advanceAsync(runtimeLimits.keysKeptMs);
      assert.equal(await bank.codeOf(keyed()), "runtime.not_quarantined");
    });
  }

  it("under one key done by two at once is done once, and both are told the same", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    poison.cure();
    const asked = { key: accountKey(ada), action: retry, event: 0, cause: tester, idempotencyKey: "k1" };
    const both = [1, 2].map(() => bank.runtime.repair(asked));
    const [one, other] = await bank.time.settle(Promise.all(both));
    assert.deepEqual(one, other);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  it("that waits while the partition is loaded again is answered", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    poison.cure();
    bank.commits.hold();
    bank.commits.fail("unknown-lost");
    const lost = codeOf(bank.begin(bob, deposit, { amountCents: 1 }));
    await bank.time.flush();
    const repaired = codeOf(
      bank.runtime.repair({ key: accountKey(ada), action: retry, event: 0, cause: tester }),
    );
    bank.commits.open();
    assert.equal(await bank.time.settle(lost), "runtime.outcome_unknown");
    const code = await bank.time.settle(repaired);
    if (code !== "done") await repair(bank, ada, retry).catch(() => undefined);
    assert.equal(await bank.balanceOf(ada), 1_001);
  });

  it("under traffic of letters to the instance works at the first try", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add(`deposit ${ada}`);
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    poison.cure();
    bank.commits.hold();
    const sent = [1, 2, 3].map((amountCents) => bank.begin(far, transfer, { to: ada, amountCents }));
    await bank.time.flush();
    bank.commits.letThrough();
    await bank.time.flush();
    const repaired = bank.runtime.repair({ key: accountKey(ada), action: skip, event: 0, cause: tester });
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(Promise.all([repaired, ...sent]));
    await bank.time.advanceAsync(5_000);
    assert.equal(await bank.balanceOf(ada), 1_006);
  });

  it("to a state that its code cannot use is refused, and changes nothing", async () => {
    for (const kind of ["recovers", "describes"] as const) {
      const { bank, poison } = await poisonedBank();
      poison.decides.add("deposit");
      await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
      poison.cure();
      poison[kind].add(`${kind.slice(0, -1)} ${ada}`);
      const before = bank.head(0);
      assert.equal(await bank.codeOf(repair(bank, ada, skip)), "runtime.still_fails");
      assert.equal(bank.head(0), before);
      poison.cure();
      await repair(bank, ada, skip);
      assert.equal(await bank.balanceOf(ada), 1_000);
    }
  });

  it("that the archive fails is refused as that, and can be tried again", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    poison.cure();
    let failures = 1;
    bank.archiveFault = (operation) => (operation === "load" && failures-- > 0 ? "lost" : undefined);
    assert.equal(await bank.codeOf(repair(bank, ada, skip)), "archive.failed");
    await repair(bank, ada, skip);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("says by whom it was done", async () => {
    const { bank, poison } = await poisonedBank();
    poison.decides.add("deposit");
    await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    await repair(bank, ada, skip);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    assert.equal(records.length, 3);
  });
});

describe("a release that cannot fold what an earlier one wrote", () => {
  async function written() {
    const { bank, poison } = await poisonedBank();
    await bank.do(ada, deposit, { amountCents: 5 });
    await bank.do(ada, withdraw, { amountCents: 100 });
    await bank.do(ada, deposit, { amountCents: 50 });
    bank.crash();
    poison.folds.add(`money_withdrawn ${ada}`);
    await bank.start();
    return { bank, poison };
  }

  it("keeps the instance aside and the partition at work", async () => {
    const { bank } = await written();
    assert.deepEqual(quarantinedIds(bank), [ada]);
    assert.equal(await bank.balanceOf(bob), 1_000);
    assert.equal(await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
  });

  it("is followed by a mended one that has everything", async () => {
    const { bank, poison } = await written();
    bank.crash();
    poison.cure();
    await bank.start();
    assert.deepEqual(quarantinedIds(bank), []);
    assert.equal(await bank.balanceOf(ada), 955);
  });

  it("parks letters durably for the mended one", async () => {
    const { bank, poison } = await written();
    await bank.do(far, transfer, { to: ada, amountCents: 10 });
    await bank.time.advanceAsync(5_000);
    bank.crash();
    poison.cure();
    await bank.start();
    await bank.time.advanceAsync(5_000);
    if (quarantinedIds(bank).includes(ada)) await repair(bank, ada, retry);
    await bank.time.advanceAsync(5_000);
    assert.equal(await bank.balanceOf(ada), 965);
  });

  for (const [name, action, event, expected] of [
    ["set back before the event", reset, 2, 1_005],
    ["told to skip the event", skip, 0, 1_005],
  ] as const) {
    it(`goes on, ${name}, also when it starts again, and so does the mended one`, async () => {
      const { bank, poison } = await written();
      await repair(bank, ada, action, event);
      assert.equal(await bank.balanceOf(ada), expected);
      await bank.do(ada, deposit, { amountCents: 1 });
      await crashAndStart(bank);
      assert.deepEqual(quarantinedIds(bank), []);
      assert.equal(await bank.balanceOf(ada), expected + 1);
      assert.equal(await bank.balanceOf(bob), 1_000);
      bank.crash();
      poison.cure();
      await bank.start();
      assert.equal(await bank.balanceOf(ada), expected + 1);
    });
  }

  it("is terminated for good, also when it starts again", async () => {
    const { bank } = await written();
    await repair(bank, ada, terminate);
    await crashAndStart(bank);
    assert.equal(await bank.balanceOf(bob), 1_000);
    assert.notEqual(await bank.codeOf(bank.begin(ada, deposit, { amountCents: 1 })), "done");
  });
});

describe("code that fails beside deciding and folding", () => {
  /** The others of the partition notice nothing. */
  async function othersGoOn(bank: Bank): Promise<void> {
    assert.equal(await bank.codeOf(bank.begin(bob, deposit, { amountCents: 1 })), "done");
  }

  it("in making a new state refuses that command alone", async () => {
    const { bank, poison } = await poisonedBank();
    poison.creates.add(`create ${cyd}`);
    const other = codeOf(bank.begin(bob, deposit, { amountCents: 1 }));
    const code = codeOf(bank.begin(cyd, open, { owner: cyd, product: "", balanceCents: 0 }));
    assert.equal(await bank.time.settle(other), "done");
    assert.equal(await bank.time.settle(code), "runtime.never_began");
  });

  it("in describing keeps that instance aside alone", async () => {
    const { bank, poison } = await poisonedBank();
    poison.describes.add(`describe ${cyd}`);
    const other = codeOf(bank.begin(bob, deposit, { amountCents: 1 }));
    void bank.begin(cyd, open, { owner: cyd, product: "", balanceCents: 0 });
    assert.equal(await bank.time.settle(other), "done");
    await othersGoOn(bank);
  });

  it("in writing a state loses nothing of the others, and the journal is not cut before it", async () => {
    const { bank, poison } = await poisonedBank({ tailBytesMax: 1 });
    poison.encodes.add(`encode ${cyd}`);
    await bank.do(ada, deposit, { amountCents: 5 });
    await bank.open(cyd, 7);
    await bank.do(bob, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(30_000);
    await othersGoOn(bank);
    assert.deepEqual(quarantinedIds(bank), [cyd]);
    await crashAndStart(bank);
    assert.equal(await bank.balanceOf(ada), 1_005);
    assert.equal(await bank.balanceOf(bob), 1_006);
    bank.crash();
    poison.cure();
    await bank.start();
    assert.equal(await bank.balanceOf(cyd), 7);
  });

  it("in reading a state that was put away concerns that instance alone", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false);
    poison.decodes.add(`decode ${ada}`);
    const other = codeOf(bank.begin(bob, deposit, { amountCents: 1 }));
    const code = codeOf(bank.begin(ada, deposit, { amountCents: 1 }));
    await bank.time.advanceAsync(30_000);
    assert.equal(await bank.time.settle(other), "done");
    assert.notEqual(await bank.time.settle(code), "done");
    await othersGoOn(bank);
    poison.cure();
  });

  it("in reading a state that the journal goes on from does not keep the partition from loading", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.time.advanceAsync(25_000);
    await bank.do(ada, deposit, { amountCents: 1 });
    bank.crash();
    poison.decodes.add(`decode ${ada}`);
    bank.make();
    const started = bank.runtime.start();
    await bank.time.advanceAsync(30_000);
    await bank.time.settle(started);
    await othersGoOn(bank);
  });

  it("in saying what is outstanding does not keep the partition from loading", async () => {
    const { bank, poison } = await poisonedBank();
    bank.crash();
    poison.recovers.add(`recover ${ada}`);
    bank.make();
    const started = bank.runtime.start();
    await bank.time.advanceAsync(30_000);
    await bank.time.settle(started);
    await othersGoOn(bank);
    assert.deepEqual(quarantinedIds(bank), [ada]);
  });
});
