/** Messages arrive once and in order, even if they are lost, doubled, late, or either side crashes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Credit } from "@tutti/contracts/bank/v1";
import type { Envelope } from "@tutti/kernel";
import { close, credit, transfer } from "@tutti/machine-bank";
import { accountKey, Bank, codeOf, idsIn, tester, unconfirmedMessages } from "./bank.fixture.ts";
import { fairMail, noMail, TwoBanks, tradeByFoulMail } from "./two-banks.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);
const [remote = "", otherRemote = ""] = idsIn(1, 2);

describe("a message", () => {
  it("to an instance that does not exist is answered by its machine", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    await bank.execute(ada, transfer, { to: remote, amountCents: 40 });
    await bank.time.advanceAsync(2_000);
    assert.equal(await bank.balanceOf(ada), 100);
  });

  it("to an ended and passivated instance is answered by its machine", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    await bank.open(remote, 0);
    await bank.execute(remote, close, {});
    await bank.time.advanceAsync(2_000);
    assert.equal(bank.isLoaded(remote), false);
    await bank.execute(ada, transfer, { to: remote, amountCents: 40 });
    await bank.time.advanceAsync(2_000);
    assert.equal(await bank.balanceOf(ada), 100);
  });

  it("of an unknown type, or for a kind that is not hosted, is passed over and logged, and the channel continues", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    const upTo = await bank.time.settle(
      bank.runtime.receive(0, {
        service: "elsewhere",
        partition: 0,
        envelopes: [
          envelope(1, { type: "sing" }),
          envelope(2, { receiver: "song/1" }),
          envelope(3, { receiver: "nonsense" }),
          envelope(4, { payload: Uint8Array.of(255, 255) }),
          envelope(5, {}),
        ],
      }),
    );
    assert.equal(upTo, 5);
    assert.ok(bank.logger.messages("error").length >= 3);
    if (bank.runtime.quarantined().length === 0) assert.equal(await bank.balanceOf(ada), 105);
  });

  it("is accepted once, for any repetitions and order of arrival", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 0);
    const receive = (...numbers: number[]) =>
      bank.time.settle(
        bank.runtime.receive(0, {
          service: "elsewhere",
          partition: 0,
          envelopes: numbers.map((number) => envelope(number, {})),
        }),
      );
    assert.equal(await receive(2, 3), 0);
    assert.equal(await receive(1, 2), 2);
    assert.equal(await receive(1, 2), 2);
    assert.equal(await receive(2, 3, 4), 4);
    assert.equal(await receive(6), 4);
    assert.equal(await receive(5, 6), 6);
    assert.equal(await bank.balanceOf(ada), 30);
    bank.crash();
    await bank.start();
    assert.equal(await receive(5, 6), 6);
    assert.equal(await bank.balanceOf(ada), 30);
    await bank.time.advanceAsync(25_000);
    bank.crash();
    await bank.start();
    assert.equal(await receive(6, 7), 7);
    assert.equal(await bank.balanceOf(ada), 35);
  });

  it("of one sender does not delay messages of another", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 0);
    for (const service of ["one", "other"]) {
      const batch = { service, partition: 0, envelopes: [envelope(1, {})] };
      assert.equal(await bank.time.settle(bank.runtime.receive(0, batch)), 1);
    }
    assert.equal(await bank.balanceOf(ada), 10);
  });

  it("is acknowledged as durable only when its batch is", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 0);
    bank.commits.fail("unknown-lost");
    const batch = { service: "elsewhere", partition: 0, envelopes: [envelope(1, {})] };
    assert.equal(await bank.time.settle(codeOf(bank.runtime.receive(0, batch))), "runtime.outcome_unknown");
    assert.equal(await bank.time.settle(bank.runtime.receive(0, batch)), 1);
    assert.equal(await bank.balanceOf(ada), 5);
  });

  it("waits with all later messages while the archive cannot be read", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    await bank.open(remote, 0);
    await bank.time.advanceAsync(25_000);
    let failures = 5;
    bank.archiveFault = (operation) => (operation === "load" && failures-- > 0 ? "lost" : undefined);
    for (const amountCents of [1, 2, 3]) {
      while (
        (await bank.codeOf(bank.submit(ada, transfer, { to: remote, amountCents }, `k${amountCents}`))) !==
        "done"
      ) {}
    }
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(remote), 6);
    assert.equal(await bank.balanceOf(ada), 94);
  });
});

describe("many messages", () => {
  it("at once go in batches, all arrive, and no batch is too large for the journal", async () => {
    const bank = new Bank({ batchBytesSoft: 4_096, turnCommandsMax: 100 });
    await bank.start({ batchBytesMax: 16_384, waitingBytesMax: 65_536 });
    const senders = idsIn(0, 60);
    await bank.open(remote, 0);
    for (const id of senders) await bank.open(id, 100);
    const sent = senders.flatMap((id) =>
      [1, 2, 3].map((amountCents) => bank.submit(id, transfer, { to: remote, amountCents })),
    );
    await bank.time.settle(Promise.all(sent));
    await bank.time.advanceAsync(20_000);
    assert.equal(await bank.balanceOf(remote), 360);
    assert.deepEqual(bank.logger.messages("error"), []);
    assert.equal(unconfirmedMessages(bank.runtime, 0).length, 0);
  });

  it("with large causes go into as many batches as needed when they are sent, accepted and answered", async () => {
    const bank = new Bank({ batchBytesSoft: 8_192 });
    await bank.start({ batchBytesMax: 65_536, waitingBytesMax: 262_144 });
    await bank.open(remote, 0);
    await bank.open(ada, 1_000);
    const cause = { ...tester, reason: "x".repeat(3_000) };
    const sent = Array.from({ length: 80 }, () =>
      bank.runtime.execute({
        key: accountKey(ada),
        command: transfer,
        body: { to: remote, amountCents: 1 },
        cause,
      }),
    );
    await bank.time.settle(Promise.all(sent));
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(remote), 80);
    assert.equal(await bank.balanceOf(ada), 920);
    assert.deepEqual(bank.logger.messages("error"), []);
    assert.equal(unconfirmedMessages(bank.runtime, 0).length, 0);
  });

  it("in one delivery are accepted up to the size of a batch, and the rest on redelivery", async () => {
    const bank = new Bank({ batchBytesSoft: 8_192 });
    await bank.start({ batchBytesMax: 65_536, waitingBytesMax: 262_144 });
    await bank.open(ada, 0);
    const cause = { ...tester, reason: "x".repeat(3_000) };
    const envelopes = Array.from({ length: 60 }, (_, index) => envelope(index + 1, { cause }));
    const accepted: number[] = [];
    while ((accepted.at(-1) ?? 0) < 60 && accepted.length < 60) {
      accepted.push(
        await bank.time.settle(bank.runtime.receive(0, { service: "elsewhere", partition: 0, envelopes })),
      );
    }
    assert.ok(accepted.length > 3, `${accepted}`);
    assert.equal(accepted.at(-1), 60);
    assert.equal(await bank.balanceOf(ada), 300);
    assert.equal(bank.logger.messages("error").length, 0);
  });

  it("for an unavailable receiver are sent when it returns", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.open(remote, 0);
    await bank.time.settle(bank.runtime.disown(1));
    for (let number = 1; number <= 5; number++)
      await bank.execute(ada, transfer, { to: remote, amountCents: number });
    await bank.time.advanceAsync(25_000);
    bank.crash();
    bank.create();
    await bank.time.settle(Promise.all([0, 2, 3].map((partition) => bank.runtime.own(partition, 1))));
    await bank.time.advanceAsync(25_000);
    assert.equal(unconfirmedMessages(bank.runtime, 0).length, 5);
    await bank.time.settle(bank.runtime.own(1, 3));
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(remote), 15);
    assert.equal(unconfirmedMessages(bank.runtime, 0).length, 0);
  });

  it("keep their numbers when the sender crashes at any moment", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 1_000);
    await bank.open(remote, 0);
    for (let round = 0; round < 12; round++) {
      const sent = bank.submit(ada, transfer, { to: remote, amountCents: 1 }, `k${round}`);
      await bank.time.advanceAsync([0, 1, 30, 300, 11_000][round % 5] ?? 0);
      bank.crash();
      await bank.start();
      await bank.execute(ada, transfer, { to: remote, amountCents: 1 }, `k${round}`);
      void sent;
    }
    await bank.time.advanceAsync(10_000);
    assert.equal(await bank.balanceOf(remote), 12);
    assert.equal(await bank.balanceOf(ada), 988);
  });
});

describe("messages with unavailable receivers", () => {
  it("block new commands when too many wait, and unblock them after delivery", async () => {
    const two = new TwoBanks(1, { outboxBytesMax: 1_000 });
    await two.start(0);
    await two.start(1);
    for (const id of [ada, remote]) await two.open(id);
    two.mail = noMail;
    const pay = () => two.ownerOf(ada).submit(ada, transfer, { to: remote, amountCents: 1 });
    for (let n = 0; n < 8; n++)
      await settled(
        two,
        pay().catch(() => undefined),
      );
    await assert.rejects(settled(two, pay()), { code: "runtime.letters_full", retryAfterMs: 1_000 });
    two.mail = fairMail;
    await two.time.advanceAsync(20_000);
    await settled(two, pay());
  });
});

describe("messages between two processes", () => {
  const ids = [ada, bob, remote, otherRemote];

  for (let seed = 1; seed <= 4; seed++) {
    it(`arrive once and in order by foul mail, over crashes and unknown outcomes (seed ${seed})`, () =>
      tradeByFoulMail(ids, seed));
  }

  it("carry the original cause", async () => {
    const two = new TwoBanks(1);
    await two.start(0);
    await two.start(1);
    for (const id of ids) await two.open(id);
    await settled(two, two.ownerOf(ada).submit(ada, transfer, { to: remote, amountCents: 1 }));
    await two.time.advanceAsync(1_000);
    assert.deepEqual(two.delivered[0]?.batch.envelopes[0]?.cause, tester);
  });
});

async function settled(two: TwoBanks, promise: Promise<unknown>): Promise<void> {
  await two.time.advanceAsync(10);
  await promise;
}

function envelope(number: number, overrides: Partial<Envelope>): Envelope {
  return {
    namespace: "default",
    sender: "account/elsewhere",
    receiver: `account/${ada}`,
    number,
    type: credit.type,
    payload: Credit.encode({ from: "elsewhere", transfer: number, amountCents: 5 }).finish(),
    cause: tester,
    ...overrides,
  };
}
