import { defineErrors } from "@tutti/kernel";

/** Errors that an experience returns. */
export const experienceErrors = defineErrors("experience", {
  batchInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A batch has a sender, a number from 1 on, and at most 10,000 ends of attempts, each with a capability and a time.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the batch.",
  },
  choiceInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What came of a choice has a session, what the choice looked at, and what was expected and what came, in milliseconds.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the reported choice.",
  },
  modelMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Nothing was learned yet of what the model is about.",
    message: ({ id }: { id: string }) => `Model \`${id}\` not found: none of its attempts has ended yet`,
    remedy: "List models with `tutti model list`.",
  },
});
