import { defineErrors } from "./catalogue.ts";

/** Faults that any part of Tutti can meet, and those of the kernel itself. */
export const kernelErrors = defineErrors("kernel", {
  internal: {
    status: "INTERNAL",
    retry: "never",
    help: "Something failed that no code expected: a bug of Tutti or of code it runs. The cause says what it was. Repeating the call rarely helps; report it with the trace id.",
    message: ({ what }: { what: string }) =>
      `expected no failure here, found ${what}; report it with the trace id of this call`,
  },
  assertion: {
    status: "INTERNAL",
    retry: "never",
    help: "A fact that the code relies on did not hold: a bug of Tutti. The details say what was found. Report it with the trace id.",
    message: ({ message }: { message: string }) =>
      `expected that ${message}; this is a bug, please report it`,
  },
  foreign: {
    status: "UNKNOWN",
    retry: "never",
    help: "Appears among the causes only: an error that is not Tutti's own, with its name and message (and its code, where it had one) as they were.",
    message: ({ message }: { message: string }) => message,
  },
  foreignStatus: {
    status: "UNKNOWN",
    retry: "never",
    help: "The other side, or a proxy on the way, answered with a bare status and none of Tutti's details. Status and retry class follow from the status; look at what lies between caller and service.",
    message: ({ status, message }: { status: string; message: string }) =>
      `expected an answer of a service of Tutti, found the bare status ${status}${message && ` (${message})`}; look at what lies between caller and service`,
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller gave up, or the work was told to stop. Nothing has to be done.",
    message: ({ what }: { what: string }) => `${what} was cancelled before it was done`,
  },
  deadlineExceeded: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The time allowed ran out. Whether the work was done is unknown: repeat with the same idempotency key, and with a longer deadline if it happens again.",
    message: ({ what }: { what: string }) =>
      `${what} was not done in the time allowed; whether it takes effect is unknown, repeat it with the same idempotency key`,
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A connection could not be made or broke. Check that the other side runs and is reachable from here; then repeat with the same idempotency key.",
    message: ({ what }: { what: string }) =>
      `the other side could not be reached: ${what}; check that it runs, then repeat with the same idempotency key`,
  },
  exhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The machine ran out of something: disk space, open files, memory. Free some, then repeat.",
    message: ({ what }: { what: string }) =>
      `this machine ran out of something: ${what}; free some, then repeat`,
  },
  snapshotUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release wrote the snapshot of a machine, and this one cannot read it. Run that release, or a newer one.",
    message: ({ kind, version, newest }: { kind: string; version: number; newest: number }) =>
      `expected the snapshot of a machine of kind ${kind} in version 1 to ${newest}, found ${version}; run the release that wrote it`,
  },
  pageTokenInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A list is continued with the `next_token` of the page before, taken as it is. Begin again with an empty token.",
    message: () => "expected the token of the page before; begin again with an empty one",
  },
  configurationInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The configuration has mistakes; the message and the violations name each with its place and what was expected. At start the process ends; while it runs, it goes on with the values it had.",
    message: ({ problems }: { problems: readonly string[] }) =>
      `the configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
  },
  secretUnavailable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A secret's reference in the configuration leads nowhere: the environment variable is not set, or the file cannot be read. The reference is named, the secret never is.",
    message: ({ reference, reason }: { reference: string; reason: string }) =>
      `expected a secret at ${reference}, found ${reason}; set it, or correct the reference`,
  },
});
