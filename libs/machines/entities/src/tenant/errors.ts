import { defineErrors, type Refusal } from "@tutti/kernel";
import type { KeptWords } from "../index.ts";

interface Named {
  /** Kind of thing: `role`. */
  readonly what: string;
  readonly id: string;
}

/** Why a tenant says no. */
export const tenantErrors = defineErrors("tenant", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "What was asked for is not kept in the namespace: it was never made, or was taken away.",
    message: ({ what, id }: Named) => `expected the ${what} ${id}, found none; create it first`,
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The name belongs to another one already. Update that one, or choose another name.",
    message: ({ what, id }: Named) =>
      `expected no ${what} ${id} yet, or the same one, found another; update it, or choose another name`,
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
    help: "A namespace keeps only so many of each, and so much in all. Take away what is not needed.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected fewer than ${max} ${what}, found that many; take away what is not needed`,
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a namespace is told to keep must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => `${problem}; correct it`,
  },
  ended: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The key or token has ended, was revoked, or was exchanged before. Get a new one.",
    message: ({ what, id }: Named) =>
      `expected the ${what} ${id} to be in force, found that it has ended; get a new one`,
  },
  noVersion: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Only so many versions of policies are kept. `tutti policy versions` lists them.",
    message: ({ version, first, last }: { version: number; first: number; last: number }) =>
      `expected a version from ${first} to ${last}, found ${version}; choose one that is kept`,
  },
});

export const words: KeptWords = {
  missing: (what, id) => tenantErrors.missing.refusal({ what, id }),
  exists: (what, id) => tenantErrors.exists.refusal({ what, id }),
  moved: (what, id, revision, found) => tenantErrors.moved.refusal({ what, id, revision, found }),
  full: (what, max) => tenantErrors.full.refusal({ what: `${what}s`, max }),
  invalid: (problem) => tenantErrors.invalid.refusal({ problem }),
};

export function tooHeavy(max: number): Refusal {
  return tenantErrors.full.refusal({ what: "bytes of rules, policies and people", max });
}
