/**
 * Histories are read a page at a time wherever their parts are, with the actor, the time and the authorisation of each
 * event.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MoneyDepositedV1 } from "@tutti/contracts/bank/v1";
import { Record, RepairAction } from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { deposit, placeHold, transfer, withdraw } from "@tutti/machine-bank";
import { accountKey, Bank, codeOf, idsIn, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);
const [remote = ""] = idsIn(1, 1);

async function bankWithAda(limits = {}): Promise<Bank> {
  const bank = new Bank(limits);
  await bank.start();
  await bank.open(ada, 1_000);
  return bank;
}

function page(bank: Bank, afterEvent: number, limit: number, id = ada) {
  return bank.time.settle(bank.runtime.history(accountKey(id), afterEvent, limit));
}

async function amountAt(bank: Bank, event: number): Promise<number> {
  const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), event));
  return (projection as { balanceCents: number }).balanceCents;
}

/** Amounts of the deposits in a page. */
function amounts(records: Awaited<ReturnType<typeof page>>): number[] {
  return records.flatMap(({ record }) => {
    const { type, payload } = Record.decode(record);
    return type === "money_deposited" ? [MoneyDepositedV1.decode(payload).amountCents] : [];
  });
}

describe("a page of history", () => {
  for (const [source, prepare] of [
    ["the journal", async () => {}],
    ["the archive", (bank: Bank) => bank.time.advanceAsync(25_000)],
    [
      "the archive, the journal, and the journal after a restart",
      async (bank: Bank) => {
        await bank.time.advanceAsync(25_000);
        for (let number = 31; number <= 40; number++)
          await bank.execute(ada, deposit, { amountCents: number });
        bank.crash();
        await bank.start();
        for (let number = 41; number <= 45; number++)
          await bank.execute(ada, deposit, { amountCents: number });
      },
    ],
  ] as const) {
    it(`has the events in order, for any bounds, from ${source}`, async () => {
      const bank = await bankWithAda();
      for (let number = 1; number <= 30; number++) await bank.execute(ada, deposit, { amountCents: number });
      await prepare(bank);
      const all = await page(bank, 0, 1_000);
      const count = all.length;
      assert.deepEqual(
        all.map(({ event }) => event),
        Array.from({ length: count }, (_, index) => index + 1),
      );
      assert.deepEqual(
        amounts(all),
        Array.from({ length: count - 1 }, (_, index) => index + 1),
      );
      for (const [after, limit] of [
        [0, 1],
        [0, 7],
        [5, 10],
        [count - 3, 10],
        [count - 1, 1],
        [count, 10],
        [count + 5, 10],
        [29, 4],
        [30, 2],
      ] as const) {
        const some = await page(bank, after, limit);
        assert.deepEqual(some, all.slice(after, after + limit), `after ${after}, at most ${limit}`);
      }
    });
  }

  it("is read from a long journal with many batches of other instances", async () => {
    const bank = await bankWithAda();
    await bank.open(bob, 0);
    for (let number = 1; number <= 300; number++) {
      await bank.execute(number % 3 === 0 ? ada : bob, deposit, { amountCents: number });
    }
    const records = await page(bank, 0, 1_000);
    assert.deepEqual(
      amounts(records),
      Array.from({ length: 100 }, (_, index) => 3 * (index + 1)),
    );
  });

  it("is read while the journal is cut under it", async () => {
    const bank = await bankWithAda({ tailBytesMax: 1 });
    for (let number = 1; number <= 30; number++) await bank.execute(ada, deposit, { amountCents: number });
    const barrier = Promise.withResolvers<void>();
    const log = bank.journal.partition("bank", 0);
    const { read } = log;
    let isBlocked = true;
    log.read = async function* (from) {
      if (isBlocked) await barrier.promise;
      yield* read.call(log, from);
    };
    const reading = bank.runtime.history(accountKey(ada), 0, 1_000);
    await bank.time.flush();
    isBlocked = false;
    await bank.time.advanceAsync(5_000);
    assert.ok(log.first > 20);
    barrier.resolve();
    const records = await bank.time.settle(reading);
    assert.deepEqual(
      records.map(({ event }) => event),
      Array.from({ length: 31 }, (_, index) => index + 1),
    );
  });

  it("has no gaps when read under traffic", async () => {
    const bank = await bankWithAda();
    for (let round = 0; round < 20; round++) {
      bank.commits.hold();
      const first = bank.submit(ada, deposit, { amountCents: 1 });
      // Decided at the moment when the first is durable, so that it is on its way while the page is read.
      const second = first.then(() => bank.submit(ada, deposit, { amountCents: 1 }));
      const third = first.then(() => bank.submit(ada, deposit, { amountCents: 1 }));
      await bank.time.flush();
      const [read, state] = [page(bank, 0, 1_000), bank.runtime.stateAt(accountKey(ada), 0)];
      await Promise.resolve();
      bank.commits.releaseWaiting();
      await bank.time.flush();
      bank.commits.open();
      const records = await read;
      assert.equal(records.length, records.at(-1)?.event);
      await bank.time.settle(state);
      await bank.time.settle(Promise.all([second, third]));
    }
  });

  it("of an unknown instance is refused", async () => {
    const bank = await bankWithAda();
    assert.equal(await bank.codeOf(page(bank, 0, 10, bob)), "runtime.unknown_instance");
  });

  it("is not missed while its partition is being read again", async () => {
    const bank = await bankWithAda();
    bank.crash();
    const started = bank.start();
    const requests: Promise<unknown>[] = [];
    // At any moment of the start: it is there, or there is no answer yet.
    for (let moment = 0; moment < 200; moment++) {
      requests.push(
        bank.runtime.instanceOf(accountKey(ada)).then(
          ({ events }) => events,
          (error: unknown) => (error as { code: string }).code,
        ),
      );
      await Promise.resolve();
    }
    await started;
    const answers = new Set(await bank.time.settle(Promise.all(requests)));
    assert.ok(answers.has(1), [...answers].join());
    assert.ok(!answers.has("runtime.unknown_instance"), [...answers].join());
  });

  it("is read of many instances at once", async () => {
    const bank = await bankWithAda();
    const ids = idsIn(0, 20).filter((id) => id !== ada);
    for (const id of ids) await bank.open(id, 0);
    for (let number = 0; number < 5; number++) {
      await Promise.all(ids.map((id) => bank.submit(id, deposit, { amountCents: 1 })));
    }
    const pages = await bank.time.settle(
      Promise.all(ids.map((id) => bank.runtime.history(accountKey(id), 0, 10))),
    );
    for (const records of pages)
      assert.deepEqual(
        records.map(({ event }) => event),
        [1, 2, 3, 4, 5, 6],
      );
  });
});

