import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anna, bankWith, codeOf } from "../bank.fixture.ts";
import { balance, captureHold, freeze, holdPeriodMaxMs, holdsMax, placeHold, releaseHold } from "../index.ts";

const minuteMs = 60_000;

describe("a hold", () => {
  it("that is captured in time pays the money out, and its timer is removed", () => {
    const bank = bankWith({ anna: 100 });
    assert.deepEqual(bank.execute(anna, placeHold, { amountCents: 40, periodMs: minuteMs }), { number: 1 });
    assert.equal(bank.nextDueMs, bank.nowMs + minuteMs);
    bank.execute(anna, captureHold, { hold: 1 });
    assert.equal(bank.nextDueMs, undefined);
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 60,
      heldCents: 0,
      underWayCents: 0,
    });
  });

  it("returns the money at its expiry and not before, frozen or not", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, placeHold, { amountCents: 40, periodMs: minuteMs });
    bank.execute(anna, freeze, { reason: "lost card" });
    bank.advance(minuteMs - 1);
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 60,
      heldCents: 40,
      underWayCents: 0,
    });
    bank.advance(1);
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 100,
      heldCents: 0,
      underWayCents: 0,
    });
    assert.equal(bank.history(anna).at(-1)?.type, "hold_expired");
  });

  it("ends once", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, placeHold, { amountCents: 40, periodMs: minuteMs });
    assert.deepEqual(bank.execute(anna, releaseHold, { hold: 1 }), {});
    for (const end of [captureHold, releaseHold])
      assert.equal(codeOf(bank.execute(anna, end, { hold: 1 })), "bank.number_unknown");
    bank.advance(minuteMs);
    assert.deepEqual(bank.query(anna, balance, undefined), {
      balanceCents: 100,
      heldCents: 0,
      underWayCents: 0,
    });
  });

  it("may be released in a frozen account, but not captured", () => {
    const bank = bankWith({ anna: 100 });
    bank.execute(anna, placeHold, { amountCents: 40, periodMs: minuteMs });
    bank.execute(anna, freeze, { reason: "lost card" });
    assert.equal(codeOf(bank.execute(anna, captureHold, { hold: 1 })), "bank.account_frozen");
    assert.deepEqual(bank.execute(anna, releaseHold, { hold: 1 }), {});
  });

  for (const [periodMs, amountCents, answer] of [
    [1, 100, { number: 1 }],
    [holdPeriodMaxMs, 100, { number: 1 }],
    [0, 100, "bank.period_invalid"],
    [holdPeriodMaxMs + 1, 100, "bank.period_invalid"],
    [Number.NaN, 100, "bank.period_invalid"],
    [minuteMs, 101, "bank.funds_missing"],
  ] as const) {
    it(`of ${amountCents} of 100 cents for ${periodMs} ms: ${JSON.stringify(answer)}`, () => {
      const bank = bankWith({ anna: 100 });
      assert.deepEqual(codeOf(bank.execute(anna, placeHold, { amountCents, periodMs })), answer);
    });
  }

  it("is refused if the account has a hundred", () => {
    const bank = bankWith({ anna: holdsMax + 1 });
    for (let each = 0; each < holdsMax; each += 1)
      bank.execute(anna, placeHold, { amountCents: 1, periodMs: 1 });
    assert.equal(codeOf(bank.execute(anna, placeHold, { amountCents: 1, periodMs: 1 })), "bank.too_many");
  });
});
