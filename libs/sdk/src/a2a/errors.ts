import { defineErrors } from "@tutti/kernel";

/** Errors of tasks that run on an agent of another system. */
export const a2aErrors = defineErrors("a2a", {
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "An agent of another system did not answer. The step is repeated with the same message and the same task.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `The agent \`${agent}\` cannot be reached: ${reason}`,
    remedy: "Check the address of the agent, and its own log.",
  },
  cardRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The card of an agent cannot be used: its signature is missing or wrong, it leads to another server, or it has no interface of version 1.0 over JSON-RPC or HTTP+JSON.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `The card of the agent \`${agent}\` was refused: ${reason}`,
    remedy: "Check the address of the card and the keys of the agent.",
  },
  refused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An agent answered a request with an error of the protocol.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `The agent \`${agent}\` refused the request: ${reason}`,
    remedy: "Correct the input of the task. The card of the agent describes it.",
  },
  budgetUsedUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A delegated task was cancelled because its budget is used up, by the usage that it reported or by time.",
    message: ({ agent, used }: { agent: string; used: string }) =>
      `The task of the agent \`${agent}\` was cancelled because its budget is used up: ${used}`,
    remedy: "Start the run with a larger budget, or give the agent a smaller task.",
  },
  taskFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A delegated task failed, was rejected, or was cancelled by the agent. The text of the agent is the message.",
    message: ({ agent, state, text }: { agent: string; state: string; text: string }) =>
      `The agent \`${agent}\` ended the task as ${state}: ${text}`,
    remedy: "Correct the input of the task, or check the log of the agent.",
  },
});
