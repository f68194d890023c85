import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anna, bankWith, ben, codeOf } from "../bank.fixture.ts";
import {
  balance,
  close,
  completeTransfer,
  declineTransfer,
  freeze,
  transfer,
  transfersMax,
  withdraw,
} from "../index.ts";

describe("a transfer", () => {
  it("deducts the money at once, sends it in a message, and ends with the reply", () => {
    const bank = bankWith({ anna: 100, ben: 0 });
    assert.deepEqual(bank.execute(anna, transfer, { to: "ben", amountCents: 40 }), { number: 1 });
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 60,
      heldCents: 0,
      underWayCents: 40,
    });
    assert.deepEqual(
      bank.messages.map(({ from, to, type }) => [from.id, to.service, to.id, type]),
      [["anna", "bank", "ben", "credit"]],
    );
    bank.deliver();
    assert.deepEqual(bank.query(ben, balance, undefined), {
      balanceCents: 40,
      heldCents: 0,
      underWayCents: 0,
    });
    bank.deliver();
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 60,
      heldCents: 0,
      underWayCents: 0,
    });
    assert.deepEqual(bank.messages, []);
  });

  for (const [title, balances, prepare] of [
    ["missing", { anna: 100 }, () => {}],
    ["closed", { anna: 100, ben: 0 }, (bank: ReturnType<typeof bankWith>) => bank.execute(ben, close, {})],
    [
      "frozen",
      { anna: 100, ben: 0 },
      (bank: ReturnType<typeof bankWith>) => bank.execute(ben, freeze, { reason: "lost card" }),
    ],
  ] as const) {
    it(`to an account that is ${title} is returned`, () => {
      const bank = bankWith(balances);
      prepare(bank);
      const before = bank.history(ben).length;
      bank.execute(anna, transfer, { to: "ben", amountCents: 40 });
      bank.deliverAll();
      assert.deepEqual(bank.query(anna, balance, undefined), {
        balanceCents: 100,
        heldCents: 0,
        underWayCents: 0,
      });
      assert.equal(bank.history(anna).at(-1)?.type, "transfer_declined");
      assert.equal(bank.history(ben).length, before, "nothing happened to the receiver");
      assert.equal(bank.tally.messagesRefused, 0);
    });
  }

  it("returns to an account that was frozen in the meantime", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, transfer, { to: "ben", amountCents: 40 });
    bank.execute(anna, freeze, { reason: "lost card" });
    bank.deliverAll();
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 100,
      heldCents: 0,
      underWayCents: 0,
    });
  });

  it("needs another account as its receiver, and is at most the balance", () => {
    const bank = bankWith({ anna: 100, ben: 0 });
    for (const [to, amountCents, code] of [
      ["ben", 101, "bank.funds_missing"],
      ["ben", 0.1, "bank.amount_invalid"],
      ["anna", 1, "bank.receiver_invalid"],
      ["", 1, "bank.receiver_invalid"],
    ] as const)
      assert.equal(codeOf(bank.execute(anna, transfer, { to, amountCents })), code);
    assert.deepEqual(bank.messages, []);
  });

  it("is answered once: a second message back is refused", () => {
    const bank = bankWith({ anna: 100, ben: 0 });
    bank.execute(anna, transfer, { to: "ben", amountCents: 40 });
    bank.deliverAll();
    const reply = { transfer: 1, amountCents: 40, code: "bank.account_closed" };
    assert.equal(codeOf(bank.execute(anna, declineTransfer, reply)), "bank.number_unknown");
    assert.equal(codeOf(bank.execute(anna, completeTransfer, { transfer: 2 })), "bank.number_unknown");
    bank.execute(ben, withdraw, { amountCents: 40 });
  });

  it("is refused if the account has a hundred in progress", () => {
    const bank = bankWith({ anna: transfersMax + 1 });
    for (let each = 0; each < transfersMax; each += 1)
      bank.execute(anna, transfer, { to: "ben", amountCents: 1 });
    assert.equal(codeOf(bank.execute(anna, transfer, { to: "ben", amountCents: 1 })), "bank.too_many");
  });
});
