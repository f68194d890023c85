import { defineErrors } from "@tutti/kernel";

/** Why nothing is planned, or no choice made or learned from. */
export const planningErrors = defineErrors("planning", {
  workUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is planned is a session, or tasks with what they need.",
    message: () => "expected a session or tasks, found neither; say what is to be planned",
  },
  workTwice: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is planned is a session, or tasks with what they need, and not both.",
    message: () => "expected a session or tasks, found both; leave one of them out",
  },
  notLookedAt: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The contract has fields that plans do not look at yet. They are refused, so that nobody takes a plan for one that did.",
    message: ({ field }: { field: string }) =>
      `expected nothing in ${field}, found a value; plans do not look at it yet: leave it out`,
  },
  tasksUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The tasks of a goal are not known before somebody has broken it down, which is work of its own.",
    message: () =>
      "expected tasks, found a goal; start the session and look at `tutti session plan`, or write down the tasks",
  },
  decidedElsewhere: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "In the mode CUSTOM the orchestrator of a user decides what begins, and only when it is asked.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `expected a mode of the platform, found the orchestrator ${orchestrator}, which decides as it goes; name another mode to see what that comes to`,
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks are there once, and their needs are tasks and come to an end.",
    message: ({ problem }: { problem: string }) => `${problem}; correct it`,
  },
  nobodyCan: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Of the agents that are there, or were given, each task needs one that can do it: by its pool, capability, version, labels and resources.",
    message: ({ task, capability, pool }: { task: string; capability: string; pool: string }) =>
      `task ${task}: expected an agent of the pool ${pool} that can do ${capability} as it is asked for, found none; start one, name agents it could be planned on, or ask for less`,
  },
  candidateUnjudged: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A candidate is one of the modes of the platform, there once, with an expected time or with `predictedMs.MODE` among the features.",
    message: ({ place, problem }: { place: number; problem: string }) =>
      `candidates[${place}]: ${problem}; correct the candidate or leave it out`,
  },
  choiceUntold: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Something is learned from a choice of a mode whose session, time and outcome are told.",
    message: ({ place, problem }: { place: number; problem: string }) =>
      `choices[${place}]: ${problem}; tell it, or leave the choice out`,
  },
});