describe("a record", () => {
  it("has the actor, trace, policy decision, namespace and time", async () => {
    const bank = await bankWithAda();
    const cause: Cause = {
      actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: "robot-7" },
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      decision: "policy:42",
      reason: "asked to",
    };
    await bank.time.advanceAsync(1_234);
    const atMs = bank.time.now();
    const key = accountKey(ada);
    // In one batch: the record of the other cause comes in between.
    const done = [tester, cause, cause].map((by) =>
      bank.runtime.execute({ key, command: deposit, body: { amountCents: 1 }, cause: by }),
    );
    await bank.time.settle(Promise.all(done));
    for (const waitMs of [0, 25_000]) {
      await bank.time.advanceAsync(waitMs);
      const records = await page(bank, 0, 10);
      const read = records.map(({ record }) => Record.decode(record));
      assert.deepEqual(
        read.map((record) => record.cause),
        [tester, tester, cause, cause],
      );
      assert.deepEqual(
        read.map(({ namespace, kind, id, event, type, version }) => [
          namespace,
          kind,
          id,
          event,
          `${type} ${version}`,
        ]),
        [
          ["default", "account", ada, 1, "account_opened 2"],
          ["default", "account", ada, 2, "money_deposited 1"],
          ["default", "account", ada, 3, "money_deposited 1"],
          ["default", "account", ada, 4, "money_deposited 1"],
        ],
      );
      assert.equal(records[3]?.timeMs, atMs);
    }
  });

  it("caused by a message names the original caller, and one caused by a timer names the service", async () => {
    const bank = await bankWithAda();
    await bank.open(remote, 0);
    await bank.execute(ada, transfer, { to: remote, amountCents: 10 });
    await bank.execute(ada, placeHold, { amountCents: 10, periodMs: 1_000 });
    await bank.time.advanceAsync(5_000);
    const arrived = (await page(bank, 1, 1, remote)).map(({ record }) => Record.decode(record));
    assert.deepEqual(arrived[0]?.cause, tester);
    const expired = (await page(bank, 0, 10))
      .map(({ record }) => Record.decode(record))
      .find(({ type }) => type === "hold_expired");
    assert.deepEqual(expired?.cause?.actor, { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bank" });
  });
});

describe("the state at an event", () => {
  it("is the state after that event, wherever the history is stored", async () => {
    const bank = await bankWithAda();
    for (let number = 1; number <= 10; number++) await bank.execute(ada, deposit, { amountCents: number });
    for (const waitMs of [0, 25_000]) {
      await bank.time.advanceAsync(waitMs);
      for (let event = 1; event <= 11; event++) {
        assert.equal(await amountAt(bank, event), 1_000 + ((event - 1) * event) / 2);
      }
      assert.equal(await amountAt(bank, 0), 1_055);
    }
  });

  it("of a missing event is refused", async () => {
    const bank = await bankWithAda();
    for (const event of [-1, 2, 1.5, Number.NaN, 1e9]) {
      assert.equal(await codeOf(amountAt(bank, event)), "runtime.no_such_event");
    }
  });

  it("does not count events that a reset undid, and can still show them", async () => {
    const poison = new Poison();
    const bank = new Bank({}, { machines: [poisonedAccount(poison)] });
    await bank.start();
    await bank.open(ada, 1_000);
    for (const amountCents of [1, 2, 3]) await bank.execute(ada, deposit, { amountCents });
    poison.decides.add("withdraw");
    await bank.codeOf(bank.submit(ada, withdraw, { amountCents: 1 }));
    poison.cure();
    const action = RepairAction.REPAIR_ACTION_RESET;
    await bank.time.settle(bank.runtime.repair({ key: accountKey(ada), action, event: 2, cause: tester }));
    await bank.execute(ada, deposit, { amountCents: 10 });
    for (const waitMs of [0, 25_000]) {
      await bank.time.advanceAsync(waitMs);
      const found: number[] = [];
      for (let event = 1; event <= 7; event++) found.push(await amountAt(bank, event));
      assert.deepEqual(found, [1_000, 1_001, 1_003, 1_006, 1_006, 1_001, 1_011]);
      assert.equal((await page(bank, 0, 100)).length, 7);
    }
  });
});
