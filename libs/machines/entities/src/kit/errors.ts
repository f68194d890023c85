/** Refusals for items that are stored by id. Each machine has its own catalogue that includes these. */
import { capitalized, type ErrorCatalogue } from "@tutti/kernel";
import type { KeptWords } from "./kept.ts";

export interface Named {
  /** Kind of item: `hook`. */
  readonly what: string;
  readonly id: string;
}

interface Moved extends Named {
  readonly revision: number;
  readonly found: number;
}

interface Full {
  readonly what: string;
  readonly max: number;
}

/** Returns the shared entries. `invalid` is the help text for an invalid item. */
export function keptErrors(invalid: string) {
  return {
    missing: {
      status: "NOT_FOUND",
      retry: "never",
      help: "The item is not kept here: it was never created, or was removed.",
      message: ({ what, id }: Named) => `${capitalized(what)} \`${id}\` not found`,
      remedy: "Create it first, or correct the name.",
    },
    exists: {
      status: "ALREADY_EXISTS",
      retry: "never",
      help: "The name belongs to another one already. Update that one, or choose another name.",
      message: ({ what, id }: Named) =>
        `${capitalized(what)} \`${id}\` already exists with another specification`,
      remedy: "Update the existing one, or choose another name.",
    },
    moved: {
      status: "ABORTED",
      retry: "never",
      help: "It has changed meanwhile. Read it, and decide again.",
      message: ({ what, id, revision, found }: Moved) =>
        `${capitalized(what)} \`${id}\` is at revision ${found}, not ${revision}`,
      remedy: "Read the current revision and retry.",
    },
    full: {
      status: "RESOURCE_EXHAUSTED",
      retry: "never",
      help: "The number of items is limited. Remove items that you do not need.",
      message: ({ what, max }: Full) => `The maximum of ${max} ${what}s is reached`,
      remedy: "Remove one that is not needed.",
    },
    invalid: {
      status: "INVALID_ARGUMENT",
      retry: "never",
      help: invalid,
      message: ({ problem }: { problem: string }) => problem,
      remedy: "Correct the request.",
    },
  } as const;
}

export function wordsOf(errors: ErrorCatalogue<ReturnType<typeof keptErrors>>): KeptWords {
  const { missing, exists, moved, full, invalid } = errors;
  return {
    missing: (what, id) => missing.refusal({ what, id }),
    exists: (what, id) => exists.refusal({ what, id }),
    moved: (what, id, revision, found) => moved.refusal({ what, id, revision, found }),
    full: (what, max) => full.refusal({ what, max }),
    invalid: (problem) => invalid.refusal({ problem }),
  };
}
