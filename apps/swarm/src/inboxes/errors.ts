import { defineErrors } from "@tutti/kernel";

/** What can go wrong with tasks that people do. */
export const inboxErrors = defineErrors("inbox", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The pool has no inbox of this id.",
    message: ({ pool, inbox }: { pool: string; inbox: string }) =>
      `Inbox \`${inbox}\` of pool \`${pool}\` not found`,
    remedy: "List inboxes with `tutti inbox list`.",
  },
  roundsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A task was done again too often: each time it is a run of its own in the inbox.",
    message: ({ task, work, max }: { task: string; work: string; max: number }) =>
      `Task \`${task}\` of \`${work}\` was in the inbox ${max} times`,
    remedy: "Start the work again under another id.",
  },
});
