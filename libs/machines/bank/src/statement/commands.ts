/**
 * A statement is printed by an effect. Its result arrives as a command with the token of the attempt, at least once and
 * counted once. After a failure the account waits, longer each time, and requests the effect again under the same
 * number.
 */
import {
  CancelStatement,
  CompleteStatement,
  Done,
  FailStatement,
  Numbered,
  RequestStatement,
} from "@tutti/contracts/bank/v1";
import { backoffMs, type Refusal } from "@tutti/kernel";
import { bankErrors } from "../errors.ts";
import { printAttemptsMax, printBackoff, statementsMax } from "../limits.ts";
import { notThere } from "../refusals.ts";
import { type AccountCommand, type AccountView, nextNumber } from "../state.ts";
import {
  statementAbandoned,
  statementCancelled,
  statementCompleted,
  statementFailed,
  statementRequested,
} from "./events.ts";

export const requestStatement: AccountCommand<RequestStatement, Numbered> = {
  type: "request_statement",
  codec: RequestStatement,
  reply: Numbered,
  decide(account, _, step) {
    const { id } = step.key;
    const refusal = notThere(account, id);
    if (refusal !== undefined) return refusal;
    if (account.statements.size >= statementsMax)
      return bankErrors.tooMany.refusal({ id, what: "statements", max: statementsMax });
    const number = nextNumber(account);
    step.emit(statementRequested, { statement: number });
    return { number };
  },
};

/** A result. */
export const completeStatement: AccountCommand<CompleteStatement, Done> = {
  type: "complete_statement",
  codec: CompleteStatement,
  reply: Done,
  decide(account, { pages }, step) {
    const { settles, key } = step;
    if (settles === undefined) return bankErrors.resultUnasked.refusal({ id: key.id });
    const refusal = notPending(account, key.id, settles.number);
    if (refusal !== undefined) return refusal;
    step.emit(statementCompleted, { statement: settles.number, pages });
    return {};
  },
};

/** A result. */
export const failStatement: AccountCommand<FailStatement, Done> = {
  type: "fail_statement",
  codec: FailStatement,
  reply: Done,
  decide(account, { problem }, step) {
    const { settles, key } = step;
    if (settles === undefined) return bankErrors.resultUnasked.refusal({ id: key.id });
    const { number: statement, attempt } = settles;
    const refusal = notPending(account, key.id, statement);
    if (refusal !== undefined) return refusal;
    if (attempt >= printAttemptsMax) {
      step.emit(statementAbandoned, { statement, problem });
    } else {
      // Random within the upper half of the pause, so that accounts that failed together do not retry
      // together.
      const pauseMs = backoffMs(printBackoff, attempt, step);
      step.emit(statementFailed, { statement, problem, retryMs: step.nowMs + Math.ceil(pauseMs) });
    }
    return {};
  },
};

export const cancelStatement: AccountCommand<CancelStatement, Done> = {
  type: "cancel_statement",
  codec: CancelStatement,
  reply: Done,
  decide(account, { statement }, step) {
    const { id } = step.key;
    const refusal = notThere(account, id) ?? notPending(account, id, statement);
    if (refusal !== undefined) return refusal;
    step.emit(statementCancelled, { statement });
    return {};
  },
};

function notPending(account: AccountView, id: string, statement: number): Refusal | undefined {
  if (account.statements.has(statement)) return undefined;
  return bankErrors.numberUnknown.refusal({ id, what: "statement", number: statement });
}
