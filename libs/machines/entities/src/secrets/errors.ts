import { defineErrors } from "@tutti/kernel";

/** Why the secrets of a namespace say no. Nothing here repeats a value. */
export const secretsErrors = defineErrors("secrets", {
  moved: {
    status: "ABORTED",
    retry: "same-key",
    help: "Another version was stored at the same moment. The same call again stores the next one.",
    message: ({ name, version, next }: { name: string; version: number; next: number }) =>
      `expected version ${next} of the secret ${name}, found ${version}; store it again`,
  },
  repeated: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used before, for this version.",
    message: ({ name, version }: { name: string; version: number }) =>
      `expected a new idempotency key for the secret ${name}, found that of version ${version}; use a new one for another value`,
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is kept of a secret must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => `${problem}; correct it`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A namespace keeps only so many secrets, and so much in all. Delete what nobody uses: `tutti secret list` says when each was used last.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected fewer than ${max} ${what}, found that many; delete what is not used`,
  },
  notInForce: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A version ended, was deleted, or was sealed anew meanwhile. Ask for the latest one.",
    message: ({ name, version }: { name: string; version: number }) =>
      `expected version ${version} of the secret ${name} to be in force, found that it is not, or is sealed otherwise; ask for the latest one`,
  },
});
