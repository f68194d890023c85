import { defineErrors, printDuration } from "@tutti/kernel";

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
    help: "The pool takes tasks of certain namespaces only, and that of the task is not among them. Who keeps the pool can admit it.",
    message: ({ namespace, pool }: { namespace: string; pool: string }) =>
      `Pool \`${pool}\` does not admit tasks of namespace \`${namespace}\``,
    remedy: "Use another pool, or add the namespace to the pool.",
  },
  limitInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit has a key, and allows a whole number at once, a number above 0 per time, or both.",
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
    help: "So many keys of limits are in use that the pool takes no further ones. Use fewer, or further pools.",
    message: ({ max }: { max: number }) => `The maximum of ${max} limit keys in use is reached`,
    remedy: "Use fewer keys, or another pool.",
  },
  poolNumberTaken: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each pool has one number on a stream, and each number one pool.",
    message: ({ number, pool }: { number: number; pool: string }) =>
      `Number ${number} for pool \`${pool}\` is already taken on this stream`,
    remedy: "Choose another number.",
  },
  streamFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A stream of offers has so many pools or profiles that it takes no further ones.",
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
    help: "A sender says that a result is durable which it was not sent.",
    message: ({ number, last }: { number: number; last: number }) =>
      `The sender confirmed result ${number} as durable, and the last result sent is ${last}`,
    remedy: "Correct the sender.",
  },
  windowFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "A sender has offered more than its window, or the pool has as many tasks as it may. Offer it again later.",
    message: ({ what, max }: { what: string; max: number }) => `The maximum of ${max} ${what} is reached`,
    remedy: "Offer the task again later.",
  },
  queueTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "No agent took the task within the time that it may wait for one.",
    message: ({ capability, waitedMs, mayMs, isOffered }: QueueTimeout) =>
      `No agent took the task for \`${capability}\` in ${printDuration(waitedMs)} (maximum: ${printDuration(mayMs)})${isOffered ? "" : ": no worker for it is connected"}`,
    remedy: ({ capability, isOffered }: QueueTimeout) =>
      isOffered
        ? "Start more agents, or raise the queue timeout."
        : `Start a worker that offers \`${capability}\`, in the version and with the labels that the task asks for.`,
  },
  totalTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task was not done in the time that it may take over all its attempts.",
    message: ({ capability, agent }: { capability: string; agent: string }) =>
      `The task for \`${capability}\` did not finish within its total timeout: ${agent === "" ? "it was still waiting" : `it was running at agent \`${agent}\``}`,
    remedy: "Raise the total timeout.",
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt took longer than it may. Its agent has been asked to end it.",
    message: ({ capability, agent, runMs }: { capability: string; agent: string; runMs: number }) =>
      `The attempt of \`${capability}\` at agent \`${agent}\` did not finish within ${printDuration(runMs)}`,
    remedy: "Raise the timeout, or check why the task takes so long.",
  },
  heartbeatMissed: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt gave no sign of life in time. Its agent has been asked to end it.",
    message: ({
      capability,
      agent,
      heartbeatMs,
    }: {
      capability: string;
      agent: string;
      heartbeatMs: number;
    }) => `Agent \`${agent}\` sent no heartbeat for \`${capability}\` within ${printDuration(heartbeatMs)}`,
    remedy: "Report progress more often, or check what blocks the handler.",
  },
  lost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker of the attempt is gone, or the attempt was taken away from it. How far it came is unknown. Another worker gets the task at once, and the attempt does not count.",
    message: ({ capability, agent, reason }: { capability: string; agent: string; reason: string }) =>
      `Agent \`${agent}\` lost the attempt of \`${capability}\`: ${reason}`,
    remedy: "Check the log of the agent, then retry the task.",
  },
  busyTooOften: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "One agent after the other said that it is busy. The attempt does not count.",
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
    help: "The pool has as many agents as it may.",
    message: ({ pool, max }: { pool: string; max: number }) =>
      `Pool \`${pool}\` has the maximum of ${max} agents`,
    remedy: "Join another pool, or raise its maximum.",
  },
  agentFlapping: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The agent has joined and gone many times within a short while. It has to stay away for a while, each time longer, so that others are not disturbed. It may join again after the time in the error. Find the cause in its log and its events.",
    message: ({ agent, awayMs }: { agent: string; awayMs: number }) =>
      `Agent \`${agent}\` joined and left too often and is locked out for ${printDuration(awayMs)}`,
    remedy: "Check its log, and join again after that time.",
  },
  agentSuperseded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another process says that it is the same agent and was started later: the later one stays.",
    message: ({ agent, incarnation, later }: { agent: string; incarnation: string; later: string }) =>
      `Agent \`${agent}\` with incarnation ${incarnation} was replaced by incarnation ${later}`,
    remedy: "Give each process its own agent id.",
  },
  offeringInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What an agent offers is out of bounds, or cannot be understood.",
    message: ({ agent, problem }: { agent: string; problem: string }) => `Agent \`${agent}\`: ${problem}`,
    remedy: "Correct the offering of the agent.",
  },
});
