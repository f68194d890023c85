import { defineErrors } from "@tutti/kernel";

/** Reasons why nothing is planned, chosen or learned. */
export const planningErrors = defineErrors("planning", {
  workUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is planned is a session, or tasks with what they need.",
    message: () => "The request has neither a session nor tasks to plan",
    remedy: "Set one of them.",
  },
  workTwice: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is planned is a session, or tasks with what they need, and not both.",
    message: () => "The request has both a session and tasks to plan",
    remedy: "Omit one of them.",
  },
  notLookedAt: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The contract has fields that plans do not use yet. They are refused, so that no caller takes a plan for one that used them.",
    message: ({ field }: { field: string }) => `Plans do not support ${field} yet`,
    remedy: "Omit the field.",
  },
  tasksUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The tasks of a goal are not known before a planner has broken it down, which takes work.",
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
    help: "Tasks are there once, and their needs are tasks and come to an end.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Correct the task.",
  },
  noAgentCan: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Of the agents that are there, or were given, each task needs one that can do it: by its pool, capability, version, labels and resources.",
    message: ({ task, capability, pool }: { task: string; capability: string; pool: string }) =>
      `No agent in pool \`${pool}\` can run task \`${task}\` (\`${capability}\`) as requested`,
    remedy: "Start such an agent, list agents to plan with, or require less.",
  },
  candidateUnjudged: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A candidate is one of the modes of the platform, there once, with an expected time or with `predictedMs.MODE` among the features.",
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
