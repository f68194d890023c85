import { defineErrors } from "@tutti/kernel";

/** Why a caller is rejected. Nothing here says what was shown. */
export const accessErrors = defineErrors("access", {
  credentialNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The port can be reached from other machines, and nothing says who calls. Show a key or token as `authorization: Bearer …` (`TUTTI_ACCESS_TOKEN` for workers and clients, `TUTTI_KEY` for the command), or call with the certificate of a service. Keys are made with `tutti key create`.",
    message: () =>
      "expected a key or token as authorization: Bearer, or the certificate of a service, found neither; make a key with tutti key create, and show it by TUTTI_ACCESS_TOKEN",
  },
  credentialRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What was shown is no key or token that is good here; the reason says which rule it breaks. Make a new one with `tutti key create`.",
    message: ({ reason }: { reason: string }) =>
      `expected a key or token that is good here, found one that is not: ${reason}; get another one, such as with tutti key create`,
  },
  lockedOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Too many attempts with this key prefix or account failed from this address. Valid keys and tokens pass. `tutti lockout list` names every lock-out, `tutti lockout lift` ends one.",
    message: () =>
      "Too many attempts with a wrong credential came from this address. Fix the program that sends the wrong credential. Valid credentials pass.",
  },
  rulesUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Keys, tokens and what they may do are decided by a signed bundle of the service governance. This process has none that is good: it has just started, or has not reached governance for longer than `governance.bundleMaxAgeMs`, or does not trust who signs (`access.trustedKey`).",
    message: ({ found }: { found: string }) =>
      `expected a bundle of rules that is in force, found ${found}; see that governance runs and that access.trustedKey is its key, then try again`,
  },
  requestTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The request is larger than those of this caller may be. Limits are set with `IdentityService.SetIdentityLimit` (`max_request_bytes`), and for everybody else by `access.requestBytesMax`. Send less at once, or put what is large into the blob store.",
    message: ({ most, found }: { most: number; found: number }) =>
      `expected a request of at most ${most} bytes of this caller, found ${found}; send less at once`,
  },
  tooManyCalls: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The caller asks for more than its limit. Limits are set with `IdentityService.SetIdentityLimit`, and for everybody else by `access.callsPerSec`, `access.concurrentMax` and `access.streamsMax`. Wait as long as the answer says.",
    message: ({ what, limit }: { what: string; limit: number }) =>
      `expected at most ${limit} ${what} of this caller, found one more; wait, then try again`,
  },
  ruleRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit what is asked for; the reason says which one, and what would be right. `tutti rule list` shows the rules.",
    message: ({ action, reason }: { action: string; reason: string }) =>
      `expected something that the rules admit as ${action}, found that they refuse it: ${reason}; change what is asked for, or the rule`,
  },
  approvalNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule has a person asked first. The question stands among all others (`tutti approve`, the page of approvals) until it is decided or lapses. When the answer is yes, ask for exactly the same again within a day. One's own yes counts only where the rule names one.",
    message: ({
      action,
      message,
      approvals,
    }: {
      action: string;
      message: string;
      approvals: readonly string[];
    }) =>
      `expected ${action} to be approved first, found it undecided: ${message}; it is asked as ${approvals.join(" and ")}: have it decided, such as with tutti approve, then ask for the same again`,
  },
  notApproved: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Whoever was asked whether this may be done said no. The same is refused for an hour; after that it is asked anew.",
    message: ({ message, who, reason }: { message: string; who: string; reason: string }) =>
      `expected approval, found that ${who} said no${reason === "" ? "" : ` (${reason})`} to: ${message}; change what is asked for`,
  },
  approvalsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The same was asked a hundred times in the last week, and never approved.",
    message: ({ approval }: { approval: string }) =>
      `expected fewer questions about the same, found a hundred runs ${approval}; change what is asked for, or the rule`,
  },
  refusalsLeftOut: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "So many refusals came at once that not each has a record: somebody tries many names, keys or addresses. Lock-outs and limits hold all the same.",
    message: ({ count, most }: { count: number; most: number }) =>
      `expected at most ${most} different refusals at once, found ${count} more, which have no record of their own; look at those of the same moment, and limit who comes so often`,
  },
  resultRefused: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule of the namespace or of the installation does not admit what an agent gave as the result of a task. The attempt has failed with it, and is made again as the task's retry says. `tutti rule list` shows the rules.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `expected a result of ${agent || "an agent"} that the rules admit, found that they refuse it: ${reason}; mend what the agent gives, or the rule`,
  },
  planRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit the plan of a session: which of its tasks begin when, at which agents. Nothing of it was begun. `tutti rule list` shows the rules.",
    message: ({ session, reason }: { session: string; reason: string }) =>
      `expected a plan of the session ${session} that the rules admit, found that they refuse it: ${reason}; change the session, the agents, or the rule`,
  },
  agentRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule of the namespace or of the installation does not admit the agent, or what it offers. `tutti rule list` shows the rules.",
    message: ({ agent, reason }: { agent: string; reason: string }) =>
      `expected an agent that the rules admit, found that they refuse ${agent || "it"}: ${reason}; change what it offers, or the rule`,
  },
  changedWrongly: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule changed a request into one that its contract does not have. Correct the rule: what it sets has to be a field of the request, with a value that the field may have.",
    message: ({ action, problem }: { action: string; problem: string }) =>
      `expected ${action} to be a request of its contract after rules changed it, found ${problem}; correct the rule`,
  },
  changedInBulk: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rule would change one of the starts of a stream, and many of those share their specification. Start it by itself, or ask for it as the rule wants it.",
    message: () =>
      "expected starts that no rule changes, found one in a stream of many that a rule would change; start it by itself",
  },
  serviceKeyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Whoever has the service key may do everything. It has to be too long to be guessed: make one with `openssl rand -hex 32`.",
    message: ({ found }: { found: number }) =>
      `expected access.serviceKey to have at least 32 signs, found ${found}; make one with openssl rand -hex 32`,
  },
});
