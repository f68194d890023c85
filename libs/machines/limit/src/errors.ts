import { defineErrors } from "@tutti/kernel";

/** Why a limit says no, to its callers and by letter to those that want it. */
export const limitErrors = defineErrors("limit", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Nothing was set for this key, and nobody holds it or waits for it.",
    message: ({ id }: { id: string }) => `Limit \`${id}\` not found`,
    remedy: "Set the limit first.",
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit allows a whole number at once, a number above 0 per time, or both.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the limit.",
  },
  wishInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Who wants a limit says who it is, and how much of it, within bounds.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody changed the limit meanwhile. Read it, and decide again.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `Limit \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read the limit again and retry.",
  },
  queueFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "As many wait for the limit as there may. Ask again later, or raise the limit.",
    message: ({ id, max }: { id: string; max: number }) =>
      `Limit \`${id}\` has the maximum of ${max} holders and waiters`,
    remedy: "Try again later, or raise the limit.",
  },
  deadlinePassed: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The limit was not free before the deadline of whoever wanted it.",
    message: ({ id }: { id: string; deadlineMs: number }) =>
      `Limit \`${id}\` was not free before the deadline`,
    remedy: "Wait longer, or raise the limit.",
  },
  leaseExpired: {
    status: "ABORTED",
    retry: "never",
    help: "The limit was not renewed in time, so others have it.",
    message: ({ id }: { id: string; dueMs: number }) =>
      `The lease of limit \`${id}\` was not renewed in time`,
    remedy: "Acquire the limit again.",
  },
  evicted: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody took the limit away, or turned a waiting holder away.",
    message: ({ id, reason }: { id: string; reason: string }) =>
      `The holder of limit \`${id}\` was removed: ${reason}`,
    remedy: "Acquire the limit again if that is allowed.",
  },
});
