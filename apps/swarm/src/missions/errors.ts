import { defineErrors } from "@tutti/kernel";

/** Why the service rejects requests about missions, in addition to the machine's reasons. */
export const missionServiceErrors = defineErrors("board", {
  missionUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A call names its mission. Only within a stream of an agent it is left out, because the stream names it.",
    message: () => "The request has no mission id",
    remedy: "Set the id of the mission.",
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Parent, outermost ancestor and child are in one namespace: the end of the child is reported to the parent.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace \`${found}\`, and the mission is in namespace \`${namespace}\``,
    remedy: "Start the mission in the namespace of its parent, or without a parent.",
  },
  agentUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What agents alone do names the agent: taking part, claiming, ending, handing on, delegating, voting.",
    message: () => "The request has no agent id",
    remedy: "Set the id of the agent that acts.",
  },
  notYours: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "An agent acts in a mission for itself alone.",
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
    help: "Each operation of a stream says what is to be done.",
    message: ({ number }: { number: number }) => `Operation ${number} is empty`,
    remedy: "Set the operation, or omit it.",
  },
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id of the child is taken by a run or mission without a parent, or with another parent.",
    message: ({ child }: { child: string }) =>
      `\`${child}\` already exists and is not the child of this mission`,
    remedy: "Delete it, or start the parent under another id.",
  },
  definitionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A mission does tasks that agents, runs or missions do. What a run does by itself, such as waits, gates and loops, belongs into a workflow.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `Definition \`${name}\` cannot run in a mission: ${problem}`,
    remedy: "Start it as a run, or remove that part.",
  },
});
