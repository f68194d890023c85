import { defineErrors } from "@tutti/kernel";

/** Why an account says no. */
export const bankErrors = defineErrors("bank", {
  accountMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no account of this id. Open it first.",
    message: ({ id }: { id: string }) => `expected the account ${id}, found none; open it first`,
  },
  accountExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to an account already, be it one that is closed. Choose another.",
    message: ({ id }: { id: string }) =>
      `expected no account ${id} yet, found one that is there already; choose another id`,
  },
  accountClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The account has ended. Open another one.",
    message: ({ id }: { id: string }) =>
      `expected the account ${id} to be open, found it closed; use another one`,
  },
  accountFrozen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Nothing leaves or reaches the account until it is unfrozen.",
    message: ({ id, reason }: { id: string; reason: string }) =>
      `expected the account ${id} to be open, found it frozen: ${reason}; unfreeze it first`,
  },
  accountNotFrozen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a frozen account can be unfrozen.",
    message: ({ id }: { id: string }) =>
      `expected the account ${id} to be frozen, found it open; nothing is to be done`,
  },
  accountInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An account is closed when it is empty: nothing in it, nothing set aside, no transfer under way.",
    message: ({ id, balanceCents, holds, transfers }: Usage) =>
      `expected the account ${id} to be empty, found ${balanceCents} cents, ${holds} holds and ${transfers} ` +
      "transfers under way; withdraw the money and wait for the transfers",
  },
  ownerMissing: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An account belongs to somebody.",
    message: () => "expected the owner's name, found nothing; say whose account it is",
  },
  amountInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Amounts are whole cents within the bank's limits.",
    message: ({ amountCents, maxCents }: { amountCents: number; maxCents: number }) =>
      `expected an amount of whole cents from 1 to ${maxCents}, found ${amountCents}; split or correct it`,
  },
  periodInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Money is set aside for a limited time.",
    message: ({ periodMs, maxMs }: { periodMs: number; maxMs: number }) =>
      `expected a period from 1 to ${maxMs} ms, found ${periodMs}; choose a shorter one`,
  },
  receiverInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Money is sent to another account.",
    message: ({ to }: { to: string }) =>
      `expected the id of another account, found ${JSON.stringify(to)}; name the receiver`,
  },
  fundsMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "There is not enough money in the account. What is set aside cannot be spent.",
    message: ({ id, amountCents, balanceCents }: { id: string; amountCents: number; balanceCents: number }) =>
      `expected at least ${amountCents} cents in the account ${id}, found ${balanceCents}; pay in first`,
  },
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The account has as many of these under way as it takes. Wait until some have ended.",
    message: ({ id, what, max }: { id: string; what: string; max: number }) =>
      `expected fewer than ${max} ${what} under way in the account ${id}, found that many; wait for some to end`,
  },
  numberUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no hold, transfer or statement of this number, or it has ended.",
    message: ({ id, what, number }: { id: string; what: string; number: number }) =>
      `expected a ${what} ${number} under way in the account ${id}, found none; it may have ended`,
  },
  resultUnasked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The result of printing is taken from whom the account asked to print, with the token of the attempt.",
    message: ({ id }: { id: string }) =>
      `expected the token of an attempt to print for the account ${id}, found none; send the result with it`,
  },
});

interface Usage {
  readonly id: string;
  readonly balanceCents: number;
  readonly holds: number;
  readonly transfers: number;
}
