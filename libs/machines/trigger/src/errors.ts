import { defineErrors } from "@tutti/kernel";

/** Refusals of a trigger. */
export const triggerErrors = defineErrors("trigger", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No trigger has this id. Create it first.",
    message: ({ id }: { id: string }) => `Trigger \`${id}\` not found`,
    remedy: "List triggers with `tutti trigger list`.",
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id belongs to a trigger that does something else. Update that trigger, or choose another id.",
    message: ({ id }: { id: string }) => `Trigger \`${id}\` already exists with another specification`,
    remedy: "Update that trigger, or choose another id.",
  },
  planInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The specification of a trigger must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the trigger.",
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "The trigger has changed since you read it. Read it again and retry.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `Trigger \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read the trigger again and retry.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The maximum number of events of the trigger is waiting. Post again when some of their runs have started.",
    message: ({ id, what }: { id: string; what: string }) =>
      `Trigger \`${id}\` accepts no more events: ${what}`,
    remedy: "Try again later.",
  },
  windowFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The window of the trigger has the maximum number of keys. Further events become dead letters.",
    message: ({ max }: { max: number }) => `The window has ${max} keys, which is the maximum`,
    remedy: "Choose a shorter window, then retry the dead letters.",
  },
  resultUnasked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The result of a start has to have the token of the attempt that the trigger started.",
    message: ({ id }: { id: string }) =>
      `The result has no token of an attempt that trigger \`${id}\` started`,
    remedy: "Send the result with the token of the attempt.",
  },
});
