import { defineErrors } from "@tutti/kernel";

/** Why a schedule says no. */
export const scheduleErrors = defineErrors("schedule", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no schedule of this id. Make it first.",
    message: ({ id }: { id: string }) => `expected the schedule ${id}, found none; create it first`,
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to a schedule that does something else. Update that one, or choose another id.",
    message: ({ id }: { id: string }) =>
      `expected no schedule ${id} yet, or the same one, found another; update it, or choose another id`,
  },
  removed: {
    status: "ALREADY_EXISTS",
    retry: "same-key",
    help: "A schedule of this id was removed, and its history is still kept. The id is free when that is over.",
    message: ({ id }: { id: string }) =>
      `expected no schedule ${id}, found one that was removed and is kept a while; choose another id, or repeat later`,
  },
  planInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a schedule is to do must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the schedule`,
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody changed the schedule meanwhile. Read it, and decide again.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `expected the schedule ${id} in revision ${revision}, found ${found}; read it again`,
  },
  spanInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Only times that have passed are made up for, and at most 1,000 at once.",
    message: ({ problem }: { problem: string }) => `${problem}; choose another span`,
  },
  waitingFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "As many runs of the schedule wait as there may. Wait until some have begun.",
    message: ({ id, max, waiting, wanted }: { id: string; max: number; waiting: number; wanted: number }) =>
      `expected room for ${wanted} more runs of the schedule ${id}, found ${waiting} of ${max} waiting; repeat later, or choose a shorter span`,
  },
  resultUnasked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What came of a start is taken from whom the schedule asked to start it, with the token of the attempt.",
    message: ({ id }: { id: string }) =>
      `expected the token of something that the schedule ${id} asked for, found none; send the result with it`,
  },
});
