import { defineErrors, durationText } from "@tutti/kernel";

const changeIn = (branch: string) => (branch === "" ? "No file has changed" : `The change is in ${branch}`);

/** Errors of coding agents. */
export const codingErrors = defineErrors("coding", {
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a coding task is not complete, or has a wrong type.",
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
    remedy: "Check its output: `tutti logs RUN`.",
  },
  notSignedIn: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The program of a coding agent has no key, or its provider rejects the key.",
    message: ({ program, reason }: { program: string; reason: string }) =>
      `\`${program}\` is not signed in: ${reason}`,
    remedy: "Set a key with the option `env` or `secrets` of the coding agent.",
  },
  silent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The program of a coding agent wrote no output for longer than `silentMs`. It may wait for an answer.",
    message: ({ program, ms }: { program: string; ms: number }) =>
      `\`${program}\` wrote no output for ${durationText(ms)} and was terminated`,
    remedy: "Check its last output in `tutti logs RUN`, or set a larger `silentMs`.",
  },
  budgetUsedUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A coding agent was ended because its task had used up its tokens, its money or its time. The branch has the change until then.",
    message: ({ program, used, branch }: { program: string; used: string; branch: string }) =>
      `\`${program}\` was ended because the budget of its task is used up: ${used}. ${changeIn(branch)}`,
    remedy: "Raise `budget` of the task, or reduce the task.",
  },
  useUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A coding task has a budget that could not be enforced: its program does not report its tokens, or the price of its model is unknown.",
    message: ({ program, what }: { program: string; what: string }) =>
      `\`${program}\` cannot keep within the budget of the task: it is not known ${what}`,
    remedy: "For money, set `model` of the task and `prices` of the agent. Or set only a time budget.",
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A check of a coding task still failed after the agent tried to repair it.",
    message: (details: { check: string; repairs: number; branch: string; output: string }) =>
      `\`${details.check}\` fails after ${details.repairs} repairs. ${changeIn(details.branch)}. Output: ${details.output}`,
    remedy: "Check the branch in the message, or raise `repairs`.",
  },
  secretInChange: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The change of a coding agent contains a secret of the agent. The change was discarded.",
    message: ({ name, file }: { name: string; file: string }) =>
      `The change of ${file} contains the secret \`${name}\`. It was thrown away`,
    remedy:
      "Instruct the agent to read the variable and not to write its value. Replace the secret if others read the output.",
  },
  conflict: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A branch conflicts with changes that were merged earlier.",
    message: ({ branch, into, files }: { branch: string; into: string; files: string }) =>
      `\`${branch}\` conflicts with \`${into}\` in ${files}`,
    remedy: "Start the task again with the current `base`, or merge manually.",
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
