import { defineErrors } from "@tutti/kernel";

/** Errors that a schedule returns. */
export const scheduleErrors = defineErrors("schedule", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No schedule has this id. Create the schedule first.",
    message: ({ id }: { id: string }) => `Schedule \`${id}\` not found`,
    remedy: "List schedules with `tutti schedule list`.",
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to a schedule with another specification. Update that schedule, or choose another id.",
    message: ({ id }: { id: string }) => `Schedule \`${id}\` already exists with another specification`,
    remedy: "Update that schedule, or choose another id.",
  },
  planInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The plan of a schedule must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the schedule.",
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "The schedule has changed since it was read. Read the current revision and decide again.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `Schedule \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read the schedule again and retry.",
  },
  spanInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A backfill covers only past times, and at most 1,000 of them.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Choose another period.",
  },
  waitingFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The maximum number of runs of the schedule is waiting. Wait until some have started.",
    message: ({ id, max, waiting, wanted }: { id: string; max: number; waiting: number; wanted: number }) =>
      `Schedule \`${id}\` cannot queue ${wanted} more runs: ${waiting} of at most ${max} are pending`,
    remedy: "Try again later, or choose a shorter period.",
  },
  resultUnasked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The schedule accepts a result only with the token of the attempt that it started.",
    message: ({ id }: { id: string }) =>
      `The result has no token of an attempt that schedule \`${id}\` started`,
    remedy: "Send the result with the token of the attempt.",
  },
});
