import { defineErrors } from "@tutti/kernel";

/** Reasons for rejecting a caller. None of them contains the credential. */
export const accessErrors = defineErrors("access", {
  credentialNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The port can be reached from other machines, and the call does not identify its caller. Show a key or token as `authorization: Bearer …` (`TUTTI_API_KEY` for workers and clients, `TUTTI_API_KEY` for the command), or call with the certificate of a service. Keys are made with `tutti key create`.",
    message: () => "The request has no credential",
    remedy:
      "Create a key with `tutti key create`, and send it as `authorization: Bearer` (`TUTTI_API_KEY` for workers and clients).",
  },
  credentialRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What was shown is no key or token that is valid here. The reason says which rule it breaks. Make a new one with `tutti key create`.",
    message: ({ reason }: { reason: string }) => `The credential is not valid: ${reason}`,
    remedy: "Create a new key with `tutti key create`.",
  },
  lockedOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Too many attempts with this key prefix or account failed from this address. Valid keys and tokens pass. `tutti lockout list` names every lock-out, `tutti lockout lift` ends one.",
    message: () => "Too many attempts with a wrong credential came from this address",
    remedy: "Correct the program that sends the wrong credential.",
  },
  rulesUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Keys, tokens and what they may do are decided by a signed bundle of the service governance. This process has none that is good: it has just started, or has not reached governance for longer than `governance.bundleMaxAgeMs`, or does not trust who signs (`access.trustedKey`).",
    message: ({ found }: { found: string }) => `This process has no valid policy bundle: ${found}`,
    remedy: "Check that governance runs and that `access.trustedKey` is its key, then try again.",
  },
  requestTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The request is larger than those of this caller may be. Limits are set with `IdentityService.SetIdentityLimit` (`max_request_bytes`), and for all other callers by `access.requestBytesMax`. Send less at once, or put what is large into the blob store.",
    message: ({ most, found }: { most: number; found: number }) =>
      `The request has ${found} bytes, more than the maximum of ${most} for this caller`,
    remedy: "Send less at once.",
  },
  tooManyCalls: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The caller asks for more than its limit. Limits are set with `IdentityService.SetIdentityLimit`, and for all other callers by `access.callsPerSec`, `access.concurrentMax` and `access.streamsMax`. Wait as long as the answer says.",
    message: ({ what, limit }: { what: string; limit: number }) =>
      `The caller exceeds its limit of ${limit} ${what}`,
    remedy: "Wait, then try again.",
  },
  ruleRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit the request. The reason says which one, and what it would admit. `tutti rule list` shows the rules.",
    message: ({ action, reason }: { action: string; reason: string }) =>
      `A rule rejected ${action}: ${reason}`,
    remedy: "Change the request or the rule.",
  },
  approvalNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule has a person asked first. The question stands among all others (`tutti approve`, the page of approvals) until it is decided or lapses. When the answer is yes, ask for exactly the same again within a day. One's own yes counts only where the rule names one.",
    message: ({ action, message }: { action: string; message: string; approvals: readonly string[] }) =>
      `${action} needs an approval first: ${message}`,
    remedy: ({ approvals }: { action: string; message: string; approvals: readonly string[] }) =>
      `Decide ${approvals.join(" and ")} with \`tutti approve\`, then send the same request again.`,
  },
  notApproved: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The approver rejected the request. The same request is refused for an hour. A later one asks again.",
    message: ({ message, who, reason }: { message: string; who: string; reason: string }) =>
      `${who} rejected the request${reason === "" ? "" : ` (${reason})`}: ${message}`,
    remedy: "Change the request.",
  },
  approvalsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The same was asked a hundred times in the last week, and never approved.",
    message: ({ approval }: { approval: string }) =>
      `The same request already asked for approval a hundred times (runs ${approval})`,
    remedy: "Change the request or the rule.",
  },
  refusalsLeftOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "So many refusals came at once that not each has a record: a client tries many names, keys or addresses. Lock-outs and limits hold all the same.",
    message: ({ count, most }: { count: number; most: number }) =>
      `${count} more rejections than the ${most} recorded at once have no record of their own`,
    remedy: "Check the recorded rejections of that moment, and limit the caller.",
  },
  resultRefused: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule of the namespace or of the installation does not admit what an agent gave as the result of a task. The attempt has failed with it, and is made again as the task's retry says. `tutti rule list` shows the rules.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `A rule rejected the result of ${agent === "" ? "an agent" : `agent \`${agent}\``}: ${reason}`,
    remedy: "Correct the result or the rule.",
  },
  planRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit the plan of a session: which of its tasks start when, at which agents. None of them was started. `tutti rule list` shows the rules.",
    message: ({ session, reason }: { session: string; reason: string }) =>
      `A rule rejected the plan of session \`${session}\`: ${reason}`,
    remedy: "Change the session, the agents, or the rule.",
  },
  agentRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit the agent, or what it offers. `tutti rule list` shows the rules.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `A rule rejected ${agent === "" ? "the agent" : `agent \`${agent}\``}: ${reason}`,
    remedy: "Change the offering of the agent, or the rule.",
  },
  changedWrongly: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule changed a request into one that its contract does not have. Correct the rule: what it sets has to be a field of the request, with a value that the field may have.",
    message: ({ action, problem }: { action: string; problem: string }) =>
      `A rule changed the request ${action} into an invalid one: ${problem}`,
    remedy: "Correct the rule.",
  },
  changedInBulk: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule would change one of the starts of a stream, and many of those share their specification. Start it by itself, or ask for it as the rule wants it.",
    message: () => "A rule would change one of the starts of this stream",
    remedy: "Start it in its own request.",
  },
  serviceKeyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A caller with the service key may do everything. The key must be too long to be guessed: make one with `openssl rand -hex 32`.",
    message: ({ found }: { found: number }) =>
      `\`access.serviceKey\`: expected at least 32 characters, got ${found}`,
    remedy: "Create one with `openssl rand -hex 32`.",
  },
});
