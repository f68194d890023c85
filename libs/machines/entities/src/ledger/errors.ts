import { amountOf, capitalized, defineErrors } from "@tutti/kernel";
import { keptErrors, type Named, wordsOf } from "../kit/errors.ts";

/** Errors that a ledger returns. */
export const ledgerErrors = defineErrors("ledger", {
  ...keptErrors("The values for a ledger must be complete and within its limits."),
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no quota or reservation of that id: it was never made, was taken away, or its time is over.",
    message: ({ what, id }: Named) => `${capitalized(what)} \`${id}\` not found`,
    remedy: "List the existing ones, or create it.",
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to another reservation. Choose another one, or remove the first.",
    message: ({ what, id }: Named) =>
      `${capitalized(what)} \`${id}\` already exists with another specification`,
    remedy: "Choose another id.",
  },
  noRoom: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "So much is not left in the pool for all of that time. Reserve less, another time, or add agents first.",
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

export const words = wordsOf(ledgerErrors);
