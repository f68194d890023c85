import { defineErrors } from "@tutti/kernel";

/** Why the service says no, besides what the tenants know. */
export const governanceErrors = defineErrors("governance", {
  namespaceBuiltIn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The namespaces `default` and `system` are always there.",
    message: ({ namespace }: { namespace: string }) =>
      `expected a namespace that can be removed, found ${namespace}, which is always there; remove what is in it instead`,
  },
  namespaceBusy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A namespace is removed when everything in it has ended. Cancel what runs, remove its schedules, and try again.",
    message: ({ namespace, what, id }: { namespace: string; what: string; id: string }) =>
      `expected everything in ${namespace} to have ended, found the ${what} ${id}; cancel or remove it first`,
  },
  notForOthers: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Keys and tokens that stand for somebody else are made by whoever may change principals: they could give themselves any right otherwise.",
    message: ({ action, namespace, id }: { action: string; namespace: string; id: string }) =>
      `expected somebody who may do ${action} in ${namespace}, since it is to stand for ${id}, found a caller who may not; ask for one of your own, or let an administrator make it`,
  },
  scopeWider: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A key or token is never wider than what its maker showed. Ask for less, or show something wider.",
    message: ({ beyond }: { beyond: string }) =>
      `expected no more than the caller itself may do, found ${beyond}; ask for less`,
  },
  repeatedOtherwise: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another request. Use a new one for a new intent.",
    message: ({ what }: { what: string }) =>
      `expected the same request as the first time under this idempotency key, found one for another ${what}; use a new idempotency key`,
  },
  tokenRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The token is not one of this installation that is good for this. Get a new one.",
    message: ({ reason }: { reason: string }) =>
      `expected a token of this installation that is good for this, found that ${reason}; get a new one`,
  },
  otherNamespace: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Questions are about the namespace of the request. From `system` any namespace can be asked about.",
    message: ({ namespace, found }: { namespace: string; found: string }) =>
      `expected questions about ${namespace}, found one about ${found}; ask in that namespace, or in system`,
  },
  contextInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What policies look at besides is a JSON object.",
    message: ({ problem }: { problem: string }) => `${problem}; give a JSON object`,
  },
  policiesInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A policy has to be readable, and about actions and things that there are. `tutti policy check` says everything that is wrong.",
    message: ({ where, problem }: { where: string; problem: string }) =>
      `expected policies that can be taken in, found at ${where}: ${problem}; correct it`,
  },
  caseFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A policy's cases must come out as they say before a change holds. Correct the change or the case; `tutti policy test` shows all of them.",
    message: (at: { title: string; policyId: string; found: string; more: number }) =>
      `expected the case "${at.title}" of ${at.policyId} to come out otherwise, found it ${at.found}${at.more > 0 ? `, and ${at.more} more cases that do not come out` : ""}; correct the change or the case`,
  },
  locksOut: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "After the change nobody could change policies any more who can now, so nobody could take it back.",
    message: ({ namespace }: { namespace: string }) =>
      `expected somebody who could still do governance.policies.apply in ${namespace} after the change, found nobody; leave an administrator out of what is forbidden`,
  },
  secretMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no secret of this name in the namespace, or it was deleted. `tutti secret list` shows those there are.",
    message: ({ name, namespace }: { name: string; namespace: string }) =>
      `expected the secret ${name} in ${namespace}, found none; store it with tutti secret put ${name}`,
  },
  secretUnusable: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "There is no such secret or version in force, or the caller may not use it: which of these is not said. It takes the right to governance.secrets.use, and to be among the users of the secret where it names some; a service of the installation has to be named.",
    message: ({ name, caller }: { name: string; caller: string }) =>
      `expected a secret ${name} in force that ${caller} may use, found none; ask whoever keeps it to store it, or to let ${caller} use it`,
  },
  secretEndsEarly: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A version that ends before it is stored could never be used.",
    message: ({ name }: { name: string }) =>
      `expected an end of the secret ${name} that is still to come, found one that has passed; choose a later one, or none`,
  },
  secretUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "What is kept of the secret does not open with the key that it was sealed with. Store the value again.",
    message: ({ name, version }: { name: string; version: number }) =>
      `expected version ${version} of the secret ${name} to open, found that it is not as it was sealed; store the value again`,
  },
  sealingKeyMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A backup has the keys of the installation sealed, or names them. Put the folder with the keys back, or share it between the processes of governance, or store the value again.",
    message: ({ name, sealingKeyId }: { name: string; sealingKeyId: string }) =>
      `expected the key ${sealingKeyId} that the secret ${name} was sealed with, found none; put sealing-${sealingKeyId}.json back into the folder with the keys, or store the value again`,
  },
  recipientKeyInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Values are sealed for an X25519 key that is made for the call.",
    message: () =>
      "expected a public key of X25519, found one with which everybody would share the same secret; make a new pair for each call",
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The expressions of an admission rule have to be readable, and about `subject`, `actor` and `call`. `tutti validate` says everything that is wrong with a file of rules.",
    message: ({ ruleId, problem }: { ruleId: string; problem: string }) =>
      `expected the rule ${ruleId} to be one that can be evaluated, found at ${problem}; correct it`,
  },
  ruleNotAsked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Rules are asked about requests, definitions, plans, results and agents. All may deny or note; requests and definitions may be approved first; they and the output of results may be changed. A rule that wants anything else would be kept and never asked.",
    message: ({ ruleId, problem }: { ruleId: string; problem: string }) =>
      `expected ${problem}; change the rule ${ruleId}`,
  },
  ruleCaseFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The cases of a rule must come out as they say before it holds. Correct the rule or the case; `tutti validate` shows all of them.",
    message: ({
      ruleId,
      title,
      found,
      more,
    }: {
      ruleId: string;
      title: string;
      found: string;
      more: number;
    }) =>
      `expected the case "${title}" of ${ruleId} to come out as it says, found that ${found}${more > 0 ? `, and ${more} more cases that do not come out` : ""}; correct the rule or the case`,
  },
  ruleVersionMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Only so many versions of rules are kept: the latest 1,000 of a namespace. `tutti rule versions ID` lists those of a rule.",
    message: (at: { ruleId: string; version: number; latest: readonly string[] }) =>
      `expected a version of the rule ${at.ruleId} that is kept, such as ${at.latest.join(", ")}, found ${at.version}; choose one of those`,
  },
  filesTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "At most 4 MiB of files are checked at once. `tutti validate FOLDER` checks a folder of any size on its own; with --online name a smaller one.",
    message: ({ bytes, most }: { bytes: number; most: number }) =>
      `expected at most ${most} bytes of files together, found ${bytes}; check fewer at once`,
  },
  frameworkUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A report is about a framework that rules are tagged with. `tutti compliance list` shows those there are.",
    message: ({
      framework,
      namespace,
      suggestion,
    }: {
      framework: string;
      namespace: string;
      suggestion: string;
    }) =>
      `expected rules of ${namespace} or system that are tagged with ${framework}, found none${suggestion}; tag a rule with a control of it`,
  },
  spanInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A report is about a span of time that begins before it ends.",
    message: () => "expected a span that begins before it ends, found another one; correct from and to",
  },
  roleReadyMade: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The roles viewer, operator, developer, admin, agent and auditor are always as they are. Make one of your own.",
    message: ({ role }: { role: string }) =>
      `expected a role of your own, found ${role}, which every installation has; choose another name`,
  },
});
