/** Snapshots of an account. */
import { AccountSnapshotV1, AccountSnapshotV2, AccountStanding } from "@tutti/contracts/bank/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { type Account, type AccountView, newAccount } from "../state.ts";

const newest = 2;

export const accountSnapshots: SnapshotCodec<Account> = {
  version: newest,
  encode: (account) => AccountSnapshotV2.encode(snapshotOf(account)).finish(),
  decode(bytes, version) {
    if (version === 1) return accountOf(upgraded(AccountSnapshotV1.decode(bytes)));
    if (version === newest) return accountOf(AccountSnapshotV2.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "account", version, newest });
  },
};

/**
 * Converts a snapshot of the first release: accounts of one product, in whole units, without the source of the money.
 */
function upgraded({ owner, balance, closed }: AccountSnapshotV1): AccountSnapshotV2 {
  const balanceCents = balance * 100;
  return AccountSnapshotV2.create({
    standing: closed ? AccountStanding.ACCOUNT_STANDING_CLOSED : AccountStanding.ACCOUNT_STANDING_OPEN,
    owner,
    product: "current",
    balanceCents,
    turnover: { paidInCents: balanceCents, paidOutCents: 0 },
  });
}

function snapshotOf(account: AccountView): AccountSnapshotV2 {
  const { owner, product, balanceCents, freezeReason, lastNumber, statementsCompleted } = account;
  return {
    standing: standings[account.standing],
    owner,
    product,
    balanceCents,
    freezeReason,
    lastNumber,
    statementsCompleted,
    turnover: { paidInCents: account.paidInCents, paidOutCents: account.paidOutCents },
    holds: [...account.holds].map(([number, hold]) => ({ number, ...hold })),
    transfers: [...account.transfers].map(([number, transfer]) => ({ number, ...transfer })),
    statements: [...account.statements].map(([number, { attempt, retryMs = 0 }]) => ({
      number,
      attempt,
      retryMs,
    })),
  };
}

function accountOf(snapshot: AccountSnapshotV2): Account {
  const { owner, product, balanceCents, freezeReason, lastNumber, statementsCompleted, turnover } = snapshot;
  const account = newAccount();
  Object.assign(account, { owner, product, balanceCents, freezeReason, lastNumber, statementsCompleted });
  account.standing = standingOf(snapshot.standing);
  account.paidInCents = turnover?.paidInCents ?? 0;
  account.paidOutCents = turnover?.paidOutCents ?? 0;
  for (const { number, amountCents, dueMs } of snapshot.holds)
    account.holds.set(number, { amountCents, dueMs });
  for (const { number, to, amountCents } of snapshot.transfers)
    account.transfers.set(number, { to, amountCents });
  for (const { number, attempt, retryMs } of snapshot.statements)
    account.statements.set(number, { attempt, retryMs: retryMs === 0 ? undefined : retryMs });
  return account;
}

const standings = {
  absent: AccountStanding.ACCOUNT_STANDING_UNSPECIFIED,
  open: AccountStanding.ACCOUNT_STANDING_OPEN,
  frozen: AccountStanding.ACCOUNT_STANDING_FROZEN,
  closed: AccountStanding.ACCOUNT_STANDING_CLOSED,
} as const;

function standingOf(standing: AccountStanding): Account["standing"] {
  switch (standing) {
    case AccountStanding.ACCOUNT_STANDING_OPEN:
      return "open";
    case AccountStanding.ACCOUNT_STANDING_FROZEN:
      return "frozen";
    case AccountStanding.ACCOUNT_STANDING_CLOSED:
      return "closed";
    default:
      return "absent";
  }
}
