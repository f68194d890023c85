/** Every answer depends only on durable records: replies, refusals, repeats, reads, messages, effects. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Credit } from "@tutti/contracts/bank/v1";
import type { Command, EnvelopeBatch } from "@tutti/kernel";
import {
  completeStatement,
  credit,
  deposit,
  open,
  requestStatement,
  transfer,
  withdraw,
} from "@tutti/machine-bank";
import type { Outcome, RuntimeOptions } from "../src/index.ts";
import { accountKey, Bank, idsIn, outcomeText, partitionOf, tester } from "./bank.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

/** Returns a bank with ada in it whose commits are held back from here on, with a decided deposit. */
async function withPendingDeposit(overrides: Partial<RuntimeOptions> = {}) {
  const bank = new Bank({}, overrides);
  await bank.start();
  await bank.open(ada, 1_000);
  bank.commits.hold();
  const published: string[] = [];
  const note = (label: string) => (outcome: Outcome) => published.push(`${label} ${outcomeText(outcome)}`);
  submit(bank, note("deposit"), deposit, { amountCents: 500 }, "first");
  await bank.time.flush();
  return { bank, published, note };
}

function submit(
  bank: Bank,
  answer: (outcome: Outcome) => void,
  // biome-ignore lint/suspicious/noExplicitAny: commands of any body
  command: Command<any>,
  body: object,
  idempotencyKey = "",
): void {
  const key = accountKey(ada);
  bank.runtime.submit({ key, command, body, cause: tester, idempotencyKey, token: undefined, reply: answer });
}

describe("an answer", () => {
  it("with a reply is sent when its batch is durable, not before", async () => {
    const { bank, published } = await withPendingDeposit();
    await bank.time.advanceAsync(10_000);
    assert.deepEqual(published, []);
    bank.commits.releaseWaiting();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done"]);
  });

  it("with a refusal is sent when the state behind the refusal is durable", async () => {
    const { bank, published, note } = await withPendingDeposit();
    submit(bank, note("withdrawal"), withdraw, { amountCents: 9_999 });
    await bank.time.advanceAsync(10_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "withdrawal bank.funds_missing"]);
  });

  it("with a refusal by another instance is sent when all earlier batches of the partition are durable", async () => {
    const { bank, published } = await withPendingDeposit();
    const refused = bank.submit(bob, deposit, { amountCents: 1 });
    refused.catch((error: { code: string }) => published.push(error.code));
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "bank.account_missing"]);
  });

  it("to a repeated command is sent when the first command is durable", async () => {
    const { bank, published, note } = await withPendingDeposit();
    submit(bank, note("repetition"), deposit, { amountCents: 500 }, "first");
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "repetition done"]);
    assert.equal(await bank.balanceOf(ada), 1_500);
  });

  it("to a read is sent when the state that it saw is durable", async () => {
    const { bank, published } = await withPendingDeposit();
    void bank.queryBalance(ada).then(({ balanceCents }) => published.push(`balance ${balanceCents}`));
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "balance 1500"]);
  });

  it("to a read of an unknown instance is sent when all earlier batches are durable", async () => {
    const { bank, published } = await withPendingDeposit();
    bank.queryBalance(bob).catch((error: { code: string }) => published.push(error.code));
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "runtime.unknown_instance"]);
  });

  it("to a result that is not awaited is sent when all earlier batches are durable", async () => {
    const { bank, published, note } = await withPendingDeposit();
    bank.runtime.submit({
      key: undefined,
      command: completeStatement,
      body: { pages: 1 },
      cause: tester,
      idempotencyKey: "",
      token: { partition: partitionOf(ada), incarnation: 1, number: 7, attempt: 1 },
      reply: note("result"),
    });
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "result ignored"]);
  });

  it("to messages is sent when they are durable, also for repeated messages", async () => {
    const { bank, published } = await withPendingDeposit();
    const batch = creditEnvelopes(1);
    for (const time of ["first", "again"]) {
      void bank.runtime.receive(0, batch).then((upTo) => published.push(`${time} up to ${upTo}`));
      await bank.time.advanceAsync(1_000);
    }
    assert.deepEqual(published, []);
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, ["deposit done", "first up to 1", "again up to 1"]);
  });

  it("names an effect to the caller that does it when it is durable", async () => {
    const { bank } = await withPendingDeposit();
    const requested = bank.submit(ada, requestStatement, {});
    await bank.time.advanceAsync(1_000);
    assert.equal(bank.dispatched.length, 0);
    bank.commits.open();
    await bank.time.settle(requested);
    assert.equal(bank.dispatched.length, 1);
  });

  it("sends a message when it is durable", async () => {
    const sent: EnvelopeBatch[] = [];
    const delivery = {
      deliver: async (_: unknown, batch: EnvelopeBatch) => {
        sent.push(batch);
        return batch.envelopes.at(-1)?.number ?? 0;
      },
    };
    const { bank } = await withPendingDeposit({ delivery });
    const foreign = idsIn(1, 1)[0] ?? "";
    await bank.time.settle(bank.runtime.disown(1));
    const transferring = bank.submit(ada, transfer, { to: foreign, amountCents: 10 });
    await bank.time.advanceAsync(1_000);
    assert.equal(sent.length, 0);
    bank.commits.open();
    await bank.time.settle(transferring);
    await bank.time.flush();
    assert.deepEqual(
      sent.map(({ envelopes }) => envelopes.map(({ number, type }) => `${number} ${type}`)),
      [["1 credit"]],
    );
  });

  it("with a page of history is sent when its events are durable", async () => {
    const { bank } = await withPendingDeposit();
    const page = bank.runtime.history(accountKey(ada), 0, 10);
    let events = 0;
    void page.then((records) => {
      events = records.length;
    });
    await bank.time.advanceAsync(1_000);
    assert.equal(events, 0);
    bank.commits.open();
    await bank.time.settle(page);
    assert.equal(events, 3);
  });

  it("keeps the order of the commands, for replies and refusals", async () => {
    const { bank, published, note } = await withPendingDeposit();
    for (const amountCents of [1, 99_999, 2, 99_999])
      submit(bank, note(`${amountCents}`), withdraw, { amountCents });
    bank.commits.open();
    await bank.time.flush();
    assert.deepEqual(published, [
      "deposit done",
      "1 done",
      "99999 bank.funds_missing",
      "2 done",
      "99999 bank.funds_missing",
    ]);
  });

  it("is sent once for each command, also when a later batch fails", async () => {
    const { bank, published, note } = await withPendingDeposit();
    bank.commits.releaseWaiting();
    bank.commits.fail("unknown-lost");
    submit(bank, note("second"), deposit, { amountCents: 1 });
    await bank.time.flush();
    bank.commits.open();
    await bank.time.advanceAsync(5_000);
    assert.deepEqual(published, ["deposit done", "second runtime.outcome_unknown"]);
  });
});

