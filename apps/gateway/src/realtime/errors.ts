import { defineErrors } from "@tutti/kernel";

/** Errors of following events or replies. */
export const realtimeErrors = defineErrors("realtime", {
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The maximum number of streaming connections is reached. Close some, retry later, or raise `realtime.connectionsMax`.",
    message: ({ most }: { most: number }) =>
      `The maximum of ${most} streaming connections is reached (\`realtime.connectionsMax\`)`,
    remedy: "Close some connections, or try again later.",
  },
  closing: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The process is stopping and ends all streams. Reconnect with the last cursor. Another process, or this one after a restart, continues from the cursor or reports that it cannot.",
    message: () => "This process is shutting down",
    remedy: "Reconnect with the last cursor.",
  },
  parameterTwice: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A query parameter occurs more than once, but only one value is allowed.",
    message: ({ parameter }: { parameter: string }) =>
      `The query parameter \`${parameter}\` is set more than once`,
    remedy: "Set it once.",
  },
});
