import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { account, bankService, open } from "./index.ts";
import { accountKey } from "./testing/index.ts";

export const anna = accountKey("anna");
export const ben = accountKey("ben");

/** Returns a bank with accounts of these ids and balances. */
export function bankWith(balances: Readonly<Record<string, number>> = {}): MachineDriver {
  const bank = new MachineDriver({ machines: [account], service: bankService });
  for (const [id, balanceCents] of Object.entries(balances))
    bank.execute(accountKey(id), open, { owner: id, product: "current", balanceCents });
  return bank;
}

/** Returns the code of a refusal. Otherwise the reply itself. */
export function codeOf(answer: unknown): unknown {
  return isRefusal(answer) ? answer.code : answer;
}
