import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineDriver } from "@tutti/kernel/testing";
import { anna, bankWith, codeOf } from "../bank.fixture.ts";
import {
  cancelStatement,
  close,
  completeStatement,
  failStatement,
  printAttemptsMax,
  printBackoff,
  requestStatement,
  statementsMax,
} from "../index.ts";

describe("a statement", () => {
  it("is printed outside, and its result counts once", () => {
    const bank = bankWith({ anna: 0 });
    assert.deepEqual(bank.execute(anna, requestStatement, {}), { number: 1 });
    const effect = onlyEffect(bank);
    assert.deepEqual(effect, {
      key: anna,
      number: 1,
      attempt: 1,
      effect: { kind: "print_statement", statement: 1 },
    });
    assert.deepEqual(bank.settle(effect, completeStatement, { pages: 2 }), {});
    assert.equal(bank.settle(effect, completeStatement, { pages: 2 }), "ignored");
    assert.equal(bank.settle(effect, failStatement, { problem: "late" }), "ignored");
    assert.deepEqual(bank.effects, []);
  });

  it("that fails is tried again after a pause that grows, up to the limit", () => {
    const bank = bankWith({ anna: 0 });
    bank.execute(anna, requestStatement, {});
    for (let attempt = 1; attempt < printAttemptsMax; attempt += 1) {
      const effect = onlyEffect(bank);
      assert.equal(effect.attempt, attempt);
      bank.settle(effect, failStatement, { problem: "out of paper" });
      assert.deepEqual(bank.effects, [], "nothing is to be done during the pause");
      const pauseMs = (bank.nextDueMs ?? 0) - bank.nowMs;
      const boundMs = printBackoff.firstMs * 2 ** (attempt - 1);
      assert.ok(pauseMs >= boundMs / 2 && pauseMs <= boundMs, `${pauseMs} ms after attempt ${attempt}`);
      bank.advance(pauseMs);
    }
    bank.settle(onlyEffect(bank), failStatement, { problem: "on fire" });
    assert.equal(bank.history(anna).at(-1)?.type, "statement_abandoned");
    assert.deepEqual([bank.effects, bank.nextDueMs], [[], undefined]);
  });

  it("ignores the result of an attempt that was retried", () => {
    const bank = bankWith({ anna: 0 });
    bank.execute(anna, requestStatement, {});
    const first = onlyEffect(bank);
    bank.settle(first, failStatement, { problem: "out of paper" });
    bank.advance(printBackoff.maxMs);
    assert.equal(bank.settle(first, completeStatement, { pages: 1 }), "ignored");
    assert.deepEqual(bank.settle(onlyEffect(bank), completeStatement, { pages: 1 }), {});
  });

  it("can be cancelled during printing and between attempts, and later results are ignored", () => {
    const bank = bankWith({ anna: 0 });
    bank.execute(anna, requestStatement, {});
    const effect = onlyEffect(bank);
    assert.deepEqual(bank.execute(anna, cancelStatement, { statement: 1 }), {});
    assert.equal(bank.settle(effect, completeStatement, { pages: 1 }), "ignored");
    bank.execute(anna, requestStatement, {});
    bank.settle(onlyEffect(bank), failStatement, { problem: "out of paper" });
    bank.execute(anna, cancelStatement, { statement: 2 });
    assert.equal(bank.nextDueMs, undefined);
    assert.equal(codeOf(bank.execute(anna, cancelStatement, { statement: 2 })), "bank.number_unknown");
  });

  it("is cancelled when the account is closed", () => {
    const bank = bankWith({ anna: 0 });
    bank.execute(anna, requestStatement, {});
    bank.execute(anna, requestStatement, {});
    const [first] = bank.effects;
    if (first !== undefined) bank.settle(first, failStatement, { problem: "out of paper" });
    bank.execute(anna, close, {});
    assert.deepEqual([bank.effects, bank.nextDueMs], [[], undefined]);
  });

  it("refuses a result without the token of an attempt", () => {
    const bank = bankWith({ anna: 0 });
    bank.execute(anna, requestStatement, {});
    assert.equal(codeOf(bank.execute(anna, completeStatement, { pages: 1 })), "bank.result_unasked");
    assert.equal(codeOf(bank.execute(anna, failStatement, { problem: "" })), "bank.result_unasked");
  });

  it("is refused if the account has ten", () => {
    const bank = bankWith({ anna: 0 });
    for (let each = 0; each < statementsMax; each += 1) bank.execute(anna, requestStatement, {});
    assert.equal(codeOf(bank.execute(anna, requestStatement, {})), "bank.too_many");
  });
});

function onlyEffect(bank: MachineDriver) {
  const [effect, ...others] = bank.effects;
  assert.ok(effect !== undefined && others.length === 0);
  return effect;
}
