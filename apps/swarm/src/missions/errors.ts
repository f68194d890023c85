import { defineErrors } from "@tutti/kernel";

/** Why the service rejects requests about missions, in addition to the machine's reasons. */
export const missionServiceErrors = defineErrors("board", {
  missionUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The call has no mission id. Only operations in a stream of an agent omit it, because the stream names the mission.",
    message: () => "The request has no mission id",
    remedy: "Set the id of the mission.",
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Parent, outermost ancestor and child must be in one namespace, because the end of the child is reported to the parent.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace \`${found}\`, and the mission is in namespace \`${namespace}\``,
    remedy: "Start the mission in the namespace of its parent, or without a parent.",
  },
  agentUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The operation has no agent id. Joining, claiming, finishing, handing off, delegating and voting require it.",
    message: () => "The request has no agent id",
    remedy: "Set the id of the agent that acts.",
  },
  notYours: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "An agent can act in a mission only for itself.",
    message: ({ caller, agent }: { caller: string; agent: string }) =>
      `${caller} may not act for agent \`${agent}\``,
    remedy: "Use the id of the calling agent.",
  },
  greetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first message of a stream of an agent names the mission and the agent.",
    message: ({ found }: { found: string }) =>
      `The first message of the stream must name the mission and the agent, and has ${found}`,
    remedy: "Send both names first.",
  },
  operationMissing: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An operation of the stream has no content.",
    message: ({ number }: { number: number }) => `Operation ${number} is empty`,
    remedy: "Set the operation, or omit it.",
  },
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id of the child belongs to a run or mission without a parent, or with another parent.",
    message: ({ child }: { child: string }) =>
      `\`${child}\` already exists and is not the child of this mission`,
    remedy: "Delete it, or start the parent under another id.",
  },
  definitionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Agents, runs or missions do the tasks of a mission. Steps that a run does itself, such as waits, gates and loops, belong in a workflow.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `Definition \`${name}\` cannot run in a mission: ${problem}`,
    remedy: "Start it as a run, or remove that part.",
  },
});
