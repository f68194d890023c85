import { capitalized, defineErrors, type Refusal } from "@tutti/kernel";
import { keptErrors, type Named, wordsOf } from "../kit/errors.ts";
import type { KeptWords } from "../kit/kept.ts";

/** Errors that a tenant returns. */
export const tenantErrors = defineErrors("tenant", {
  ...keptErrors("The values for a namespace must be complete and within its limits."),
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The number of items and their total size in a namespace are limited. Remove items that you do not need.",
    message: ({ what, max }: { what: string; max: number }) => `The maximum of ${max} ${what} is reached`,
    remedy: "Remove items that you do not need.",
  },
  ended: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The key or token has ended, was revoked, or was exchanged before. Get a new one.",
    message: ({ what, id }: Named) => `${capitalized(what)} \`${id}\` has expired or was revoked`,
    remedy: "Get a new one.",
  },
  noVersion: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Only so many versions of policies are kept. `tutti policy versions` lists them.",
    message: ({ version, first, last }: { version: number; first: number; last: number }) =>
      `Version ${version} not found: versions ${first} to ${last} are kept`,
    remedy: "Choose a version that is kept.",
  },
});

export const words: KeptWords = {
  ...wordsOf(tenantErrors),
  full: (what, max) => tenantErrors.full.refusal({ what: `${what}s`, max }),
};

export function tooHeavy(max: number): Refusal {
  return tenantErrors.full.refusal({ what: "bytes of rules, policies and people", max });
}
