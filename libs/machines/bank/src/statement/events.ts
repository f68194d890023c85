import {
  StatementAbandonedV1,
  StatementCancelledV1,
  StatementCompletedV1,
  StatementFailedV1,
  StatementRequestedV1,
  StatementRetriedV1,
} from "@tutti/contracts/bank/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import type { Account, AccountEvent, PendingStatement, PrintStatement } from "../state.ts";

export const statementRequested: AccountEvent<StatementRequestedV1> = {
  type: "statement_requested",
  version: 1,
  codec: StatementRequestedV1,
  evolve(account, { statement }, outstanding) {
    account.statements.set(statement, { attempt: 1, retryMs: undefined });
    account.lastNumber = statement;
    outstanding.effect(statement, 1, printing(statement));
  },
};

export const statementCompleted: AccountEvent<StatementCompletedV1> = {
  type: "statement_completed",
  version: 1,
  codec: StatementCompletedV1,
  evolve(account, { statement }, outstanding) {
    forget(account, statement, outstanding);
    account.statementsCompleted += 1;
  },
};

export const statementFailed: AccountEvent<StatementFailedV1> = {
  type: "statement_failed",
  version: 1,
  codec: StatementFailedV1,
  evolve(account, { statement, retryMs }, outstanding) {
    const { attempt } = pending(account, statement);
    account.statements.set(statement, { attempt: attempt + 1, retryMs });
    outstanding.settled(statement);
    outstanding.timer(statement, retryMs);
  },
};

export const statementRetried: AccountEvent<StatementRetriedV1> = {
  type: "statement_retried",
  version: 1,
  codec: StatementRetriedV1,
  evolve(account, { statement }, outstanding) {
    const { attempt } = pending(account, statement);
    account.statements.set(statement, { attempt, retryMs: undefined });
    outstanding.cleared(statement);
    outstanding.effect(statement, attempt, printing(statement));
  },
};

export const statementAbandoned: AccountEvent<StatementAbandonedV1> = {
  type: "statement_abandoned",
  version: 1,
  codec: StatementAbandonedV1,
  evolve: (account, { statement }, outstanding) => forget(account, statement, outstanding),
};

export const statementCancelled: AccountEvent<StatementCancelledV1> = {
  type: "statement_cancelled",
  version: 1,
  codec: StatementCancelledV1,
  evolve: (account, { statement }, outstanding) => forget(account, statement, outstanding),
};

/** Returns the effect that prints a statement. */
export function printing(statement: number): PrintStatement {
  return { kind: "print_statement", statement };
}

function pending(account: Account, statement: number): PendingStatement {
  const found = account.statements.get(statement);
  assert(found !== undefined, "a statement that continues was requested", { statement });
  return found;
}

function forget(account: Account, statement: number, outstanding: Outstanding<PrintStatement>): void {
  account.statements.delete(statement);
  outstanding.settled(statement);
  outstanding.cleared(statement);
}
