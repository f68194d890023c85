/** Banks with some accounts whose code fails. */
import { RepairAction } from "@tutti/contracts/runtime/v1";
import { accountKey, Bank, idsIn, tester } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

export const [ada = "", bob = "", cyd = ""] = idsIn(0, 3);
export const [remote = ""] = idsIn(1, 1);
export const retry = RepairAction.REPAIR_ACTION_RETRY;
export const skip = RepairAction.REPAIR_ACTION_SKIP;
export const reset = RepairAction.REPAIR_ACTION_RESET;
export const terminate = RepairAction.REPAIR_ACTION_TERMINATE;

export async function poisonedBank(limits = {}, overrides = {}) {
  const poison = new Poison();
  const bank = new Bank(limits, { machines: [poisonedAccount(poison)], ...overrides });
  await bank.start();
  await bank.open(ada, 1_000);
  await bank.open(bob, 1_000);
  await bank.open(remote, 1_000);
  return { bank, poison };
}

export function repair(bank: Bank, id: string, action: RepairAction, event = 0) {
  return bank.time.settle(bank.runtime.repair({ key: accountKey(id), action, event, cause: tester }));
}

export function quarantinedIds(bank: Bank): string[] {
  return bank.runtime.quarantined().map(({ key }) => key.id);
}

export async function crashAndStart(bank: Bank): Promise<void> {
  bank.crash();
  await bank.start();
}

/** The result is the same after each of these: memory, journal and archive agree. */
export const lives = {
  "at once": async () => {},
  "after a while": (bank: Bank) => bank.time.advanceAsync(25_000),
  "after a crash": crashAndStart,
  "after a crash behind a cut": async (bank: Bank) => {
    await bank.time.advanceAsync(25_000);
    await crashAndStart(bank);
  },
};
