import { defineErrors } from "@tutti/kernel";

/** Errors that a limit returns, to its callers and by message to waiting holders. */
export const limitErrors = defineErrors("limit", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "This key has no limit, no holder and no waiting holder.",
    message: ({ id }: { id: string }) => `Limit \`${id}\` not found`,
    remedy:
      "Set it with `tutti limit set KEY`. If a task declares the limit, list it with `tutti pool limit POOL --all-keys`.",
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit has a concurrency (a whole number), a rate (a number above 0 per duration), or both.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the limit.",
  },
  wishInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A request for a limit needs its holder, and a weight within bounds.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "The limit has changed since you read it. Read it again and retry.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `Limit \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read the limit again and retry.",
  },
  queueFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The limit has the maximum number of holders and waiters. Retry later, or raise the limit.",
    message: ({ id, max }: { id: string; max: number }) =>
      `Limit \`${id}\` has the maximum of ${max} holders and waiters`,
    remedy: "Try again later, or raise the limit.",
  },
  deadlinePassed: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The limit was not free before the deadline of the request.",
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
    help: "A user removed the limit, or turned a waiting holder away.",
    message: ({ id, reason }: { id: string; reason: string }) =>
      `The holder of limit \`${id}\` was removed: ${reason}`,
    remedy: "Acquire the limit again if that is allowed.",
  },
});
