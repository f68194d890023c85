import { defineErrors } from "@tutti/kernel";

/** Reasons why nothing is planned, chosen or learned. */
export const planningErrors = defineErrors("planning", {
  workUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A plan needs a session, or tasks with their needs.",
    message: () => "The request has neither a session nor tasks to plan",
    remedy: "Set the session or the tasks.",
  },
  workTwice: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A plan needs a session, or tasks with their needs, but not both.",
    message: () => "The request has both a session and tasks to plan",
    remedy: "Omit the session or the tasks.",
  },
  notLookedAt: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Plans do not use all fields of the contract yet. Such a field is rejected, so that no plan silently ignores it.",
    message: ({ field }: { field: string }) => `Plans do not support ${field} yet`,
    remedy: "Omit the field.",
  },
  tasksUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The tasks of a goal are known only after the session has started and its planner has broken the goal down.",
    message: () => "The session has a goal, whose tasks are not known before it starts",
    remedy: "Start the session and read `tutti session plan`, or list its tasks.",
  },
  decidedElsewhere: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "In the mode CUSTOM the orchestrator of a user decides which tasks start, and only on request.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `The orchestrator \`${orchestrator}\` decides while the session runs, so there is no plan`,
    remedy: "Set another mode to see its plan.",
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each task must be listed once. Its needs must be listed tasks without a cycle.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Correct the task.",
  },
  noAgentCan: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Each task needs a connected or given agent that matches its pool, capability, version, labels and resources.",
    message: ({ task, capability, pool }: { task: string; capability: string; pool: string }) =>
      `No agent in pool \`${pool}\` can run task \`${task}\` (\`${capability}\`) as requested`,
    remedy: "Start such an agent, list agents to plan with, or require less.",
  },
  candidateUnjudged: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A candidate must be a mode of the platform, listed once, with an expected time or the feature `predictedMs.MODE`.",
    message: ({ place, problem }: { place: number; problem: string }) => `candidates[${place}]: ${problem}`,
    remedy: "Correct the candidate or omit it.",
  },
  choiceUntold: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "To learn from a choice of a mode, report its session, time and outcome.",
    message: ({ place, problem }: { place: number; problem: string }) => `choices[${place}]: ${problem}`,
    remedy: "Set the value, or omit the choice.",
  },
});
