import { defineErrors } from "@tutti/kernel";

/** Refusals of the secrets of a namespace. No message repeats a value. */
export const secretsErrors = defineErrors("secrets", {
  moved: {
    status: "ABORTED",
    retry: "same-key",
    help: "Another version was stored at the same time. Repeat the call to store the next version.",
    message: ({ name, version, next }: { name: string; version: number; next: number }) =>
      `Secret \`${name}\` is at version ${version}, and version ${next} was expected next`,
    remedy: "Store the value again.",
  },
  repeated: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used before, for this version.",
    message: ({ name, version }: { name: string; version: number }) =>
      `The idempotency key was already used for version ${version} of secret \`${name}\``,
    remedy: "Use a new idempotency key for another value.",
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The values of a secret must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The number and the total size of secrets in a namespace are limited. Delete unused secrets: `tutti secret list` shows when each was last used.",
    message: ({ items, max }: { items: string; max: number }) => `The maximum of ${max} ${items} is reached`,
    remedy: "Delete secrets that are not used (see `tutti secret list`).",
  },
  notInForce: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The version has ended, was deleted or was resealed. Request the latest version.",
    message: ({ name, version }: { name: string; version: number }) =>
      `Version ${version} of secret \`${name}\` has ended, was deleted, or was sealed again`,
    remedy: "Request the latest version.",
  },
});
