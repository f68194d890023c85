import { defineErrors } from "@tutti/kernel";

interface Refusal {
  operation: string;
  reason: string;
  /** What to correct, if the other system says which of the possible causes it is. */
  remedy?: string | undefined;
}

/** Errors of adapter operations. */
export const adapterErrors = defineErrors("adapter", {
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The declaration of an adapter is wrong: a name, an operation, an address or a document.",
    message: ({ adapter, problem }: { adapter: string; problem: string }) =>
      `The adapter \`${adapter}\` is not usable: ${problem}`,
    remedy: "Correct the options of the adapter.",
  },
  clientMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The SDK contains no clients of other systems. An adapter imports its client from the project of the worker on the first call, and the project does not have it.",
    message: ({ adapter, name }: { adapter: string; name: string }) =>
      `The adapter \`${adapter}\` needs the package \`${name}\`, which is not installed`,
    remedy: ({ name }: { adapter: string; name: string }) =>
      `Run \`npm install ${name}\` in the project of the worker.`,
  },
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a task does not match the schema of the operation. The other system was not called.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `\`${operation}\` was not called: ${reason}`,
    remedy: "Correct `with` of the task. `tutti capabilities` shows the schema.",
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The other system did not answer, or its answer broke off. The attempt is retried.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `\`${operation}\` got no answer: ${reason}`,
    remedy: "Check the address and the state of the other system.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The other system reported a failure, such as HTTP 500. The attempt is retried.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `\`${operation}\` failed: ${reason}`,
    remedy: "Check the log of the other system.",
  },
  refused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The other system rejected the call, such as with HTTP 400 to 499. It would reject the same call again.",
    message: ({ operation, reason }: Refusal) => `\`${operation}\` was refused: ${reason}`,
    remedy: ({ remedy }: Refusal) =>
      remedy ??
      "Correct `with` of the task, the options of the adapter, or the permissions of its credentials.",
  },
  outcomeUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A call was sent, its outcome is unknown, and the operation has no idempotency key. Tutti does not retry it, because the other system could execute it twice.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `The outcome of \`${operation}\` is unknown: ${reason}`,
    remedy: "Check the other system, then retry the task manually.",
  },
  notSignedIn: {
    status: "UNAUTHENTICATED",
    retry: "same-key",
    help: "The other system, or its token server, no longer accepts the credentials of the adapter or of the MCP server.",
    message: ({ operation, reason }: Refusal) => `\`${operation}\` is not signed in: ${reason}`,
    remedy: ({ remedy }: Refusal) =>
      remedy ?? "Renew the secret that the adapter or the MCP server refers to.",
  },
  addressRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "An address is link-local, or a redirect leads into a private network, to another protocol, or beyond the redirect limit. Link-local addresses serve credentials of cloud machines.",
    message: ({ operation, url, reason }: { operation: string; url: string; reason: string }) =>
      `\`${operation}\` does not call ${url}: ${reason}`,
    remedy: "Correct the address of the adapter.",
  },
  answerUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The other system returned an answer that the operation does not declare, such as HTML for JSON, or more than `answerBytesMax`.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `The answer to \`${operation}\` cannot be read: ${reason}`,
    remedy: "Check the address of the adapter, or narrow the request.",
  },
});