describe("a turn", () => {
  it("writes all waiting commands in one batch", async () => {
    const bank = new Bank();
    await bank.start();
    const before = bank.head(0);
    const opened = idsIn(0, 50).map((id) =>
      bank.submit(id, open, { owner: id, product: "", balanceCents: 1 }),
    );
    await bank.time.settle(Promise.all(opened));
    assert.equal(bank.head(0), before + 1);
  });

  it("decides the next batch while the previous one is being written", async () => {
    const { bank } = await withPendingDeposit();
    const more = [1, 2, 3].map(() => bank.submit(ada, deposit, { amountCents: 1 }));
    await bank.time.flush();
    // Decided: the state contains it, though it is not durable.
    assert.equal(stateOf(bank).balanceCents, 1_503);
    bank.commits.open();
    await bank.time.settle(Promise.all(more));
  });

  it("leaves commands beyond its limit to the next turn", async () => {
    const bank = new Bank({ turnCommandsMax: 10 });
    await bank.start();
    const before = bank.head(0);
    const opened = idsIn(0, 35).map((id) =>
      bank.submit(id, open, { owner: id, product: "", balanceCents: 1 }),
    );
    await bank.time.settle(Promise.all(opened));
    assert.equal(bank.head(0), before + 4);
  });
});

function stateOf(bank: Bank): { readonly balanceCents: number } {
  return bank.memoryOf(ada)?.instances.get(`default/account/${ada}`)?.state as { balanceCents: number };
}

function creditEnvelopes(count: number): EnvelopeBatch {
  const letters = Array.from({ length: count }, (_, index) => ({
    namespace: "default",
    sender: "account/elsewhere",
    receiver: `account/${ada}`,
    number: index + 1,
    type: credit.type,
    payload: Credit.encode({ from: "elsewhere", transfer: 1, amountCents: 5 }).finish(),
    cause: tester,
  }));
  return { service: "elsewhere", partition: 3, envelopes: letters };
}
