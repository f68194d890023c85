import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { anna, bankWith, ben, codeOf } from "../bank.fixture.ts";
import {
  account,
  amountMaxCents,
  balance,
  close,
  deposit,
  freeze,
  open,
  placeHold,
  transfer,
  unfreeze,
  withdraw,
} from "../index.ts";

describe("an account", () => {
  for (const [title, balanceCents, answer] of [
    ["nothing at first", 0, {}],
    ["some money at once", 500, {}],
    ["a part of a cent", 0.5, "bank.amount_invalid"],
    ["a debt", -1, "bank.amount_invalid"],
    ["too much", amountMaxCents + 1, "bank.amount_invalid"],
    ["what is no number", Number.NaN, "bank.amount_invalid"],
  ] as const) {
    it(`opened with ${title}: ${JSON.stringify(answer)}`, () => {
      const found = bankWith().execute(anna, open, { owner: "Anna", product: "", balanceCents });
      assert.deepEqual(codeOf(found), answer);
    });
  }

  it("is opened once, for an owner, as a current account by default", () => {
    const bank = bankWith();
    assert.equal(
      codeOf(bank.execute(anna, open, { owner: "", product: "", balanceCents: 0 })),
      "bank.owner_missing",
    );
    assert.deepEqual(bank.keys, []);
    bank.execute(anna, open, { owner: "Anna", product: "", balanceCents: 0 });
    const second = bank.execute(anna, open, { owner: "Anna", product: "", balanceCents: 0 });
    assert.equal(codeOf(second), "bank.account_exists");
    assert.deepEqual(bank.description(anna), {
      status: WorkStatus.WORK_STATUS_RUNNING,
      definition: "current",
      labels: { owner: "Anna" },
      idChosen: true,
    });
  });

  it("returns the new balance after deposits and withdrawals, and never goes below zero", () => {
    const bank = bankWith({ anna: 100 });
    assert.deepEqual(bank.execute(anna, deposit, { amountCents: 50 }), { balanceCents: 150 });
    assert.deepEqual(bank.execute(anna, withdraw, { amountCents: 150 }), { balanceCents: 0 });
    assert.equal(codeOf(bank.execute(anna, withdraw, { amountCents: 1 })), "bank.funds_missing");
    assert.equal(codeOf(bank.execute(anna, deposit, { amountCents: 0 })), "bank.amount_invalid");
  });

  it("that is frozen blocks deposits and withdrawals until it is unfrozen, and shows the reason", () => {
    const bank = bankWith({ anna: 100 });
    assert.equal(codeOf(bank.execute(anna, unfreeze, {})), "bank.account_not_frozen");
    bank.execute(anna, freeze, { reason: "lost card" });
    assert.equal(bank.description(anna).status, WorkStatus.WORK_STATUS_PAUSED);
    assert.deepEqual(bank.description(anna).labels, { owner: "anna", frozen: "lost card" });
    assert.equal(codeOf(bank.execute(anna, deposit, { amountCents: 1 })), "bank.account_frozen");
    assert.equal(codeOf(bank.execute(anna, withdraw, { amountCents: 1 })), "bank.account_frozen");
    assert.equal(codeOf(bank.execute(anna, close, {})), "bank.account_frozen");
    bank.execute(anna, unfreeze, {});
    assert.deepEqual(bank.execute(anna, withdraw, { amountCents: 1 }), { balanceCents: 99 });
  });

  it("can be closed when it is empty, and then refuses everything", () => {
    const bank = bankWith({ anna: 100 });
    assert.equal(codeOf(bank.execute(anna, close, {})), "bank.account_in_use");
    bank.execute(anna, withdraw, { amountCents: 100 });
    assert.deepEqual(bank.execute(anna, close, {}), {});
    assert.equal(bank.description(anna).status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.equal(codeOf(bank.execute(anna, deposit, { amountCents: 1 })), "bank.account_closed");
    assert.equal(codeOf(bank.execute(anna, unfreeze, {})), "bank.account_closed");
    assert.equal(codeOf(bank.query(anna, balance, undefined)), "bank.account_closed");
    const second = bank.execute(anna, open, { owner: "Anna", product: "", balanceCents: 0 });
    assert.equal(codeOf(second), "bank.account_exists");
  });

  it("cannot be closed while money is held or in transfer, because it may come back", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, transfer, { to: "ben", amountCents: 100 });
    assert.equal(codeOf(bank.execute(anna, close, {})), "bank.account_in_use");
    bank.deliverAll();
    bank.execute(anna, placeHold, { amountCents: 100, periodMs: 1 });
    assert.equal(codeOf(bank.execute(anna, close, {})), "bank.account_in_use");
  });

  it("reports its balance, its held money and its money in transfer", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, transfer, { to: "ben", amountCents: 30 });
    bank.execute(anna, placeHold, { amountCents: 20, periodMs: 1_000 });
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 50,
      heldCents: 20,
      underWayCents: 30,
    });
    const missing = bank.query(ben, balance, undefined);
    assert.equal(codeOf(missing), "bank.account_missing");
    assert.ok("message" in missing);
    assert.equal(missing.message, "Account `ben` not found. Open the account first.");
  });

  it("refuses commands for an account that was never opened", () => {
    for (const command of account.commands.filter(({ type }) => !["open", "credit"].includes(type))) {
      const body = command.codec.decode(new Uint8Array());
      const refused = codeOf(bankWith().execute(anna, command, body));
      const isReply = /statement$|_transfer$/.test(command.type) && !/^(request|cancel)/.test(command.type);
      assert.ok(refused === "bank.account_missing" || isReply, `${command.type}: ${refused}`);
      assert.equal(typeof refused, "string");
    }
  });
});
