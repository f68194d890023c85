import { amountOf, defineErrors } from "@tutti/kernel";

/** Why the service rejects a session, in addition to the machine's reasons. */
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
      /** Empty for the default pool. */
      pool: string;
    }) =>
      `No worker offers \`${capability}\`${range === "" ? "" : ` in version ${range}`}${pool === "" ? "" : ` in pool \`${pool}\``} for task \`${task}\``,
    remedy: "Start such a worker, or correct the name.",
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A session and its parent must be in one namespace, because the parent receives the end of the session.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace \`${found}\`, and the session is in namespace \`${namespace}\``,
    remedy: "Start the session in the namespace of its parent, or without a parent.",
  },
  slotsAsked: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each task takes exactly one slot of its agent. Request other resources under the names that the agent offers.",
    message: ({ task }: { task: string }) =>
      `Task \`${task}\` requests slots, and each task takes exactly one slot`,
    remedy: "Omit slots, or request other resources.",
  },
  resourcesImpossible: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task requests more of a resource than any agent with its capability has.",
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
    }) => `Task \`${task}\` requests ${amountOf(wanted, resource)}, and no agent has more than ${most}`,
    remedy: "Request less, or start such an agent.",
  },
  waitsInCircle: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Sessions would wait for each other forever.",
    message: ({ circle }: { circle: string }) => `The sessions would wait for each other: ${circle}`,
    remedy: "Remove one of these dependencies.",
  },
  plannerUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A goal needs an agent that offers its planner capability, or the configured one. The agent breaks the goal down into tasks.",
    message: ({ planner }: { planner: string }) => `No worker offers the planner \`${planner}\` for the goal`,
    remedy: "Start such a worker, set another planner, or list the tasks.",
  },
  tasksUnreadable: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A planner must return a list of tasks, or a list with an output, in the HTTP format of session tasks.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Return tasks in the form of TaskSpec.",
  },
  definitionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Agents, runs or missions execute the tasks of a session. Built-in steps of a run, such as waits, gates and loops, need a workflow.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `Definition \`${name}\` cannot run in a session: ${problem}`,
    remedy: "Start it as a run, or remove that part.",
  },
  orchestratorUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "In the mode CUSTOM the session names the capability of its orchestrator, which decides which tasks start.",
    message: () => "The mode CUSTOM needs an orchestrator",
    remedy: "Set the orchestrator, or choose another mode.",
  },
  orchestratorUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "In the mode CUSTOM an agent with the capability of the orchestrator decides which tasks start. It may disconnect and reconnect later.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `No worker offers the orchestrator \`${orchestrator}\``,
    remedy: "Start such a worker, or choose another mode.",
  },
  modesNotCompared: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The comparison of modes uses the measured times of tasks, so all tasks must be completed.",
    message: ({ id, problem }: { id: string; problem: string }) =>
      `The modes of session \`${id}\` cannot be compared: ${problem}`,
    remedy: "Choose a session with completed tasks.",
  },
  planMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The session has no plan of this number. Sessions that are not planned have none.",
    message: ({ id, number }: { id: string; number: number }) =>
      `Plan ${number} of session \`${id}\` not found`,
    remedy: "List its plans with `tutti session plan`.",
  },
});
