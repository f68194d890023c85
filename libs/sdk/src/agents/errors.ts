import { defineErrors } from "@tutti/kernel";

/** Errors of agents. */
export const agentErrors = defineErrors("agent", {
  optionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The description of an agent has a value that it cannot have.",
    message: ({ option, expected }: { option: string; expected: string }) =>
      `\`${option}\` of the agent is invalid: expected ${expected}`,
    remedy: "Correct `agent` of the task.",
  },
  modelUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The model of an agent names a provider that the worker of agents does not have.",
    message: ({ problem, known }: { problem: string; known: string }) => `${problem}. Known: ${known}`,
    remedy:
      "Set the key of the provider, such as ANTHROPIC_API_KEY, for the worker of agents, or add the provider to the setting `agents.providers`. All workers of agents need it.",
  },
  modelRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The provider of a model rejected a request permanently: a wrong key, an unknown model, or a request that it does not accept.",
    message: ({ model, status, reason }: { model: string; status: string; reason: string }) =>
      `\`${model}\` refused the request with status ${status}: ${reason}`,
    remedy: "Check the model's name, the key and the tools of the agent.",
  },
  modelUnavailable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The provider of a model has no capacity now, could not be reached, or broke its answer off. The step is tried again, then the fallback models.",
    message: ({ model, reason }: { model: string; reason: string }) =>
      `\`${model}\` did not answer: ${reason}`,
    remedy: "Wait, add `fallback` models to the agent, or check the provider.",
  },
  priceUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An agent has a budget in money, and the price of its model is unknown, so the budget could not be enforced.",
    message: ({ model }: { model: string }) => `No price is known for the model \`${model}\``,
    remedy: "Add its price to the setting `agents.prices`, or use `budget.tokens`.",
  },
  budgetExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The next answer of the model may cost more than the rest of the agent's budget.",
    message: ({ reason }: { reason: string }) => reason,
    remedy: "Raise `budget` of the agent and run it again, or reduce its task.",
  },
  runBudgetExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The next answer of the model may use more than the rest of the budget of the run. Agents that the run delegates to share the budget.",
    message: ({ left, needed }: { left: string; needed: string }) =>
      `The run has ${left} left of its budget, and the next answer needs at least ${needed}`,
    remedy: "Start the remaining work as a new run with a larger budget.",
  },
  roundsExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The model has answered as often as `max` allows, and still calls tools.",
    message: ({ max }: { max: number }) => `The agent has not finished after ${max} answers of its model`,
    remedy: "Raise `max` of the agent, or reduce its task.",
  },
  noProgress: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The model calls the same tools with the same input repeatedly, although the results are the same.",
    message: ({ tool, times }: { tool: string; times: number }) =>
      `The agent makes no progress: it called \`${tool}\` with the same input ${times} times in a row`,
    remedy: "Correct its instructions or the description of the tool.",
  },
  answerInvalid: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The model's answer does not match the schema of the agent's output, also after it was sent back.",
    message: ({ problem }: { problem: string }) =>
      `The answer of the agent does not fit its schema: ${problem}`,
    remedy: "Correct the schema or the instructions, or raise `output.repairs`.",
  },
  answerEmpty: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The model answers without a text or a call of a tool, also after it was asked again.",
    message: ({ model }: { model: string }) => `The answer of \`${model}\` is empty`,
    remedy: "Correct the instructions or the prompt, or use another model.",
  },
  answerCut: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The answer of the model is longer than `answerTokens` allows.",
    message: ({ tokens }: { tokens: number }) => `The answer of the agent is longer than ${tokens} tokens`,
    remedy: "Raise `answerTokens` of the agent.",
  },
  answerRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The model refused to answer.",
    message: ({ model }: { model: string }) => `\`${model}\` refused to answer`,
    remedy: "Change the instructions or the prompt, or use another model.",
  },
  guarded: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A condition of `guard` is false or cannot be evaluated, or its capability refuses. The agent was not started, or its output was not returned.",
    message: ({ side, finding, condition }: { side: string; finding: string; condition: string }) =>
      `The guard of the agent's ${side} ${finding}: ${condition}`,
    remedy: "Check the prompt and the output of the agent, or correct `guard`.",
  },
  toolMissing: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "No worker offers a tool of the agent, or its workflow is not registered. The agent does not start without its tools. It makes 6 attempts with increasing backoff, then its task fails.",
    message: ({ tools }: { tools: string }) => `The agent has no tool for ${tools} of \`tools\``,
    remedy: "Start a worker that offers it, register the workflow, or correct `tools`.",
  },
  catalogueUnreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker of agents lists the tools of the platform. The platform did not answer.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `The tools could not be listed at ${server}: ${reason}`,
    remedy: "Set TUTTI_URL for the worker of agents.",
  },
});
