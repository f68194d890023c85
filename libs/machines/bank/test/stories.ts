/** Histories that every release must read: recorded once by `npm run golden`. */
import { AccountSnapshotV1 } from "@tutti/contracts/bank/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { accountOpenedV1 } from "../src/account/events.ts";
import {
  account,
  bankService,
  captureHold,
  close,
  completeStatement,
  deposit,
  failStatement,
  freeze,
  open,
  placeHold,
  releaseHold,
  requestStatement,
  transfer,
  unfreeze,
  withdraw,
} from "../src/index.ts";
import { accountKey } from "../src/testing/index.ts";

const anna = accountKey("anna");
const ben = accountKey("ben");

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** An account of the first release: everything in whole units. */
  "whole-units": (release) => {
    const driver = newDriver();
    driver.append(anna, accountOpenedV1, { owner: "Anna", balance: 12 });
    const state = AccountSnapshotV1.encode({ owner: "Anna", balance: 12, closed: false }).finish();
    return {
      ...goldenOf(driver, account, anna, release),
      snapshot: { version: 1, state: Buffer.from(state).toString("base64") },
    };
  },

  /** Everything that an account can have in progress. */
  "under-way": (release) => {
    const driver = newDriver();
    driver.execute(anna, open, { owner: "Anna", product: "savings", balanceCents: 50_000 });
    driver.execute(anna, deposit, { amountCents: 2_500 });
    driver.execute(anna, placeHold, { amountCents: 1_000, periodMs: 86_400_000 });
    driver.execute(anna, transfer, { to: "ben", amountCents: 750 });
    driver.execute(anna, requestStatement, {});
    driver.execute(anna, requestStatement, {});
    const [, second] = driver.effects;
    if (second !== undefined) driver.settle(second, failStatement, { problem: "out of paper" });
    driver.execute(anna, freeze, { reason: "a question of the tax office" });
    return goldenOf(driver, account, anna, release);
  },

  /** From opening to closing. */
  closed: (release) => {
    const driver = newDriver();
    driver.execute(anna, open, { owner: "Anna", product: "current", balanceCents: 1_000 });
    driver.execute(anna, transfer, { to: "ben", amountCents: 400 });
    driver.deliverAll();
    driver.execute(ben, open, { owner: "Ben", product: "current", balanceCents: 0 });
    driver.execute(anna, transfer, { to: "ben", amountCents: 300 });
    driver.deliverAll();
    for (const end of [captureHold, releaseHold]) {
      driver.execute(anna, placeHold, { amountCents: 100, periodMs: 1_000 });
      driver.execute(anna, end, { hold: end === captureHold ? 3 : 4 });
    }
    driver.execute(anna, placeHold, { amountCents: 100, periodMs: 1_000 });
    driver.advance(1_000);
    driver.execute(anna, freeze, { reason: "lost card" });
    driver.execute(anna, unfreeze, {});
    driver.execute(anna, requestStatement, {});
    for (const effect of driver.effects) driver.settle(effect, completeStatement, { pages: 2 });
    driver.execute(anna, withdraw, { amountCents: 600 });
    driver.execute(anna, requestStatement, {});
    driver.execute(anna, close, {});
    return goldenOf(driver, account, anna, release);
  },
};

function newDriver(): MachineDriver {
  return new MachineDriver({ machines: [account], service: bankService });
}
