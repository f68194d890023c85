import { defineErrors, durationText } from "@tutti/kernel";

/** Errors that a lock returns. */
export const lockErrors = defineErrors("lock", {
  wishInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A request for a lock needs its holder, and permits and a duration within bounds.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
  permitsTooMany: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A lock has one permit by default. A holder cannot have more permits than the lock.",
    message: ({ name, permits, found }: { name: string; permits: number; found: number }) =>
      `Lock \`${name}\` has ${permits} permits, and ${found} were requested`,
    remedy: "Request fewer permits, or raise them with `tutti lock set`.",
  },
  held: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The lock was not free in time. Wait longer, or see its holders with `tutti lock show`.",
    message: ({ name, waitMs, holders }: { name: string; waitMs: number; holders: string }) =>
      `Lock \`${name}\` is in use by ${holders}${waitMs > 0 ? `, and was not free within ${durationText(waitMs)}` : ""}`,
    remedy: "Wait longer, or see its holders with `tutti lock show`.",
  },
  holderTaken: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A holder name identifies one acquisition. Another acquisition, for example with more permits, needs another name.",
    message: ({ name, holder }: { name: string; holder: string }) =>
      `Holder \`${holder}\` of lock \`${name}\` already has another request`,
    remedy: "Choose another holder name.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The lock has the maximum number of holders and waiters. Retry later.",
    message: ({ name, max }: { name: string; max: number }) =>
      `Lock \`${name}\` has the maximum of ${max} holders and waiters`,
    remedy: "Try again later.",
  },
  placeLost: {
    status: "ABORTED",
    retry: "never",
    help: "The place in the line was lost: it was released, or its work has ended. Acquire the lock again if it is still needed.",
    message: ({ name, holder }: { name: string; holder: string }) =>
      `Holder \`${holder}\` no longer waits for lock \`${name}\``,
    remedy: "Acquire the lock again if it is still needed.",
  },
});

/** Error that the contract defines for sessions. */
export const deadlockErrors = defineErrors("session", {
  deadlock: {
    status: "ABORTED",
    retry: "never",
    help: "Several holders waited for each other in a cycle (deadlock), and this holder gives way. Release your locks, and start again.",
    message: ({ circle }: { circle: string }) => circle,
    remedy: "Release the held locks and start again with another holder.",
  },
});
