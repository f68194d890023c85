import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AccountSnapshotV1 } from "@tutti/contracts/bank/v1";
import { kernelErrors } from "@tutti/kernel";
import { anna, bankWith } from "../bank.fixture.ts";
import { account, deposit } from "../index.ts";
import { accountOpenedV1 } from "./events.ts";

describe("data from the first release of the bank", () => {
  it("is folded in cents, and the account continues from there", () => {
    const bank = bankWith();
    bank.append(anna, accountOpenedV1, { owner: "Anna", balance: 12 });
    assert.deepEqual(bank.execute(anna, deposit, { amountCents: 5 }), { balanceCents: 1_205 });
    assert.equal(bank.description(anna).definition, "current");
  });

  for (const [closed, standing] of [
    [false, "open"],
    [true, "closed"],
  ] as const) {
    it(`is read from a snapshot: ${standing}`, () => {
      const bytes = AccountSnapshotV1.encode({ owner: "Anna", balance: closed ? 0 : 12, closed }).finish();
      const state = account.snapshots.decode(bytes, 1);
      assert.deepEqual(
        [state.standing, state.balanceCents, state.paidInCents, state.product],
        [standing, closed ? 0 : 1_200, closed ? 0 : 1_200, "current"],
      );
    });
  }
});

describe("a snapshot of an account", () => {
  it("of an unknown version is refused with the reason", () => {
    assert.throws(
      () => account.snapshots.decode(new Uint8Array(), 3),
      (error) =>
        kernelErrors.snapshotUnknown.is(error) &&
        error.message ===
          "The snapshot of kind account has version 3, and this release reads 1 to 2. Run the release that wrote it.",
    );
  });
});
