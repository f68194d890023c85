import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** An account, folded from its events. Only folds change it. */
export interface Account {
  standing: "absent" | "open" | "frozen" | "closed";
  owner: string;
  product: string;
  /** What can be spent: money that is set aside or under way is not in it. */
  balanceCents: number;
  /** Empty unless frozen. */
  freezeReason: string;
  /** Holds, transfers and statements are counted together, so that a number alone says which of them is meant. */
  lastNumber: number;
  statementsCompleted: number;
  /** All that ever came from outside the bank, and all that left it: what the sum of all accounts is compared with. */
  paidInCents: number;
  paidOutCents: number;
  readonly holds: Map<number, Hold>;
  readonly transfers: Map<number, PendingTransfer>;
  readonly statements: Map<number, PendingStatement>;
}

/** Money that is set aside until its timer, which has the same number, is due. */
export interface Hold {
  readonly amountCents: number;
  readonly dueMs: number;
}

/** Money that was sent, and neither arrived nor came back as far as this account knows. */
export interface PendingTransfer {
  readonly to: string;
  readonly amountCents: number;
}

/** A statement that is not on paper. Its effect, or between attempts its timer, has the same number. */
export interface PendingStatement {
  readonly attempt: number;
  /** When the next attempt starts. Undefined while one is under way. */
  readonly retryMs: number | undefined;
}

/** What an account asks the world for. Which account it is, the runtime says. */
export interface PrintStatement {
  readonly kind: "print_statement";
  readonly statement: number;
}

/** What deciders see of an account. */
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

/** Returns the number that the next hold, transfer or statement gets. */
export function nextNumber(account: AccountView): number {
  return account.lastNumber + 1;
}

/** Returns the sum of what the entries of a map hold. */
export function amountOf(entries: ReadonlyMap<number, { readonly amountCents: number }>): number {
  let sum = 0;
  for (const { amountCents } of entries.values()) sum += amountCents;
  return sum;
}
