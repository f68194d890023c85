/**
 * The account machine: the table of its commands and events. Money is never created or lost, even after a crash:
 *
 * 1. The balance, the reserved money and the money in messages add up to the deposits minus the withdrawals.
 * 2. No balance is ever below zero.
 * 3. An account ends empty, and nothing is outstanding then.
 */
import type { Machine, Outstanding } from "@tutti/kernel";
import { close, deposit, freeze, open, unfreeze, withdraw } from "./account/commands.ts";
import { describeAccount, projectAccount } from "./account/description.ts";
import {
  accountClosed,
  accountFrozen,
  accountOpened,
  accountOpenedV1,
  accountUnfrozen,
  moneyDeposited,
  moneyWithdrawn,
} from "./account/events.ts";
import { balance } from "./account/queries.ts";
import { accountSnapshots } from "./account/snapshots.ts";
import { captureHold, placeHold, releaseHold } from "./hold/commands.ts";
import { holdCaptured, holdExpired, holdPlaced, holdReleased } from "./hold/events.ts";
import { expireHold } from "./hold/timers.ts";
import { type Account, type AccountView, newAccount, type PrintStatement } from "./state.ts";
import { cancelStatement, completeStatement, failStatement, requestStatement } from "./statement/commands.ts";
import {
  printing,
  statementAbandoned,
  statementCancelled,
  statementCompleted,
  statementFailed,
  statementRequested,
  statementRetried,
} from "./statement/events.ts";
import { retryStatement } from "./statement/timers.ts";
import { accountKind, completeTransfer, credit, declineTransfer, transfer } from "./transfer/commands.ts";
import { transferCompleted, transferCredited, transferDeclined, transferStarted } from "./transfer/events.ts";

export const account: Machine<Account, PrintStatement> = {
  kind: accountKind,
  behaviour: 1,
  create: newAccount,
  commands: [
    open,
    deposit,
    withdraw,
    freeze,
    unfreeze,
    close,
    transfer,
    credit,
    completeTransfer,
    declineTransfer,
    placeHold,
    captureHold,
    releaseHold,
    requestStatement,
    completeStatement,
    failStatement,
    cancelStatement,
  ],
  events: [
    accountOpenedV1,
    accountOpened,
    moneyDeposited,
    moneyWithdrawn,
    accountFrozen,
    accountUnfrozen,
    accountClosed,
    transferStarted,
    transferCredited,
    transferCompleted,
    transferDeclined,
    holdPlaced,
    holdCaptured,
    holdReleased,
    holdExpired,
    statementRequested,
    statementCompleted,
    statementFailed,
    statementRetried,
    statementAbandoned,
    statementCancelled,
  ],
  queries: [balance],
  expire(state, timer, step) {
    if (state.holds.has(timer)) expireHold(timer, step);
    else if (state.statements.has(timer)) retryStatement(timer, step);
  },
  snapshots: accountSnapshots,
  recover,
  describe: describeAccount,
  project: projectAccount,
};

function recover({ holds, statements }: AccountView, outstanding: Outstanding<PrintStatement>): void {
  for (const [number, { dueMs }] of holds) outstanding.timer(number, dueMs);
  for (const [number, { attempt, retryMs }] of statements) {
    if (retryMs === undefined) outstanding.effect(number, attempt, printing(number));
    else outstanding.timer(number, retryMs);
  }
}
