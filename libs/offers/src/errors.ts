import { defineErrors } from "@tutti/kernel";

/** Why an attempt ended that no agent brought to an end of its own. */
export const offerErrors = defineErrors("offer", {
  outputAbsent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The output of an attempt refers to a blob that does not exist in the namespace of the work. An agent has to put the blob before it answers.",
    message: ({ blob, namespace }: { blob: string; namespace: string }) =>
      `The output refers to the blob ${blob}, which does not exist in namespace ${namespace}. Put the blob before the answer.`,
  },
  attemptStopped: {
    status: "CANCELLED",
    retry: "same-key",
    help: "The agent stopped the attempt although it was still wanted, as when it is shut down. It is tried again as the task's retry says.",
    message: ({ agent }: { agent: string }) =>
      `expected a result from ${agent || "an agent"}, found the attempt stopped by it; look at why the agent ended`,
  },
  resultUnknown: {
    status: "ABORTED",
    retry: "same-key",
    help: "Rules are about results, and a result came of which it was not known here what it belongs to, so they could not be asked. Where the attempt is still wanted it is made again as the task's retry says.",
    message: ({ agent }: { agent: string }) =>
      `expected a result of ${agent || "an agent"} whose task is known, found one of an attempt that is not, so rules could not be asked about it; it is tried again where it is wanted`,
  },
  denied: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A hook or a policy of the pool does not let the task in.",
    message: () => "expected the pool to take the task, found it denied; ask who keeps the pool",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "No agent took the task within the time that it may wait. `tutti why` says what stood in the way.",
    message: () =>
      "expected an agent within the time that the task may wait, found none; start more agents, or let it wait longer",
  },
  invalid: {
    status: "INTERNAL",
    retry: "never",
    help: "The pool could not understand the offer. That is a fault of the platform.",
    message: () =>
      "expected the pool to understand the task, found that it does not; report this with the id of its work",
  },
});
