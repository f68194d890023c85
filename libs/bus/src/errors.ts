import { defineErrors } from "@tutti/kernel";

/** What can go wrong between a service and the bus. */
export const busErrors = defineErrors("bus", {
  invalidEvent: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An event breaks the rules of CloudEvents or of the bus: the violations name each attribute and what was expected. Nothing of the batch was published.",
    message: ({ type, problems }: { type: string; problems: readonly string[] }) =>
      `expected a valid event, found one of type ${JSON.stringify(type)} with ${problems.join("; ")}; nothing was published`,
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The data of an event is larger than the bus carries. Put large data into the blob store and a reference to it into the event.",
    message: ({ type, found, most }: { type: string; found: number; most: number }) =>
      `expected at most ${most} bytes of data in an event, found ${found} in one of type ${type}; publish a reference to a blob instead`,
  },
  notAccepted: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The bus did not take in all events in time: it is away, or more is published than it can take. Some may have been taken in. Publish the same events with the same ids again: those that were are recognised and not delivered twice.",
    message: ({
      missing,
      count,
      waitedMs,
      reason,
    }: {
      missing: number;
      count: number;
      waitedMs: number;
      reason: string;
    }) =>
      `expected the bus to take in ${count} events within ${waitedMs} ms, found ${missing} not confirmed: ${reason}; publish the same events with the same ids again`,
  },
  rejected: {
    status: "INTERNAL",
    retry: "never",
    help: "The server that keeps the events refused one for a reason that does not pass by itself. The message has its words; look into the server's log and the limits of the stream TUTTI_EVENTS.",
    message: ({ type, reason }: { type: string; reason: string }) =>
      `expected the event of type ${type} to be kept, found: ${reason}; look at the limits of the stream of events`,
  },
  invalidSubscription: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The options of a subscription contradict each other or the rules: the message says which.",
    message: ({ option, expected, found }: { option: string; expected: string; found: string }) =>
      `expected ${option} to be ${expected}, found ${found}`,
  },
  handlingTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A handler did not end within `ackWaitMs`, so its event is delivered again. Make it faster, or allow it more time.",
    message: ({ ackWaitMs }: { ackWaitMs: number }) =>
      `expected the handler to end within ${ackWaitMs} ms (ackWaitMs), found it still running; its event is delivered again`,
  },
  neverHandled: {
    status: "INTERNAL",
    retry: "never",
    help: "An event was delivered many times without any handler coming to an end: most likely its handling takes the process down. It is given up. It stays in the log, at its position.",
    message: ({ deliveries }: { deliveries: number }) =>
      `expected a handler to come to an end with the event, found none in ${deliveries} deliveries; it is given up`,
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The bus of this process is shutting down and takes nothing more. Repeat at another instance.",
    message: ({ operation }: { operation: string }) =>
      `the ${operation} came after the bus of this process was stopped; repeat it at another instance`,
  },
});
