import { defineErrors } from "@tutti/kernel";

/** What can go wrong when something is to be followed. */
export const realtimeErrors = defineErrors("realtime", {
  tooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "As many connections follow something as this process takes. Close some, come again later, or raise `realtime.connectionsMax`.",
    message: ({ most }: { most: number }) =>
      `expected fewer than ${most} connections that follow something (realtime.connectionsMax), found as many; close some, or come again later`,
  },
  closing: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The process is about to stop and lets nobody follow anything any more. Come again with the last cursor: another process, or this one after its start, goes on from there or says that it cannot.",
    message: () => "this process is stopping; come again with the last cursor",
  },
  parameterTwice: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A parameter of the query stands in it more than once, and only one can hold.",
    message: ({ parameter }: { parameter: string }) =>
      `expected the parameter ${parameter} once, found it several times; leave one of them`,
  },
});
