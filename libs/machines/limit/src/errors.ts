import { defineErrors } from "@tutti/kernel";

/** Why a limit says no, to its callers and by letter to those that want it. */
export const limitErrors = defineErrors("limit", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Nothing was set for this key, and nobody holds it or waits for it.",
    message: ({ id }: { id: string }) => `expected the limit ${id}, found none; set it first`,
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit allows a whole number at once, a number above 0 per time, or both.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the limit`,
  },
  wishInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Who wants a limit says who it is, and how much of it, within bounds.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what is asked for`,
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody changed the limit meanwhile. Read it, and decide again.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `expected the limit ${id} in revision ${revision}, found ${found}; read it again`,
  },
  queueFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "As many wait for the limit as there may. Ask again later, or raise the limit.",
    message: ({ id, max }: { id: string; max: number }) =>
      `expected fewer than ${max} to hold the limit ${id} or to wait for it, found that many; ask again later`,
  },
  deadlinePassed: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The limit was not free before the deadline of whoever wanted it.",
    message: ({ id, deadlineMs }: { id: string; deadlineMs: number }) =>
      `expected the limit ${id} to be free by ${deadlineMs}, found it held; wait longer, or raise the limit`,
  },
  leaseExpired: {
    status: "ABORTED",
    retry: "never",
    help: "The limit was not renewed in time, so others have it.",
    message: ({ id, dueMs }: { id: string; dueMs: number }) =>
      `expected the lease of the limit ${id} to be renewed by ${dueMs}, heard nothing; acquire it again`,
  },
  evicted: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody took the limit away, or turned a waiting holder away.",
    message: ({ id, reason }: { id: string; reason: string }) =>
      `expected to hold the limit ${id} or to wait for it, was turned away: ${reason}; acquire it again if that is right`,
  },
});
