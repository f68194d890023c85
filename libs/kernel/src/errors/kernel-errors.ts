import { defineErrors } from "./catalogue.ts";

interface Late {
  readonly operation: string;
  /** Whether a repeated call has no further effect. */
  readonly isSafe?: boolean;
}

/** Faults that can occur in any part of Tutti, and those of the kernel itself. */
export const kernelErrors = defineErrors("kernel", {
  internal: {
    status: "INTERNAL",
    retry: "never",
    help: "An unexpected failure: a bug of Tutti or of code that it runs. The cause has the original error. A retry rarely helps. Report it with the trace id.",
    message: ({ problem }: { problem: string }) => `Internal error: ${problem}`,
    remedy: "Report it with the trace id of this call.",
  },
  assertion: {
    status: "INTERNAL",
    retry: "never",
    help: "An assertion in the code failed: a bug of Tutti. The details have the facts. Report it with the trace id.",
    message: ({ message }: { message: string }) => `Internal error: this must hold: ${message}`,
    remedy: "Report this bug.",
  },
  foreign: {
    status: "UNKNOWN",
    retry: "never",
    help: "Occurs only as a cause: an error that is not Tutti's own, with its original name and message, and its code if it had one.",
    message: ({ message }: { message: string }) => message,
    remedy: "",
  },
  foreignStatus: {
    status: "UNKNOWN",
    retry: "never",
    help: "The other side, or a proxy on the way, answered with a bare status and without Tutti's details. Status and retry class follow from the status. Check the proxies between caller and service.",
    message: ({ status, message }: { status: string; message: string }) =>
      `The answer has only the status ${status}${message && ` (${message})`}`,
    remedy: "Check the proxies between caller and service.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller cancelled the call, or the work was stopped. No action is needed.",
    message: ({ operation }: { operation: string }) => `${operation} was cancelled before it finished`,
    remedy: "Call it again if it is still needed.",
  },
  deadlineExceeded: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The time allowed ran out. Whether the work was done is unknown: repeat with the same idempotency key, and with a longer deadline if it happens again.",
    message: ({ operation, isSafe = false }: Late) =>
      `${operation} did not finish in time${isSafe ? "" : ", and its outcome is unknown"}`,
    remedy: ({ isSafe = false }: Late) =>
      isSafe ? "Retry, with a longer deadline if it happens again." : "Retry with the same idempotency key.",
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A connection could not be opened, or it broke. Check that the server runs and is reachable from this machine. Then retry with the same idempotency key.",
    message: ({ problem }: { problem: string }) => `The server cannot be reached: ${problem}`,
    remedy: "Check that it runs, then retry with the same idempotency key.",
  },
  exhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The machine ran out of something: disk space, open files, memory. Free some, then repeat.",
    message: ({ problem }: { problem: string }) => `This machine has run out of a resource: ${problem}`,
    remedy: "Free some of it, then retry.",
  },
  noPermission: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The operating system denies access to a file, a folder or a port. Often a file belongs to another user, or the file system is read-only. Correct it, then restart the process.",
    message: ({ problem }: { problem: string }) => `The operating system denies access: ${problem}`,
    remedy: "Correct the owner and the permissions.",
  },
  snapshotUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release wrote the snapshot of a machine, and this release cannot read it. Run that release, or a newer release.",
    message: ({ kind, version, newest }: { kind: string; version: number; newest: number }) =>
      `The snapshot of kind ${kind} has version ${version}, and this release reads 1 to ${newest}`,
    remedy: "Run the release that wrote it.",
  },
  pageTokenInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The token is not the unchanged `next_token` of the previous page of this list. Start again with an empty token.",
    message: () => "The page token is invalid",
    remedy: "Start with an empty token.",
  },
  configurationInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The configuration is invalid. The message and the violations name each mistake with its place and the expected value. At start the process ends. A running process keeps its previous values.",
    message: ({ problems }: { problems: readonly string[] }) =>
      `the configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    remedy: "Correct the configuration and start again.",
  },
  secretUnavailable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A secret's reference in the configuration leads nowhere: the environment variable is not set, or the file cannot be read. The reference is named, the secret never is.",
    message: ({ reference, reason }: { reference: string; reason: string }) =>
      `The secret ${reference} is not available: ${reason}`,
    remedy: "Set it, or correct the reference.",
  },
});
