import { defineErrors } from "@tutti/kernel";

/** Errors of coding agents. */
export const codingErrors = defineErrors("coding", {
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a task gives a coding agent is not complete, or of another type.",
    message: ({ expected }: { expected: string }) => `The coding task cannot start: expected ${expected}`,
    remedy: "Correct `with` of the task.",
  },
  noRepository: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The folder of a coding task is not the work tree of a git repository, or has no commit with this name.",
    message: ({ repository, reason }: { repository: string; reason: string }) =>
      `There is no work tree for \`${repository}\`: ${reason}`,
    remedy: "Name a folder with a git repository, and a branch or commit that it has.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The program of a coding agent ended without a result.",
    message: ({ program, reason }: { program: string; reason: string }) => `\`${program}\` failed: ${reason}`,
    remedy: "Look at its output: `tutti logs RUN`.",
  },
  notSignedIn: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The program of a coding agent has no key, or one that its provider refuses.",
    message: ({ program, reason }: { program: string; reason: string }) =>
      `\`${program}\` is not signed in: ${reason}`,
    remedy: "Give the worker a key: the option `env` or `secrets` of the coding agent.",
  },
  silent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The program of a coding agent wrote nothing for longer than `silentMs`. It may wait for an answer.",
    message: ({ program, ms }: { program: string; ms: number }) =>
      `\`${program}\` wrote nothing for ${ms} ms and was ended`,
    remedy: "Look at what it asked for in `tutti logs RUN`, or set a larger `silentMs`.",
  },
  budgetUsedUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A coding agent was ended because its task had used up its tokens, its money or its time. The branch has the change until then.",
    message: ({ program, used, branch }: { program: string; used: string; branch: string }) =>
      `\`${program}\` was ended because the budget of its task is used up: ${used}. The change is in ${branch}`,
    remedy: "Give the task a larger `budget`, or less to do.",
  },
  useUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A coding task has a budget that could not hold, because its program does not report its tokens, or no price of its model is known.",
    message: ({ program, what }: { program: string; what: string }) =>
      `\`${program}\` cannot keep within the budget of the task: it is not known ${what}`,
    remedy:
      "For money, set `model` of the task and `prices` of the agent. Or give the task a budget of time alone.",
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A check of a coding task still failed after the agent was asked to repair it.",
    message: (details: { check: string; repairs: number; branch: string; output: string }) =>
      `\`${details.check}\` fails after ${details.repairs} repairs. The change is in ${details.branch}: ${details.output}`,
    remedy: "Look at the branch that the message names, or allow more `repairs`.",
  },
  secretInChange: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The change of a coding agent contains a secret that the agent was given. The change was thrown away.",
    message: ({ name, file }: { name: string; file: string }) =>
      `The change of ${file} contains the secret \`${name}\`. It was thrown away`,
    remedy:
      "Tell the agent to read the variable in place of its value. Change the secret if others read the output.",
  },
  conflict: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A branch does not merge with what others merged before.",
    message: ({ branch, into, files }: { branch: string; into: string; files: string }) =>
      `\`${branch}\` conflicts with \`${into}\` in ${files}`,
    remedy: "Give the task again with `base` as it is now, or merge by hand.",
  },
  targetInUse: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The branch to merge into is checked out with changes that are not committed.",
    message: ({ into, folder }: { into: string; folder: string }) =>
      `\`${into}\` is checked out in ${folder} with changes that are not committed`,
    remedy: "Commit or stash them there.",
  },
});
