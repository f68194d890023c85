import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** An account, folded from its events. Only folds change it. */
export interface Account {
  standing: "absent" | "open" | "frozen" | "closed";
  owner: string;
  product: string;
  /** Available money, without reserved and sent money. */
  balanceCents: number;
  /** Empty if not frozen. */
  freezeReason: string;
  /** Holds, transfers and statements share one sequence, so that a number identifies one of them. */
  lastNumber: number;
  statementsCompleted: number;
  /**
   * Total money from outside the bank, and total money that left it: the sum of all accounts is compared with these.
   */
  paidInCents: number;
  paidOutCents: number;
  readonly holds: Map<number, Hold>;
  readonly transfers: Map<number, PendingTransfer>;
  readonly statements: Map<number, PendingStatement>;
}

/** Money that is reserved until its timer, which has the same number, is due. */
export interface Hold {
  readonly amountCents: number;
  readonly dueMs: number;
}

/** Money that was sent, and has neither arrived nor returned as far as this account knows. */
export interface PendingTransfer {
  readonly to: string;
  readonly amountCents: number;
}

/** A statement that is not printed yet. Its effect, or between attempts its timer, has the same number. */
export interface PendingStatement {
  readonly attempt: number;
  /** Time of the next attempt. Undefined while one is running. */
  readonly retryMs: number | undefined;
}

/** Effect of an account. The runtime adds the account. */
export interface PrintStatement {
  readonly kind: "print_statement";
  readonly statement: number;
}

/** Read-only view for deciders. */
export type AccountView = ReadOnly<Account>;
export type AccountStep = MachineStep<Account, PrintStatement>;
export type AccountEvent<Body> = MachineEvent<Account, PrintStatement, Body>;
export type AccountCommand<Body, Reply> = Command<Account, Body, Reply, PrintStatement>;

export function newAccount(): Account {
  return {
    standing: "absent",
    owner: "",
    product: "",
    balanceCents: 0,
    freezeReason: "",
    lastNumber: 0,
    statementsCompleted: 0,
    paidInCents: 0,
    paidOutCents: 0,
    holds: new Map(),
    transfers: new Map(),
    statements: new Map(),
  };
}

/** Returns the number of the next hold, transfer or statement. */
export function nextNumber(account: AccountView): number {
  return account.lastNumber + 1;
}

/** Returns the sum of the amounts in a map. */
export function amountOf(entries: ReadonlyMap<number, { readonly amountCents: number }>): number {
  let sum = 0;
  for (const { amountCents } of entries.values()) sum += amountCents;
  return sum;
}
