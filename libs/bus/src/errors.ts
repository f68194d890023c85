import { defineErrors } from "@tutti/kernel";

/** Errors between a service and the bus. */
export const busErrors = defineErrors("bus", {
  invalidEvent: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An event breaks the rules of CloudEvents or of the bus: the violations name each attribute and what was expected. Nothing of the batch was published.",
    message: ({ type, problems }: { type: string; problems: readonly string[] }) =>
      `The event of type ${JSON.stringify(type)} is invalid: ${problems.join(", ")}`,
    remedy: "Correct the event and publish it again.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The data of an event is larger than the bus carries. Put large data into the blob store and a reference to it into the event.",
    message: ({ type, found, most }: { type: string; found: number; most: number }) =>
      `The event of type ${type} has ${found} bytes of data, more than the maximum of ${most}`,
    remedy: "Publish a reference to a blob instead.",
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
    }) => `The bus did not confirm ${missing} of ${count} events within ${waitedMs} ms: ${reason}`,
    remedy: "Publish the same events with the same ids again.",
  },
  rejected: {
    status: "INTERNAL",
    retry: "never",
    help: "The server that keeps the events refused one for a reason that does not pass by itself. The message has its words. Look into the server's log and the limits of the stream TUTTI_EVENTS.",
    message: ({ type, reason }: { type: string; reason: string }) =>
      `The event of type ${type} was rejected: ${reason}`,
    remedy: "Check the limits of the stream TUTTI_EVENTS.",
  },
  invalidSubscription: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The options of a subscription contradict each other or the rules: the message says which.",
    message: ({ option, expected, found }: { option: string; expected: string; found: string }) =>
      `\`${option}\`: expected ${expected}, got ${found}`,
    remedy: "Correct the option.",
  },
  handlingTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A handler did not end within `ackWaitMs`, so its event is delivered again. Make it faster, or allow it more time.",
    message: ({ ackWaitMs }: { ackWaitMs: number }) =>
      `The handler did not finish within ${ackWaitMs} ms (\`ackWaitMs\`), and its event is delivered again`,
    remedy: "Make the handler faster, or raise `ackWaitMs`.",
  },
  neverHandled: {
    status: "INTERNAL",
    retry: "never",
    help: "An event was delivered many times without any handler coming to an end: most likely its handling takes the process down. It is given up. It stays in the log, at its position.",
    message: ({ deliveries }: { deliveries: number }) =>
      `The event was dropped after ${deliveries} deliveries without a finished handler`,
    remedy: "Correct the handler, then replay the event from the log.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The bus of this process is shutting down and takes nothing more. Repeat at another instance.",
    message: ({ operation }: { operation: string }) =>
      `The bus of this process has stopped and rejected the ${operation}`,
    remedy: "Repeat it at another instance.",
  },
});
