import { amountOf, defineErrors } from "@tutti/kernel";
import type { KeptWords } from "../index.ts";

interface Named {
  /** Kind of thing: `quota`. */
  readonly what: string;
  readonly id: string;
}

/** Why a ledger says no. */
export const ledgerErrors = defineErrors("ledger", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no quota or reservation of that id: it was never made, was taken away, or its time is over.",
    message: ({ what, id }: Named) =>
      `expected the ${what} ${id}, found none; list those there are, or create it`,
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to another reservation. Choose another one, or remove the first.",
    message: ({ what, id }: Named) =>
      `expected no ${what} ${id} yet, or the same one, found another; choose another id`,
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody changed it meanwhile. Read it, and decide again.",
    message: ({ what, id, revision, found }: Named & { revision: number; found: number }) =>
      `expected the ${what} ${id} in revision ${revision}, found ${found}; read it again`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A namespace has only so many quotas and reservations. Take away what is not needed.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected fewer than ${max} ${what}s, found that many; take one away that is not needed`,
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a ledger is told to keep must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => `${problem}; correct it`,
  },
  noRoom: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "So much is not left in the pool for all of that time. Reserve less, another time, or add agents first.",
    message: ({ name, amount, pool, there, capacity, others }: NoRoom) =>
      `expected ${amountOf(amount, name)} to be left ${there === "" ? "" : `of agents with ${there} `}in the pool ${pool}, found ${capacity} in all${others === "" ? "" : `, of which ${others}`}; reserve less, or at another time`,
  },
});

interface NoRoom {
  readonly name: string;
  readonly amount: number;
  readonly pool: string;
  /** Labels of the agents of which it was wanted; empty for any. */
  readonly there: string;
  readonly capacity: number;
  /** What stands in the way, in words; empty where there is not so much at all. */
  readonly others: string;
}

export const words: KeptWords = {
  missing: (what, id) => ledgerErrors.missing.refusal({ what, id }),
  exists: (what, id) => ledgerErrors.exists.refusal({ what, id }),
  moved: (what, id, revision, found) => ledgerErrors.moved.refusal({ what, id, revision, found }),
  full: (what, max) => ledgerErrors.full.refusal({ what, max }),
  invalid: (problem) => ledgerErrors.invalid.refusal({ problem }),
};
