import { defineErrors } from "@tutti/kernel";

/** Reasons of attempts that ended without an agent. */
export const offerErrors = defineErrors("offer", {
  outputAbsent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The output of an attempt refers to a blob that does not exist in the namespace of the work. An agent must store the blob before it answers.",
    message: ({ blob, namespace }: { blob: string; namespace: string }) =>
      `The output refers to the blob ${blob}, which does not exist in namespace \`${namespace}\``,
    remedy: "Store the blob before the answer.",
  },
  attemptStopped: {
    status: "CANCELLED",
    retry: "same-key",
    help: "The agent stopped the attempt although it was still wanted, such as during a shutdown. The retry policy of the task applies.",
    message: ({ agent }: { agent: string }) =>
      `${agent === "" ? "An agent" : `Agent \`${agent}\``} stopped the attempt before a result`,
    remedy: "Check why the agent stopped.",
  },
  resultUnknown: {
    status: "ABORTED",
    retry: "same-key",
    help: "Rules about results exist, and the task of a received result is unknown, so they could not be evaluated. If the attempt is still wanted, the retry policy of the task applies.",
    message: ({ agent }: { agent: string }) =>
      `The task of the result of ${agent === "" ? "an agent" : `agent \`${agent}\``} is unknown, so rules could not be evaluated`,
    remedy: "Wait for the next attempt.",
  },
  denied: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A hook or a policy of the pool rejected the task.",
    message: () => "The pool denied the task",
    remedy: "Contact the administrator of the pool.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "No agent accepted the task within its queue timeout. `tutti why` shows the obstacle.",
    message: () => "No agent took the task within its queue timeout",
    remedy: "Start more agents, or raise the queue timeout.",
  },
  invalid: {
    status: "INTERNAL",
    retry: "never",
    help: "The pool could not understand the offer. That is a fault of the platform.",
    message: () => "The pool could not read the task",
    remedy: "Report this with the id of the run or mission.",
  },
});
