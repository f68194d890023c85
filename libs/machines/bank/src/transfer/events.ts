import {
  TransferCompletedV1,
  TransferCreditedV1,
  TransferDeclinedV1,
  TransferStartedV1,
} from "@tutti/contracts/bank/v1";
import { assert } from "@tutti/kernel";
import { spend } from "../account/events.ts";
import type { AccountEvent } from "../state.ts";

export const transferStarted: AccountEvent<TransferStartedV1> = {
  type: "transfer_started",
  version: 1,
  codec: TransferStartedV1,
  evolve(account, { transfer, to, amountCents }) {
    spend(account, amountCents);
    account.transfers.set(transfer, { to, amountCents });
    account.lastNumber = transfer;
  },
};

export const transferCredited: AccountEvent<TransferCreditedV1> = {
  type: "transfer_credited",
  version: 1,
  codec: TransferCreditedV1,
  evolve(account, { amountCents }) {
    account.balanceCents += amountCents;
  },
};

export const transferCompleted: AccountEvent<TransferCompletedV1> = {
  type: "transfer_completed",
  version: 1,
  codec: TransferCompletedV1,
  evolve(account, { transfer }) {
    account.transfers.delete(transfer);
  },
};

export const transferDeclined: AccountEvent<TransferDeclinedV1> = {
  type: "transfer_declined",
  version: 1,
  codec: TransferDeclinedV1,
  evolve(account, { transfer }) {
    const declined = account.transfers.get(transfer);
    assert(declined !== undefined, "a declined transfer is in progress", { transfer });
    account.transfers.delete(transfer);
    account.balanceCents += declined.amountCents;
  },
};
