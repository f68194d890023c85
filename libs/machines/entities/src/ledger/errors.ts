import { amountOf, capitalized, defineErrors } from "@tutti/kernel";
import { itemErrors, type Named, refusalsOf } from "../kit/errors.ts";

/** Errors that a ledger returns. */
export const ledgerErrors = defineErrors("ledger", {
  ...itemErrors("The values for a ledger must be complete and within its limits."),
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No quota or reservation has this id. It was never created, was removed, or has expired.",
    message: ({ name, id }: Named) => `${capitalized(name)} \`${id}\` not found`,
    remedy: "List the existing ones, or create it.",
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Another reservation already has this id. Choose another id, or remove the other reservation.",
    message: ({ name, id }: Named) =>
      `${capitalized(name)} \`${id}\` already exists with another specification`,
    remedy: "Choose another id.",
  },
  noRoom: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The pool does not have this amount free for the whole time. Reserve less, choose another time, or add agents first.",
    message: ({ name, amount, pool, there, capacity, others }: NoRoom) =>
      `Pool \`${pool}\` cannot reserve ${amountOf(amount, name)}${there === "" ? "" : ` of agents with ${there}`}: it has ${capacity} in total${others === "" ? "" : `, of which ${others}`}`,
    remedy: "Reserve less, or at another time.",
  },
});

interface NoRoom {
  readonly name: string;
  readonly amount: number;
  readonly pool: string;
  /** Labels of the agents that were requested. Empty for any. */
  readonly there: string;
  readonly capacity: number;
  /** The obstacles, in words. Empty if the total is too small. */
  readonly others: string;
}

export const refusals = refusalsOf(ledgerErrors);
