/** Refusals for items that are stored by id. Each machine has its own catalogue that includes these. */
import { capitalized, type ErrorCatalogue } from "@tutti/kernel";
import type { ItemRefusals } from "./stored.ts";

export interface Named {
  /** Kind of item: `hook`. */
  readonly name: string;
  readonly id: string;
}

interface Moved extends Named {
  readonly revision: number;
  readonly found: number;
}

interface Full {
  readonly name: string;
  readonly max: number;
}

/** Returns the shared entries. `invalid` is the help text for an invalid item. */
export function itemErrors(invalid: string) {
  return {
    missing: {
      status: "NOT_FOUND",
      retry: "never",
      help: "The item does not exist: it was never created or was removed.",
      message: ({ name, id }: Named) => `${capitalized(name)} \`${id}\` not found`,
      remedy: "Create it first, or correct the name.",
    },
    exists: {
      status: "ALREADY_EXISTS",
      retry: "never",
      help: "Another item already has this name. Update that item, or choose another name.",
      message: ({ name, id }: Named) =>
        `${capitalized(name)} \`${id}\` already exists with another specification`,
      remedy: "Update the existing one, or choose another name.",
    },
    moved: {
      status: "ABORTED",
      retry: "never",
      help: "The item has changed since it was read. Read the current revision and decide again.",
      message: ({ name, id, revision, found }: Moved) =>
        `${capitalized(name)} \`${id}\` is at revision ${found}, not ${revision}`,
      remedy: "Read the current revision and retry.",
    },
    full: {
      status: "RESOURCE_EXHAUSTED",
      retry: "never",
      help: "The number of items is limited. Remove items that you do not need.",
      message: ({ name, max }: Full) => `The maximum of ${max} ${name}s is reached`,
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

export function refusalsOf(errors: ErrorCatalogue<ReturnType<typeof itemErrors>>): ItemRefusals {
  const { missing, exists, moved, full, invalid } = errors;
  return {
    missing: (name, id) => missing.refusal({ name, id }),
    exists: (name, id) => exists.refusal({ name, id }),
    moved: (name, id, revision, found) => moved.refusal({ name, id, revision, found }),
    full: (name, max) => full.refusal({ name, max }),
    invalid: (problem) => invalid.refusal({ problem }),
  };
}
