import { counted, defineErrors } from "@tutti/kernel";

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
    help: "A reported choice contains its session, its situation, and the expected and actual times in milliseconds.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the reported choice.",
  },
  trainingInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A comparison of models is about a capability with recorded attempts, and has the scores of known models.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Compare the models with `tutti model compare`.",
  },
  modelNotBetter: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A model is promoted only if it performs better than the live model and the plain baselines on the recorded attempts.",
    message: ({ problem }: { problem: string }) => `The model is not promoted: ${problem}`,
    remedy: "Compare the models with `tutti model compare`.",
  },
  noPreviousModel: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rollback restores the previously live model. This model was never changed, so it has no previous model.",
    message: ({ id }: { id: string }) => `The model of \`${id}\` was never changed`,
    remedy: "See its changes with `tutti model show`.",
  },
  tooFewRecorded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Models are compared on the recorded attempts of a capability. Fewer than 120 attempts are too few.",
    message: ({ id, count }: { id: string; count: number }) =>
      `\`${id}\` has ${counted(count, "recorded attempt")}, at least 120 are needed`,
    remedy: "Compare again when more attempts have ended.",
  },
  modelMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No attempt that this model covers has ended yet.",
    message: ({ id }: { id: string }) => `Model \`${id}\` not found: none of its attempts has ended yet`,
    remedy: "List models with `tutti model list`.",
  },
});
