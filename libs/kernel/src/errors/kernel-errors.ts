import { defineErrors } from "./catalogue.ts";

interface Late {
  readonly what: string;
  /** Whether a repeated call has no further effect. */
  readonly isSafe?: boolean;
}

/** Faults that can occur in any part of Tutti, and those of the kernel itself. */
export const kernelErrors = defineErrors("kernel", {
  internal: {
    status: "INTERNAL",
    retry: "never",
    help: "Something failed that no code expected: a bug of Tutti or of code it runs. The cause says what it was. Repeating the call rarely helps. Report it with the trace id.",
    message: ({ what }: { what: string }) => `Internal error: ${what}`,
    remedy: "Report it with the trace id of this call.",
  },
  assertion: {
    status: "INTERNAL",
    retry: "never",
    help: "A fact that the code relies on did not hold: a bug of Tutti. The details say what was found. Report it with the trace id.",
    message: ({ message }: { message: string }) => `Internal error: this must hold: ${message}`,
    remedy: "Report this bug.",
  },
  foreign: {
    status: "UNKNOWN",
    retry: "never",
    help: "Appears among the causes only: an error that is not Tutti's own, with its name and message (and its code, where it had one) as they were.",
    message: ({ message }: { message: string }) => message,
    remedy: "",
  },
  foreignStatus: {
    status: "UNKNOWN",
    retry: "never",
    help: "The other side, or a proxy on the way, answered with a bare status and none of Tutti's details. Status and retry class follow from the status. Look at what lies between caller and service.",
    message: ({ status, message }: { status: string; message: string }) =>
      `The answer has only the status ${status}${message && ` (${message})`}`,
    remedy: "Check the proxies between caller and service.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller gave up, or the work was asked to stop. Nothing has to be done.",
    message: ({ what }: { what: string }) => `${what} was cancelled before it finished`,
    remedy: "Call it again if it is still needed.",
  },
  deadlineExceeded: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The time allowed ran out. Whether the work was done is unknown: repeat with the same idempotency key, and with a longer deadline if it happens again.",
    message: ({ what, isSafe = false }: Late) =>
      `${what} did not finish in time${isSafe ? "" : ", and its outcome is unknown"}`,
    remedy: ({ isSafe = false }: Late) =>
      isSafe ? "Retry, with a longer deadline if it happens again." : "Retry with the same idempotency key.",
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A connection could not be made or broke. Check that the other side runs and is reachable from here. Then repeat with the same idempotency key.",
    message: ({ what }: { what: string }) => `The server cannot be reached: ${what}`,
    remedy: "Check that it runs, then retry with the same idempotency key.",
  },
  exhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The machine ran out of something: disk space, open files, memory. Free some, then repeat.",
    message: ({ what }: { what: string }) => `This machine has run out of a resource: ${what}`,
    remedy: "Free some of it, then retry.",
  },
  noPermission: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The operating system denies access to a file, a folder or a port. Often a file belongs to another user, or the file system is read-only. Correct it, then restart the process.",
    message: ({ what }: { what: string }) => `The operating system denies access: ${what}`,
    remedy: "Correct the owner and the permissions.",
  },
  snapshotUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release wrote the snapshot of a machine, and this one cannot read it. Run that release, or a newer one.",
    message: ({ kind, version, newest }: { kind: string; version: number; newest: number }) =>
      `The snapshot of kind ${kind} has version ${version}, and this release reads 1 to ${newest}`,
    remedy: "Run the release that wrote it.",
  },
  pageTokenInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A list is continued with the `next_token` of the page before, taken as it is. Start again with an empty token.",
    message: () => "The page token is invalid",
    remedy: "Start with an empty token.",
  },
  configurationInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The configuration has mistakes. The message and the violations name each with its place and what was expected. At start the process ends. While it runs, it continues with the values it had.",
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
