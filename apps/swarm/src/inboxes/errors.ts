import { defineErrors } from "@tutti/kernel";

/** Errors of tasks for people. */
export const inboxErrors = defineErrors("inbox", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The pool has no inbox of this id.",
    message: ({ pool, inbox }: { pool: string; inbox: string }) =>
      `Inbox \`${inbox}\` of pool \`${pool}\` not found`,
    remedy: "List inboxes with `tutti inbox list`.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The run is not an open task of an inbox in the pool: it was answered, delegated to other people, or belongs to another pool.",
    message: ({ run, pool }: { run: string; pool: string }) =>
      `Run \`${run}\` is not an open task of an inbox in pool \`${pool}\``,
    remedy: "List open tasks with `tutti approve`.",
  },
  taskClaimed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A person has claimed the task. Only this person delegates it.",
    message: ({ run, person }: { run: string; person: string }) => `Run \`${run}\` is claimed by ${person}`,
    remedy: "Have the claim released with `tutti inbox release`.",
  },
  delegatedToSelf: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A caller that may not answer a task can delegate it to other people, but not to itself.",
    message: ({ person }: { person: string }) => `${person} may not answer the task and cannot take it`,
    remedy: "Pass other people.",
  },
  hoursInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The hours of an inbox are two cron expressions and a time zone.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the hours.",
  },
  interrupted: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Other people were to get the task, and their run could not be started. It is opened again.",
    message: ({ task }: { task: string }) => `Task \`${task}\` has no run`,
    remedy: "Wait for the next attempt.",
  },
  roundsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A task was repeated too often. Each repetition is a separate run in the inbox.",
    message: ({ task, work, max }: { task: string; work: string; max: number }) =>
      `Task \`${task}\` of \`${work}\` was in the inbox ${max} times`,
    remedy: "Start the work again under another id.",
  },
});
