import { capitalized, defineErrors, type Refusal } from "@tutti/kernel";
import { itemErrors, type Named, refusalsOf } from "../kit/errors.ts";
import type { ItemRefusals } from "../kit/stored.ts";

/** Errors that a tenant returns. */
export const tenantErrors = defineErrors("tenant", {
  ...itemErrors("The values for a namespace must be complete and within its limits."),
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The number of items and their total size in a namespace are limited. Remove items that you do not need.",
    message: ({ name, max }: { name: string; max: number }) => `The maximum of ${max} ${name} is reached`,
    remedy: "Remove items that you do not need.",
  },
  ended: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The key or token has expired, was revoked, or was already exchanged.",
    message: ({ name, id }: Named) => `${capitalized(name)} \`${id}\` has expired or was revoked`,
    remedy: "Get a new key or token.",
  },
  noVersion: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A namespace keeps a limited number of policy versions. `tutti policy versions` lists them.",
    message: ({ version, first, last }: { version: number; first: number; last: number }) =>
      `Version ${version} not found: versions ${first} to ${last} are kept`,
    remedy: "Choose a version that is kept.",
  },
});

export const refusals: ItemRefusals = {
  ...refusalsOf(tenantErrors),
  full: (name, max) => tenantErrors.full.refusal({ name: `${name}s`, max }),
};

export function tooHeavy(max: number): Refusal {
  return tenantErrors.full.refusal({ name: "bytes of rules, policies and people", max });
}
