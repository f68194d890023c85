import { defineErrors, durationText } from "@tutti/kernel";

interface QueueTimeout {
  readonly capability: string;
  readonly waitedMs: number;
  readonly mayMs: number;
  /** True if an agent of the pool could take the task at all. */
  readonly isOffered: boolean;
}

/** Errors that a pool returns, and errors of attempts that end without their agent. */
export const matchingErrors = defineErrors("matching", {
  settingsInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Something about how the pool is to work is out of bounds.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Correct the settings of the pool.",
  },
  notAdmitted: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The pool admits only tasks of certain namespaces, and the namespace of the task is not one of them. The operator of the pool can admit it.",
    message: ({ namespace, pool }: { namespace: string; pool: string }) =>
      `Pool \`${pool}\` does not admit tasks of namespace \`${namespace}\``,
    remedy: "Use another pool, or add the namespace to the pool.",
  },
  limitInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit has a key, and a concurrency (a whole number), a rate (a number above 0 per duration), or both.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Correct the limit.",
  },
  limitMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No rule was set for this key. Limits of tasks for a key cannot be removed.",
    message: ({ key }: { key: string }) => `Limit \`${key}\` not found`,
    remedy: "List the limits with `tutti pool limit`.",
  },
  limitsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The pool has its maximum number of limit keys in use. Use fewer keys, or more pools.",
    message: ({ max }: { max: number }) => `The maximum of ${max} limit keys in use is reached`,
    remedy: "Use fewer keys, or another pool.",
  },
  poolNumberTaken: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each pool has one number on a stream, and each number belongs to one pool.",
    message: ({ number, pool }: { number: number; pool: string }) =>
      `Number ${number} for pool \`${pool}\` is already taken on this stream`,
    remedy: "Choose another number.",
  },
  streamFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The stream of offers has its maximum number of pools or profiles.",
    message: ({ what, max }: { what: string; max: number }) => `The stream has the maximum of ${max} ${what}`,
    remedy: "Open another stream.",
  },
  profileInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A profile names an open pool and a capability, and each has its own number.",
    message: ({ number, problem }: { number: number; problem: string }) => `profile ${number}: ${problem}`,
    remedy: "Correct the profile.",
  },
  profileUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An offer refers to a profile that was not sent before it, or belongs to a pool that is closed.",
    message: ({ profile }: { profile: number }) => `Profile ${profile} was not sent on this stream`,
    remedy: "Send the profile before its offers.",
  },
  tokenInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A token has 16 bytes.",
    message: ({ bytes }: { bytes: number }) => `\`token\`: expected 16 bytes, got ${bytes}`,
    remedy: "Correct the sender.",
  },
  durableUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The sender confirmed a result as durable that the pool never sent.",
    message: ({ number, last }: { number: number; last: number }) =>
      `The sender confirmed result ${number} as durable, and the last result sent is ${last}`,
    remedy: "Correct the sender.",
  },
  windowFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The sender has offered more tasks than its window, or the pool has its maximum number of tasks. Offer the task again later.",
    message: ({ what, max }: { what: string; max: number }) => `The maximum of ${max} ${what} is reached`,
    remedy: "Offer the task again later.",
  },
  queueTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "No agent took the task within its queue timeout.",
    message: ({ capability, waitedMs, mayMs, isOffered }: QueueTimeout) =>
      `No agent took the task for \`${capability}\` in ${durationText(waitedMs)} (maximum: ${durationText(mayMs)})${isOffered ? "" : ": no worker for it is connected"}`,
    remedy: ({ capability, isOffered }: QueueTimeout) =>
      isOffered
        ? "Start more agents, or raise the queue timeout."
        : `Start a worker that offers \`${capability}\`, in the version and with the labels that the task requires.`,
  },
  totalTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task did not finish within its total timeout, which covers all its attempts.",
    message: ({ capability, agent }: { capability: string; agent: string }) =>
      `The task for \`${capability}\` did not finish within its total timeout: ${agent === "" ? "it was still waiting" : `it was running at agent \`${agent}\``}`,
    remedy: "Raise the total timeout.",
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt ran longer than its timeout. The pool asked its agent to cancel it.",
    message: ({ capability, agent, runMs }: { capability: string; agent: string; runMs: number }) =>
      `The attempt of \`${capability}\` at agent \`${agent}\` did not finish within ${durationText(runMs)}`,
    remedy: "Raise the timeout, or check why the task takes so long.",
  },
  heartbeatMissed: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt sent no heartbeat within its timeout. The pool asked its agent to cancel it.",
    message: ({
      capability,
      agent,
      heartbeatMs,
    }: {
      capability: string;
      agent: string;
      heartbeatMs: number;
    }) => `Agent \`${agent}\` sent no heartbeat for \`${capability}\` within ${durationText(heartbeatMs)}`,
    remedy: "Report progress more often, or check what blocks the handler.",
  },
  lost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker of the attempt disconnected, or the attempt was taken from it. Its progress is unknown. Another worker gets the task at once, and the attempt does not count.",
    message: ({ capability, agent, reason }: { capability: string; agent: string; reason: string }) =>
      `Agent \`${agent}\` lost the attempt of \`${capability}\`: ${reason}`,
    remedy: "Check the log of the agent, then retry the task.",
  },
  busyTooOften: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Several agents in a row rejected the task as busy. The attempt does not count.",
    message: ({ capability, count }: { capability: string; count: number }) =>
      `${count} agents for \`${capability}\` rejected the task as busy`,
    remedy: "Start more agents, or offer fewer tasks.",
  },
  agentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No such agent is in the pool.",
    message: ({ agent, pool }: { agent: string; pool: string }) =>
      `Agent \`${agent}\` not found in pool \`${pool}\``,
    remedy: "List its agents with `tutti agent list`.",
  },
  agentsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The pool has its maximum number of agents.",
    message: ({ pool, max }: { pool: string; max: number }) =>
      `Pool \`${pool}\` has the maximum of ${max} agents`,
    remedy: "Join another pool, or raise its maximum.",
  },
  agentFlapping: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The agent joined and left many times within a short time. It is locked out, each time longer, to protect other agents. It can join again after the time in the error. Find the cause in its log and its events.",
    message: ({ agent, awayMs }: { agent: string; awayMs: number }) =>
      `Agent \`${agent}\` joined and left too often and is locked out for ${durationText(awayMs)}`,
    remedy: "Check its log, and join again after that time.",
  },
  agentSuperseded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another process with the same agent id was started later. The later process stays.",
    message: ({ agent, incarnation, later }: { agent: string; incarnation: string; later: string }) =>
      `Agent \`${agent}\` with incarnation ${incarnation} was replaced by incarnation ${later}`,
    remedy: "Give each process its own agent id.",
  },
  offeringInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The offering of the agent is out of bounds or invalid.",
    message: ({ agent, problem }: { agent: string; problem: string }) => `Agent \`${agent}\`: ${problem}`,
    remedy: "Correct the offering of the agent.",
  },
});
