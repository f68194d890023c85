import { defineErrors } from "@tutti/kernel";

/** Why a pool says no, and what it says of attempts that end without their agent. */
export const matchingErrors = defineErrors("matching", {
  settingsInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Something about how the pool is to work is out of bounds.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the pool`,
  },
  notAdmitted: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The pool takes tasks of certain namespaces only, and that of the task is not among them. Who keeps the pool can admit it.",
    message: ({ namespace, pool }: { namespace: string; pool: string }) =>
      `expected a task of a namespace that the pool ${pool} admits, found one of ${namespace}; have it admitted, or use another pool`,
  },
  limitInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A limit has a key, and allows a whole number at once, a number above 0 per time, or both.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the limit`,
  },
  limitMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No rule was set for this key. What tasks bring along for a key cannot be removed.",
    message: ({ key }: { key: string }) => `expected a rule for the limit ${key}, found none; set it first`,
  },
  limitsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "So many keys of limits are in use that the pool takes no further ones. Use fewer, or further pools.",
    message: ({ max }: { max: number }) =>
      `expected fewer than ${max} keys of limits in use, found that many; use fewer keys, or another pool`,
  },
  poolNumberTaken: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each pool has one number on a stream, and each number one pool.",
    message: ({ number, pool }: { number: number; pool: string }) =>
      `expected a number that is free on this stream for the pool ${pool}, found ${number} taken; choose another one`,
  },
  streamFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A stream of offers has so many pools or profiles that it takes no further ones.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected at most ${max} ${what} on one stream, found more; open another stream`,
  },
  profileInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A profile names an open pool and a capability, and each has its own number.",
    message: ({ number, problem }: { number: number; problem: string }) =>
      `profile ${number}: ${problem}; correct it`,
  },
  profileUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An offer refers to a profile that was not sent before it, or belongs to a pool that is closed.",
    message: ({ profile }: { profile: number }) =>
      `expected a profile that was sent on this stream, found ${profile}; send the profile first`,
  },
  tokenInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A token has 16 bytes.",
    message: ({ bytes }: { bytes: number }) =>
      `expected a token of 16 bytes, found ${bytes}; correct the sender`,
  },
  durableUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A sender says that a result is durable which it was not sent.",
    message: ({ number, last }: { number: number; last: number }) =>
      `expected a result up to number ${last} to be called durable, found ${number}; correct the sender`,
  },
  windowFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "A sender has offered more than its window, or the pool has as many tasks as it may. Offer it again later.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected at most ${max} ${what}, found more; offer it again later`,
  },
  queueTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "No agent took the task within the time that it may wait for one.",
    message: ({ capability, waitedMs, mayMs }: { capability: string; waitedMs: number; mayMs: number }) =>
      `expected an agent for ${capability} within ${mayMs} ms, found none in ${waitedMs} ms; add agents, or let it wait longer`,
  },
  totalTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The task was not done in the time that it may take over all its attempts.",
    message: ({ capability, agent }: { capability: string; agent: string }) =>
      `expected an outcome of ${capability} within the total time of its task, found ${
        agent === "" ? "it still waiting" : `it at work at ${agent}`
      }; give it more time`,
  },
  runTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt took longer than it may. Its agent was told to end it.",
    message: ({ capability, agent, runMs }: { capability: string; agent: string; runMs: number }) =>
      `expected ${capability} to end within ${runMs} ms at ${agent}, found it still at work; give it more time, or find out what holds it up`,
  },
  heartbeatMissed: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt gave no sign of life in time. Its agent was told to end it.",
    message: ({
      capability,
      agent,
      heartbeatMs,
    }: {
      capability: string;
      agent: string;
      heartbeatMs: number;
    }) =>
      `expected a sign of life of ${capability} at ${agent} every ${heartbeatMs} ms, heard nothing; report progress more often, or find out what holds it up`,
  },
  lost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker of the attempt is gone, or the attempt was taken away from it. How far it came is unknown. Another worker gets the task at once, and the attempt does not count.",
    message: ({ capability, agent, reason }: { capability: string; agent: string; reason: string }) =>
      `Worker ${agent} was lost while it ran ${capability}: ${reason}. Try it again.`,
  },
  busyTooOften: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "One agent after the other said that it is busy. The attempt does not count.",
    message: ({ capability, count }: { capability: string; count: number }) =>
      `expected an agent for ${capability} that is not busy, ${count} said that they are; add agents, or offer fewer tasks`,
  },
  agentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No such agent is in the pool.",
    message: ({ agent, pool }: { agent: string; pool: string }) =>
      `expected the agent ${agent} in the pool ${pool}, found none; list its agents`,
  },
  agentsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The pool has as many agents as it may.",
    message: ({ pool, max }: { pool: string; max: number }) =>
      `expected fewer than ${max} agents in the pool ${pool}, found that many; join another pool, or let it have more`,
  },
  agentFlapping: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The agent has joined and gone many times within a short while. It stays away for a while, each time longer, so that others are not disturbed; it may come again after the time that the error says. Look why it goes: its log, and its events.",
    message: ({ agent, awayMs }: { agent: string; awayMs: number }) =>
      `expected agent ${agent} to stay once it has joined, found that it comes and goes; come again in ${awayMs} ms`,
  },
  agentSuperseded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another process says that it is the same agent and was started later: the later one stays.",
    message: ({ agent, incarnation, later }: { agent: string; incarnation: string; later: string }) =>
      `expected agent ${agent} to have an incarnation later than ${later}, found ${incarnation}; give each process an agent id of its own`,
  },
  offeringInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What an agent offers is out of bounds, or cannot be understood.",
    message: ({ agent, problem }: { agent: string; problem: string }) =>
      `agent ${agent}: ${problem}; correct what it offers`,
  },
});
