import { amountOf, defineErrors } from "@tutti/kernel";

/** Why the service says no to a session, besides what the machine knows. */
export const sessionServiceErrors = defineErrors("session", {
  capabilityUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Every task of a session uses a capability that an agent of its pool offers, or a service of the namespace has announced.",
    message: ({
      task,
      capability,
      range,
      pool,
    }: {
      task: string;
      capability: string;
      range: string;
      /** Empty for the one that is meant where none is named. */
      pool: string;
    }) =>
      `task ${task}: expected somebody who offers ${capability}${range === "" ? "" : ` in ${range}`}${pool === "" ? "" : ` in the pool ${pool}`}, found nobody; start a worker that does${pool === "" ? ", or correct the name" : " there, or correct a name"}`,
  },
  slotsAsked: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task takes one slot of its agent, whatever it is. What it needs besides has names of its own, as the agent offers it.",
    message: ({ task }: { task: string }) =>
      `task ${task}: expected resources by their names, found slots, of which each task takes one; leave it out, or name what it needs`,
  },
  resourcesImpossible: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task asks of one agent for no more of a resource than some agent that offers its capability has.",
    message: ({
      task,
      resource,
      wanted,
      most,
    }: {
      task: string;
      resource: string;
      wanted: number;
      most: number;
    }) =>
      `task ${task}: expected an agent with ${amountOf(wanted, resource)}, found at most ${most}; ask for less, or start such an agent`,
  },
  waitsInCircle: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Sessions would wait for each other for ever.",
    message: ({ circle }: { circle: string }) =>
      `expected sessions that come to an end, found a circle: ${circle}; take one of these out`,
  },
  plannerUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A goal is broken down into tasks by an agent that offers the capability it names, or the configured one.",
    message: ({ planner }: { planner: string }) =>
      `goal: expected somebody who offers ${planner}, found nobody; start an agent that does, name another planner, or write down the tasks`,
  },
  tasksUnreadable: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a planner gives is a list of tasks, or a list with an output, in the form in which tasks of sessions are given over HTTP.",
    message: ({ problem }: { problem: string }) => `${problem}; see the reference of TaskSpec`,
  },
  definitionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session does tasks that agents, runs or missions do. What a run does by itself, such as waits, gates and loops, belongs into a workflow.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `expected a definition that a session can do, found in ${name}: ${problem}; start it as a run, or take that out`,
  },
  orchestratorUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "In the mode CUSTOM the session names the capability that is asked what begins.",
    message: () => "expected the name of an orchestrator, found none; name it, or choose another mode",
  },
  orchestratorUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "In the mode CUSTOM an agent that offers the capability of the orchestrator is asked what begins. It may go away and come back later.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `orchestrator: expected somebody who offers ${orchestrator}, found nobody; start it, or choose another mode`,
  },
  modesNotCompared: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What other modes would have cost is reckoned from the times that tasks really took: all of them have to be done.",
    message: ({ id, problem }: { id: string; problem: string }) =>
      `expected a session whose tasks were all done, found of ${id}: ${problem}; compare another`,
  },
  planMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no plan of this number. Sessions that are not planned have none.",
    message: ({ id, number }: { id: string; number: number }) =>
      `expected the plan ${number} of ${id}, found none; look at how many there are`,
  },
});
