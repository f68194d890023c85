/** Effects are started when they are durable, again after a restart, and settled once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RepairAction } from "@tutti/contracts/runtime/v1";
import type { Command } from "@tutti/kernel";
import {
  account,
  cancelStatement,
  close,
  completeStatement,
  deposit,
  failStatement,
  open,
  requestStatement,
} from "@tutti/machine-bank";
import { type EffectToken, isStillAwaited, runtimeLimits } from "../src/index.ts";
import { accountKey, Bank, idsIn, partitionOf, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

async function bankWithStatement(overrides = {}): Promise<{ bank: Bank; token: EffectToken }> {
  const bank = new Bank({}, overrides);
  await bank.start();
  await bank.open(ada, 0);
  await bank.execute(ada, requestStatement, {});
  const token = bank.dispatched[0]?.token;
  assert.ok(token);
  return { bank, token };
}

async function restart(bank: Bank): Promise<void> {
  bank.crash();
  bank.dispatched.length = 0;
  bank.withdrawn.length = 0;
  await bank.start();
  await bank.time.advanceAsync(1);
}

async function statementsOf(bank: Bank): Promise<number> {
  const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 0));
  return (projection as { statementsCompleted: number }).statementsCompleted;
}

describe("an effect", () => {
  it("is dispatched once, with its description, its instance and a token", async () => {
    const { bank, token } = await bankWithStatement();
    await bank.time.advanceAsync(60_000);
    assert.equal(bank.dispatched.length, 1);
    const [due] = bank.dispatched;
    assert.deepEqual(due?.key, accountKey(ada));
    assert.deepEqual(due?.effect, { kind: "print_statement", statement: 1 });
    assert.equal(token.partition, partitionOf(ada));
    assert.equal(token.number, 1);
  });

  it("is settled by its token alone, once", async () => {
    const { bank, token } = await bankWithStatement();
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
    assert.equal(await statementsOf(bank), 1);
    assert.deepEqual(bank.withdrawn, []);
  });

  it("can be checked without an event: it is awaited until it is settled, also after its partition reloads", async () => {
    const { bank, token } = await bankWithStatement();
    const events = async () => (await bank.time.settle(bank.runtime.instanceOf(accountKey(ada)))).events;
    const before = await events();
    assert.equal(await bank.settle(token, isStillAwaited, undefined), "done");
    assert.equal(
      await bank.settle({ ...token, attempt: token.attempt + 1 }, isStillAwaited, undefined),
      "ignored",
    );
    await restart(bank);
    assert.equal(await bank.settle(token, isStillAwaited, undefined), "done");
    assert.equal(await events(), before);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
    assert.equal(await bank.settle(token, isStillAwaited, undefined), "ignored");
    await restart(bank);
    assert.equal(await bank.settle(token, isStillAwaited, undefined), "ignored");
  });

  it("that is no longer awaited is answered as such when its settlement is durable", async () => {
    const { bank, token } = await bankWithStatement();
    bank.commits.hold();
    const settled = bank.settle(token, completeStatement, { pages: 1 });
    let answer = "";
    const settling = bank.settle(token, isStillAwaited, undefined).then((outcome) => {
      answer = outcome;
    });
    await bank.time.flush();
    assert.equal(answer, "");
    bank.commits.open();
    await Promise.all([settled, settling]);
    assert.equal(answer, "ignored");
  });

  it("is settled once if two results arrive in one turn, or before the first is durable", async () => {
    const { bank, token } = await bankWithStatement();
    const both = [1, 2].map(() => bank.settle(token, completeStatement, { pages: 1 }));
    assert.deepEqual(await Promise.all(both), ["done", "ignored"]);
    assert.equal(await statementsOf(bank), 1);
  });

  it("of an older attempt is not settled any more", async () => {
    const { bank, token } = await bankWithStatement();
    assert.equal(await bank.settle(token, failStatement, { problem: "jam" }), "done");
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
    await bank.time.advanceAsync(10_000);
    const second = bank.dispatched[1]?.token;
    assert.ok(second);
    assert.notDeepEqual(second, token);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
    assert.equal(await bank.settle(second, completeStatement, { pages: 1 }), "done");
  });

  it("that is cancelled is withdrawn when the cancellation is durable", async () => {
    const { bank, token } = await bankWithStatement();
    bank.commits.hold();
    const cancelled = bank.submit(ada, cancelStatement, { statement: 1 });
    await bank.time.flush();
    assert.deepEqual(bank.withdrawn, []);
    bank.commits.open();
    await bank.time.settle(cancelled);
    assert.deepEqual(bank.withdrawn, [token]);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
  });

  it("that was settled by a batch of unknown outcome is released, and dispatched again only if that batch was lost", async () => {
    for (const lands of [true, false]) {
      const { bank, token } = await bankWithStatement();
      bank.dispatched.length = 0;
      bank.commits.fail(lands ? "unknown-landed" : "unknown-lost");
      await bank.time.settle(bank.submit(ada, cancelStatement, { statement: 1 }).catch(() => {}));
      await bank.time.advanceAsync(2_000);
      assert.deepEqual([bank.released, bank.withdrawn], [[token], []]);
      assert.equal(bank.dispatched.length, lands ? 0 : 1);
    }
  });

  it("that is settled before its own batch is durable is never started", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 0);
    bank.commits.hold();
    const requested = bank.submit(ada, requestStatement, {});
    await bank.time.flush();
    const cancelled = bank.submit(ada, cancelStatement, { statement: 1 });
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(Promise.all([requested, cancelled]));
    assert.equal(bank.dispatched.length, 0);
  });

  it("of an instance that ends is withdrawn", async () => {
    const { bank, token } = await bankWithStatement();
    await bank.execute(ada, close, {});
    assert.deepEqual(bank.withdrawn, [token]);
  });

  it("is released with its partition, and dispatched by the next owner", async () => {
    const { bank, token } = await bankWithStatement();
    await bank.time.settle(bank.runtime.disown(0));
    assert.deepEqual([bank.released, bank.withdrawn], [[token], []]);
    bank.dispatched.length = 0;
    await bank.time.settle(bank.runtime.own(0, 5));
    await bank.time.advanceAsync(1);
    assert.deepEqual(
      bank.dispatched.map((due) => due.token),
      [token],
    );
  });
});

for (const [location, waitMs] of [
  ["in the journal", 0],
  ["in the index and the journal", 1_000],
  ["in the archive", 25_000],
] as const) {
  describe(`an effect in progress at a crash, with its instance ${location},`, () => {
    async function crashed() {
      const { bank, token } = await bankWithStatement();
      await bank.time.advanceAsync(waitMs);
      await restart(bank);
      return { bank, token };
    }

    it("is dispatched again with the same token", async () => {
      const { bank, token } = await crashed();
      assert.deepEqual(
        bank.dispatched.map((due) => due.token),
        [token],
      );
      assert.deepEqual(bank.dispatched[0]?.effect, { kind: "print_statement", statement: 1 });
      assert.deepEqual(bank.dispatched[0]?.key, accountKey(ada));
    });

    it("is settled by the earlier result, once, over another restart", async () => {
      const { bank, token } = await crashed();
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
      await restart(bank);
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
      assert.deepEqual(bank.dispatched, []);
      assert.equal(await statementsOf(bank), 1);
    });

    it("is settled by a result that arrives while the partition loads", async () => {
      const { bank, token } = await bankWithStatement();
      await bank.time.advanceAsync(waitMs);
      bank.crash();
      bank.create();
      const started = bank.runtime.start();
      const settled = bank.settle(token, completeStatement, { pages: 1 });
      await bank.time.settle(started);
      assert.equal(await settled, "done");
      await bank.time.advanceAsync(1);
      assert.equal(await statementsOf(bank), 1);
    });
  });
}

describe("an effect that a reset undid", () => {
  it("is not settled by its late result, and neither is the new effect with its number, also after restarts", async () => {
    const poison = new Poison();
    const { bank, token } = await bankWithStatement({ machines: [poisonedAccount(poison)] });
    poison.decides.add("deposit");
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    poison.cure();
    const action = RepairAction.REPAIR_ACTION_RESET;
    await bank.time.settle(bank.runtime.repair({ key: accountKey(ada), action, event: 1, cause: tester }));
    await bank.execute(ada, requestStatement, {});
    const now = bank.dispatched.at(-1)?.token;
    assert.ok(now);
    assert.equal(now.number, token.number);
    for (const waitMs of [0, 25_000]) {
      await bank.time.advanceAsync(waitMs);
      await restart(bank);
      assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "ignored");
      assert.deepEqual(
        bank.dispatched.map((due) => due.token),
        [now],
      );
    }
    assert.equal(await bank.settle(now, completeStatement, { pages: 1 }), "done");
  });
});

describe("a result that does not match", () => {
  const forged = (token: EffectToken, change: Partial<EffectToken>): EffectToken => ({ ...token, ...change });

  it("is ignored with any forged token", async () => {
    const { bank, token } = await bankWithStatement();
    for (const change of [
      { incarnation: 99 },
      { incarnation: 0 },
      { number: 2 },
      { number: 0 },
      { attempt: 2 },
      { attempt: 0 },
      { partition: 1 },
      { partition: 65_535 },
    ]) {
      assert.equal(await bank.settle(forged(token, change), completeStatement, { pages: 1 }), "ignored");
    }
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
  });

  it("of another kind of machine is refused and changes nothing", async () => {
    const { bank, token } = await bankWithStatement();
    const foreign: Command<unknown> = {
      ...completeStatement,
      type: "complete_task",
      decide() {
        throw new TypeError("a decider that sees a state of another kind");
      },
    };
    assert.equal(await bank.settle(token, foreign, { pages: 1 }), "runtime.unknown_command");
    assert.deepEqual(bank.runtime.quarantined(), []);
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
  });

  it("without a token is refused by the machine, and the effect stays awaited", async () => {
    const { bank, token } = await bankWithStatement();
    const code = await bank.codeOf(bank.submit(ada, completeStatement, { pages: 1 }));
    assert.equal(code, "bank.result_unasked");
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
  });
});

describe("effects of an instance loaded from the archive", () => {
  it("are dispatched also when something else is under way at that moment", async () => {
    const { bank, token } = await bankWithStatement();
    await bank.open(bob, 0);
    await bank.time.advanceAsync(25_000);
    bank.crash();
    bank.dispatched.length = 0;
    bank.create();
    const barrier = Promise.withResolvers<void>();
    bank.archivePass = async (operation) => {
      if (operation === "outstanding") await barrier.promise;
    };
    await bank.time.settle(bank.runtime.start());
    bank.commits.hold();
    const deposited = bank.submit(bob, deposit, { amountCents: 1 });
    await bank.time.advanceAsync(1);
    const query = bank.queryBalance(bob);
    barrier.resolve();
    await bank.time.advanceAsync(1);
    const secondQuery = bank.queryBalance(bob);
    await bank.time.advanceAsync(1);
    bank.commits.open();
    await bank.time.settle(Promise.all([deposited, query, secondQuery]));
    assert.deepEqual(
      bank.dispatched.map((due) => due.token),
      [token],
    );
  });
});

describe("effects of many instances loaded from the archive", () => {
  async function withStatements(count: number): Promise<Bank> {
    const bank = new Bank();
    await bank.start();
    const ids = idsIn(0, count);
    const owned = (id: string) => ({ owner: id, product: "", balanceCents: 0 });
    await bank.time.settle(Promise.all(ids.map((id) => bank.submit(id, open, owned(id)))));
    await bank.time.settle(Promise.all(ids.map((id) => bank.submit(id, requestStatement, {}))));
    await bank.time.advanceAsync(25_000);
    return bank;
  }

  it("are dispatched even if other instances cannot be read", async () => {
    const bank = await withStatements(700);
    for (const [incarnation, { snapshot }] of bank.archiveStore.partition(0).instances) {
      if (incarnation <= 600) snapshot?.snapshot.fill(0);
    }
    await restart(bank);
    assert.deepEqual(
      bank.dispatched.map(({ token }) => token.incarnation),
      Array.from({ length: 100 }, (_, index) => 601 + index),
    );
    assert.equal(bank.logger.messages("error").length, 600);
  });

  it("of kinds that are no longer hosted are not dispatched until the kind is hosted again", async () => {
    const bank = await withStatements(300);
    bank.crash();
    bank.dispatched.length = 0;
    await bank.start({}, { machines: [{ ...account, kind: "purse" }] });
    await bank.time.advanceAsync(1);
    assert.deepEqual(bank.dispatched, []);
    bank.crash();
    await restart(bank);
    assert.equal(bank.dispatched.length, 300);
  });

  it("are dispatched once, also if an instance is loaded and settled before its page arrives", async () => {
    const bank = await withStatements(300);
    const [first] = bank.dispatched;
    assert.ok(first);
    bank.crash();
    bank.dispatched.length = 0;
    bank.create();
    const barrier = Promise.withResolvers<void>();
    const requested = Promise.withResolvers<void>();
    const archivePartition = bank.archive.partition(0);
    const outstanding = archivePartition.outstanding.bind(archivePartition);
    archivePartition.outstanding = async (after, limit) => {
      const page = await outstanding(after, limit);
      requested.resolve();
      await barrier.promise;
      return page;
    };
    await bank.time.settle(bank.runtime.start());
    await bank.time.settle(requested.promise);
    assert.equal(await bank.settle(first.token, completeStatement, { pages: 1 }), "done");
    // Long enough to be archived and passivated again.
    await bank.time.advanceAsync(runtimeLimits.idleMs + 60_000);
    assert.equal(bank.isLoaded(first.key.id), false);
    bank.dispatched.length = 0;
    barrier.resolve();
    await bank.time.advanceAsync(1_000);
    assert.equal(bank.isLoaded(first.key.id), false);
    assert.equal(bank.dispatched.length, 299);
    const { projection } = await bank.time.settle(bank.runtime.stateAt(first.key, 0));
    assert.equal((projection as { statementsCompleted: number }).statementsCompleted, 1);
  });
});

describe("the caller that does effects", () => {
  it("may fail on a dispatch: the partition starts again and dispatches again", async () => {
    let failures = 1;
    const dispatched: EffectToken[] = [];
    const effects = {
      dispatch(due: readonly { readonly token: EffectToken }[]) {
        if (failures-- > 0) throw new Error("no printer");
        dispatched.push(...due.map(({ token }) => token));
      },
      withdraw() {},
    };
    const bank = new Bank({}, { effects });
    await bank.start();
    await bank.open(ada, 0);
    await bank.codeOf(bank.submit(ada, requestStatement, {}));
    await bank.time.advanceAsync(5_000);
    assert.equal(dispatched.length, 1);
  });

  it("may fail for good: the partition tries ever less often, and seals no more than that", async () => {
    const effects = {
      dispatch() {
        throw new Error("no printer");
      },
      withdraw() {
        throw new Error("no printer");
      },
    };
    const bank = new Bank({}, { effects });
    await bank.start();
    await bank.open(ada, 0);
    const before = bank.head(0);
    void bank.submit(ada, requestStatement, {});
    await bank.time.advanceAsync(60_000);
    assert.ok(bank.head(0) - before < 120, `${bank.head(0) - before} batches in a minute`);
  });

  it("receives no effect whose fold failed", async () => {
    const poison = new Poison();
    const bank = new Bank({}, { machines: [poisonedAccount(poison)] });
    await bank.start();
    await bank.open(ada, 0);
    poison.folds.add("statement_requested");
    assert.equal(await bank.codeOf(bank.submit(ada, requestStatement, {})), "runtime.quarantined");
    await bank.time.advanceAsync(5_000);
    assert.deepEqual(bank.dispatched, []);
  });
});
