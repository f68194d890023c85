import { defineErrors } from "@tutti/kernel";

/** Reasons for rejecting a caller. None of them contains the credential. */
export const accessErrors = defineErrors("access", {
  credentialNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The port is reachable from other machines, and the call does not identify its caller. Send a key or token as `authorization: Bearer …` (`TUTTI_API_KEY` for workers, clients and the CLI), or use the certificate of a service. Create keys with `tutti key create`.",
    message: () => "The request has no credential",
    remedy:
      "Create a key with `tutti key create`, and send it as `authorization: Bearer` (`TUTTI_API_KEY` for workers and clients).",
  },
  credentialRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The credential is not a valid key or token. The reason names the broken rule. Create a new key with `tutti key create`.",
    message: ({ reason }: { reason: string }) => `The credential is not valid: ${reason}`,
    remedy: "Create a new key with `tutti key create`.",
  },
  lockedOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Too many attempts with this key prefix or account failed from this address. Valid keys and tokens are still accepted. `tutti lockout list` lists all lock-outs, and `tutti lockout lift` removes one.",
    message: () => "Too many attempts with a wrong credential came from this address",
    remedy: "Correct the program that sends the wrong credential.",
  },
  rulesUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Keys, tokens and their rights are checked against a signed bundle of the governance service. This process has no valid bundle: it has just started, has not reached governance for longer than `governance.bundleMaxAgeMs`, or does not trust the signer (`access.trustedKey`).",
    message: ({ found }: { found: string }) => `This process has no valid policy bundle: ${found}`,
    remedy: "Check that governance runs and that `access.trustedKey` is its key, then try again.",
  },
  requestTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The request is larger than the limit of this caller. Set limits with `IdentityService.SetIdentityLimit` (`max_request_bytes`), or for all other callers with `access.requestBytesMax`. Send less at once, or put large data into the blob store.",
    message: ({ most, found }: { most: number; found: number }) =>
      `The request has ${found} bytes, more than the maximum of ${most} for this caller`,
    remedy: "Send less at once.",
  },
  tooManyCalls: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The caller exceeds its limit. Set limits with `IdentityService.SetIdentityLimit`, or for all other callers with `access.callsPerSec`, `access.concurrentMax` and `access.streamsMax`. Wait for the delay in the error.",
    message: ({ unit, limit }: { unit: string; limit: number }) =>
      `The caller exceeds its limit of ${limit} ${unit}`,
    remedy: "Wait, then try again.",
  },
  ruleRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation rejected the request. The reason names the rule and the values that it accepts. `tutti rule list` shows the rules.",
    message: ({ action, reason }: { action: string; reason: string }) =>
      `A rule rejected ${action}: ${reason}`,
    remedy: "Change the request or the rule.",
  },
  approvalNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule requires an approval. The approval waits with all others (`tutti approve`, the approvals page of the dashboard) until it is decided or expires. Once it is approved, send exactly the same request again within a day. You may approve your own request only if the rule names you.",
    message: ({ action, message }: { action: string; message: string; approvals: readonly string[] }) =>
      `${action} needs an approval first: ${message}`,
    remedy: ({ approvals }: { action: string; message: string; approvals: readonly string[] }) =>
      `Decide ${approvals.join(" and ")} with \`tutti approve\`, then send the same request again.`,
  },
  notApproved: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The approver rejected the request. The same request is rejected for an hour. After that, it requests a new approval.",
    message: ({ message, approver, reason }: { message: string; approver: string; reason: string }) =>
      `${approver} rejected the request${reason === "" ? "" : ` (${reason})`}: ${message}`,
    remedy: "Change the request.",
  },
  approvalsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The same request requested approval 100 times in the last week, and was never approved.",
    message: ({ approval }: { approval: string }) =>
      `The same request already requested approval 100 times (runs ${approval})`,
    remedy: "Change the request or the rule.",
  },
  refusalsLeftOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Too many rejections occurred at once to record each of them. A client may be trying many names, keys or addresses. Lock-outs and limits remain in effect.",
    message: ({ count, most }: { count: number; most: number }) =>
      `${count} more rejections than the ${most} recorded at once were not recorded individually`,
    remedy: "Check the recorded rejections of that moment, and limit the caller.",
  },
  resultRefused: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule of the namespace or of the installation rejected the result of a task. The attempt failed, and the retry policy of the task applies. `tutti rule list` shows the rules.",
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
    help: "A rule of the namespace or of the installation rejected the agent or its offering. `tutti rule list` shows the rules.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `A rule rejected ${agent === "" ? "the agent" : `agent \`${agent}\``}: ${reason}`,
    remedy: "Change the offering of the agent, or the rule.",
  },
  changedWrongly: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule changed a request into an invalid one. Correct the rule: it may set only fields of the request, and only to valid values.",
    message: ({ action, problem }: { action: string; problem: string }) =>
      `A rule changed the request ${action} into an invalid one: ${problem}`,
    remedy: "Correct the rule.",
  },
  changedInBulk: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule would change one of the starts of a stream, and many of those starts share their specification. Send this start in its own request, or send it as the rule requires.",
    message: () => "A rule would change one of the starts of this stream",
    remedy: "Start it in its own request.",
  },
  serviceKeyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A caller with the service key may do everything. The key must be too long to guess: create one with `openssl rand -hex 32`.",
    message: ({ found }: { found: number }) =>
      `\`access.serviceKey\`: expected at least 32 characters, got ${found}`,
    remedy: "Create one with `openssl rand -hex 32`.",
  },
});
