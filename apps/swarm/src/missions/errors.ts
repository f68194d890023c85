import { defineErrors } from "@tutti/kernel";

/** Why the service says no to what is asked of missions, besides what the machine knows. */
export const missionServiceErrors = defineErrors("board", {
  missionUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A call names its mission. Only within a stream of an agent it is left out, because the stream names it.",
    message: () => "expected the id of a mission, found nothing; name the mission",
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Parent, outermost ancestor and child are in one namespace: the end of the child is reported to the parent.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace ${found}, the mission in ${namespace}. Start the mission in the namespace of its parent, or without a parent.`,
  },
  agentUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What agents alone do names the agent: taking part, claiming, ending, handing on, delegating, voting.",
    message: () => "expected the id of the agent that acts, found nothing; name the agent",
  },
  notYours: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "An agent acts in a mission for itself alone.",
    message: ({ caller, agent }: { caller: string; agent: string }) =>
      `expected ${caller} to act for itself, found that it acts for ${agent}; act under the own id`,
  },
  greetingExpected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The first message of a stream of an agent names the mission and the agent.",
    message: ({ found }: { found: string }) =>
      `expected the first message of the stream to name mission and agent, found ${found}; name both first`,
  },
  operationMissing: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each operation of a stream says what is to be done.",
    message: ({ number }: { number: number }) =>
      `expected operation ${number} to say what is to be done, found nothing; leave it out, or say what`,
  },
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run or mission that belongs to nobody, or to another parent, has the id that the child was to have.",
    message: ({ child }: { child: string }) =>
      `expected no ${child} but the child, found one of somebody else; remove it, or start the parent under another id`,
  },
  definitionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A mission does tasks that agents, runs or missions do. What a run does by itself, such as waits, gates and loops, belongs into a workflow.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `expected a definition that a mission can do, found in ${name}: ${problem}; start it as a run, or take that out`,
  },
});
