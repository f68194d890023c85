import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { account, bankService } from "./index.ts";
import { isConserved, moneyOf, operations, printed } from "./testing/index.ts";

describe("the bank", () => {
  machineConformance({
    machines: [account],
    service: bankService,
    commands: operations({ accounts: ["anna", "ben"] }),
    resultOf: printed,
    pauseMaxMs: 5_000,
    sequences: 400,
    golden: new URL("../golden/", import.meta.url),
    invariant(driver) {
      const money = moneyOf(
        driver.keys.map((key) => driver.state(key, account)),
        driver.messages,
      );
      assert.ok(isConserved(money), JSON.stringify(money));
      assert.equal(driver.tally.messagesRefused, 0);
    },
  });
});
