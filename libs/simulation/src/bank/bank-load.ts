/** The bank as a load: the operations of clients are drawn, and the results of the printer are random. */

import { isDeepStrictEqual } from "node:util";
import type { InstanceKey } from "@tutti/kernel";
import { completeStatement, failStatement } from "@tutti/machine-bank";
import type { Chronicle } from "../checks/chronicle.ts";
import type { CountedAnswer } from "../counted/counted.ts";
import type { Load, Result } from "../load/load.ts";
import type { BankOperation } from "../plan/plan.ts";
import type { World } from "../world/world.ts";
import { accountKey, service } from "./accounts.ts";
import { BankCheck } from "./bank-check.ts";
import { breakableAccount } from "./breakable.ts";
import type { PlainAccount } from "./plain-account.ts";

export class BankLoad extends BankCheck implements Load {
  readonly service = service;
  readonly machine = breakableAccount();
  readonly operations: readonly BankOperation[];
  readonly #world: World;
  readonly #printFails: number;

  constructor(world: World, chronicle: Chronicle, operations: readonly BankOperation[], printFails: number) {
    super(world, chronicle, operations);
    this.operations = operations;
    this.#world = world;
    this.#printFails = printFails;
  }

  keyOf(id: string): InstanceKey {
    return accountKey(id);
  }

  /** A closed account may be removed. */
  get lasting(): readonly string[] {
    return [...this.accounts.values()].flatMap(({ id, standing }) =>
      standing === "closed" || standing === "absent" ? [] : [id],
    );
  }

  onOperation(): void {}

  dispatched(): void {}

  /** Prints each requested statement at each request. */
  resultOf(
    _key: InstanceKey,
    _effect: unknown,
    _attempt: unknown,
    random: number,
    isFaultFree: boolean,
  ): Result {
    if (!isFaultFree && random < this.#printFails)
      return { command: failStatement.type, body: { problem: "no paper" } };
    return { command: completeStatement.type, body: { pages: 2 } };
  }

  lateResult(): undefined {}

  late(): void {}

  checkState(id: string, name: string, live: CountedAnswer): void {
    const plain = comparable(this.accountAfter(id, live));
    if (agreesWith(plain, live.answer)) return;
    const found = JSON.stringify(live.answer);
    this.#world.fail("model", `${name} is ${found}, in the plain bank ${JSON.stringify(plain)}`);
  }

  finish(): void {}
}

function comparable({
  standing,
  balance,
  paidIn,
  paidOut,
  holds,
  transfers,
  statements,
}: PlainAccount): object {
  return {
    standing,
    balanceCents: balance,
    paidInCents: paidIn,
    paidOutCents: paidOut,
    holds: [...holds].map(([number, { amount, dueMs }]) => ({ number, amountCents: amount, dueMs })),
    transfers: [...transfers].map(([number, { to, amount }]) => ({ number, to, amountCents: amount })),
    statements: [...statements].map(([number, { attempt, retryMs = null }]) => ({
      number,
      attempt,
      retryMs,
    })),
  };
}

function agreesWith(plain: object, found: unknown): boolean {
  const fields = new Map(Object.entries(found as object));
  return Object.entries(plain).every(([name, value]) => isDeepStrictEqual(fields.get(name), value));
}
