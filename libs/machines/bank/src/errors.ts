import { defineErrors } from "@tutti/kernel";

/** Errors that an account returns. */
export const bankErrors = defineErrors("bank", {
  accountMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No account has this id. Open it first.",
    message: ({ id }: { id: string }) => `Account \`${id}\` not found`,
    remedy: "Open the account first.",
  },
  accountExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "An account already has this id, or had it before it was closed. Choose another id.",
    message: ({ id }: { id: string }) => `Account \`${id}\` already exists`,
    remedy: "Choose another id.",
  },
  accountClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The account is closed. Open another one.",
    message: ({ id }: { id: string }) => `Account \`${id}\` is closed`,
    remedy: "Use another account.",
  },
  accountFrozen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No money enters or leaves the account until it is unfrozen.",
    message: ({ id, reason }: { id: string; reason: string }) => `Account \`${id}\` is frozen: ${reason}`,
    remedy: "Unfreeze the account first.",
  },
  accountNotFrozen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a frozen account can be unfrozen.",
    message: ({ id }: { id: string }) => `Account \`${id}\` is not frozen`,
    remedy: "Continue without unfreezing it.",
  },
  accountInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only an empty account can be closed: no balance, no holds and no transfers in progress.",
    message: ({ id, balanceCents, holds, transfers }: Usage) =>
      `Account \`${id}\` still has ${balanceCents} cents, ${holds} holds and ${transfers} transfers in progress`,
    remedy: "Withdraw the money and wait for the transfers.",
  },
  ownerMissing: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An account needs an owner.",
    message: () => "`owner`: expected a name, got nothing",
    remedy: "Set the owner of the account.",
  },
  amountInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Amounts are whole cents within the bank's limits.",
    message: ({ amountCents, maxCents }: { amountCents: number; maxCents: number }) =>
      `\`amountCents\`: expected whole cents from 1 to ${maxCents}, got ${amountCents}`,
    remedy: "Correct or split the amount.",
  },
  periodInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Money is set aside for a limited time.",
    message: ({ periodMs, maxMs }: { periodMs: number; maxMs: number }) =>
      `\`periodMs\`: expected 1 to ${maxMs}, got ${periodMs}`,
    remedy: "Choose a shorter period.",
  },
  receiverInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Money is sent to another account.",
    message: ({ to }: { to: string }) =>
      `\`to\`: expected the id of another account, got ${JSON.stringify(to)}`,
    remedy: "Set the receiver.",
  },
  fundsMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The balance of the account is too low. Held money cannot be spent.",
    message: ({ id, amountCents, balanceCents }: { id: string; amountCents: number; balanceCents: number }) =>
      `Account \`${id}\` has ${balanceCents} cents, and ${amountCents} are needed`,
    remedy: "Pay in first.",
  },
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The account has the maximum number of these in progress. Wait until some have ended.",
    message: ({ id, what, max }: { id: string; what: string; max: number }) =>
      `Account \`${id}\` has the maximum of ${max} ${what} in progress`,
    remedy: "Wait until some have ended.",
  },
  numberUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No hold, transfer or statement has this number, or it has ended.",
    message: ({ id, what, number }: { id: string; what: string; number: number }) =>
      `${what} ${number} of account \`${id}\` is not in progress`,
    remedy: "Check its number, or whether it has ended.",
  },
  resultUnasked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The result of printing needs the token of an attempt that the account started.",
    message: ({ id }: { id: string }) =>
      `The result has no token of an attempt to print for account \`${id}\``,
    remedy: "Send the result with the token of the attempt.",
  },
});

interface Usage {
  readonly id: string;
  readonly balanceCents: number;
  readonly holds: number;
  readonly transfers: number;
}
