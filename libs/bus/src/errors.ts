import { defineErrors, durationText } from "@tutti/kernel";

/** Errors between a service and the bus. */
export const busErrors = defineErrors("bus", {
  invalidEvent: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An event breaks the rules of CloudEvents or of the bus. The violations name each attribute and the expected value. No event of the batch was published.",
    message: ({ type, problems }: { type: string; problems: readonly string[] }) =>
      `The event of type ${JSON.stringify(type)} is invalid: ${problems.join(", ")}`,
    remedy: "Correct the event and publish it again.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The data of an event exceeds the limit of the bus. Put large data into the blob store, and a reference to it into the event.",
    message: ({ type, found, most }: { type: string; found: number; most: number }) =>
      `The event of type ${type} has ${found} bytes of data, more than the maximum of ${most}`,
    remedy: "Publish a reference to a blob instead.",
  },
  notAccepted: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The bus did not accept all events in time: it is unavailable, or the rate is too high. Some events may have been accepted. Publish the same events with the same ids again: accepted events are recognised and not delivered twice.",
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
    }) => `The bus did not confirm ${missing} of ${count} events within ${durationText(waitedMs)}: ${reason}`,
    remedy: "Publish the same events with the same ids again.",
  },
  rejected: {
    status: "INTERNAL",
    retry: "never",
    help: "The server that stores the events rejected an event for a permanent reason. The message contains the reason of the server. Check the log of the server and the limits of the stream TUTTI_EVENTS.",
    message: ({ type, reason }: { type: string; reason: string }) =>
      `The event of type ${type} was rejected: ${reason}`,
    remedy: "Check the limits of the stream TUTTI_EVENTS.",
  },
  invalidSubscription: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The options of a subscription contradict each other or the rules. The message names the option.",
    message: ({ option, expected, found }: { option: string; expected: string; found: string }) =>
      `\`${option}\`: expected ${expected}, got ${found}`,
    remedy: "Correct the option.",
  },
  handlingTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A handler did not end within `ackWaitMs`, so its event is delivered again. Make it faster, or allow it more time.",
    message: ({ ackWaitMs }: { ackWaitMs: number }) =>
      `The handler did not finish within ${durationText(ackWaitMs)} (\`ackWaitMs\`), and its event is delivered again`,
    remedy: "Make the handler faster, or raise `ackWaitMs`.",
  },
  neverHandled: {
    status: "INTERNAL",
    retry: "never",
    help: "An event was delivered many times, and no handler finished. The handler probably crashes the process. The event is dropped. It stays in the log, at its position.",
    message: ({ deliveries }: { deliveries: number }) =>
      `The event was dropped after ${deliveries} deliveries without a finished handler`,
    remedy: "Correct the handler, then replay the event from the log.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The bus of this process is shutting down and accepts no more requests. Retry at another instance.",
    message: ({ operation }: { operation: string }) =>
      `The bus of this process has stopped and rejected the ${operation}`,
    remedy: "Repeat it at another instance.",
  },
});
