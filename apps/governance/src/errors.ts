import { counted, defineErrors } from "@tutti/kernel";

/** Why the service rejects requests, in addition to the reasons of the tenants. */
export const governanceErrors = defineErrors("governance", {
  namespaceBuiltIn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The namespaces `default` and `system` are always there.",
    message: ({ namespace }: { namespace: string }) =>
      `Namespace \`${namespace}\` is built in and cannot be deleted`,
    remedy: "Delete its content instead.",
  },
  namespaceBusy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A namespace can be deleted when all work in it has ended. Cancel running work, remove its schedules and triggers, and retry.",
    message: ({ namespace, what, id }: { namespace: string; what: string; id: string }) =>
      `Namespace \`${namespace}\` is not empty: ${what} \`${id}\` still exists`,
    remedy: "Cancel or delete it first.",
  },
  notForOthers: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Only a caller with the right to change principals can create keys and tokens for other identities. Otherwise a caller could obtain any right.",
    message: ({ action, namespace, id }: { action: string; namespace: string; id: string }) =>
      `The caller may not do ${action} in namespace \`${namespace}\` for ${id}`,
    remedy: "Request a credential for yourself, or contact an administrator.",
  },
  scopeWider: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The scope of a key or token cannot exceed the scope of the credential that creates it. Request a narrower scope, or use a wider credential.",
    message: ({ beyond }: { beyond: string }) =>
      `The requested scope exceeds the rights of the caller: ${beyond}`,
    remedy: "Request a narrower scope.",
  },
  repeatedOtherwise: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another request. Use a new key for a new request.",
    message: ({ what }: { what: string }) => `The idempotency key was already used for another ${what}`,
    remedy: "Use a new idempotency key.",
  },
  tokenRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The token was not issued by this installation, or is not valid for this use. Get a new token.",
    message: ({ reason }: { reason: string }) => `The token is not valid here: ${reason}`,
    remedy: "Get a new token.",
  },
  otherNamespace: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Policy questions must be about the namespace of the request. A request in `system` can ask about any namespace.",
    message: ({ namespace, found }: { namespace: string; found: string }) =>
      `The request is for namespace \`${namespace}\` and asks about namespace \`${found}\``,
    remedy: "Send it in that namespace, or in `system`.",
  },
  contextInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The context of a policy question is a JSON object.",
    message: ({ problem }: { problem: string }) => `${problem}`,
    remedy: "Send a JSON object.",
  },
  policiesInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A policy must be valid, and refer to existing actions and types. `tutti policy check` lists all problems.",
    message: ({ where, problem }: { where: string; problem: string }) => `${where}: ${problem}`,
    remedy: "Correct the policy. `tutti policy check` lists all problems.",
  },
  caseFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "All cases of a policy must pass before a change takes effect. Correct the change or the case. `tutti policy test` lists all failed cases.",
    message: (at: { title: string; policyId: string; found: string; more: number }) =>
      `The case "${at.title}" of policy \`${at.policyId}\` failed: it was ${at.found}${at.more > 0 ? `, and ${counted(at.more, "more case")} failed` : ""}`,
    remedy: "Correct the change or the case.",
  },
  locksOut: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "After the change no present administrator of policies could change them, so no identity could revert it.",
    message: ({ namespace }: { namespace: string }) =>
      `After the change no identity could do governance.policies.apply in namespace \`${namespace}\``,
    remedy: "Exempt an administrator from the policy.",
  },
  secretMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The secret does not exist in the namespace, or it was deleted. `tutti secret list` shows the existing secrets.",
    message: ({ name, namespace }: { name: string; namespace: string }) =>
      `Secret \`${name}\` not found in namespace \`${namespace}\``,
    remedy: "Store the secret with `tutti secret put`.",
  },
  secretUnusable: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The secret or version does not exist or is not in force, or the caller may not use it. The answer is the same for each reason. A caller needs the right to governance.secrets.use, and must be among the users of the secret if it names some. A service of the installation must be named.",
    message: ({ name, caller }: { name: string; caller: string }) =>
      `${caller} has no usable secret \`${name}\`: it does not exist, has expired, or the caller may not use it`,
    remedy: "Store the secret, or allow the caller to use it.",
  },
  secretEndsEarly: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A version that ends before it is stored could never be used.",
    message: ({ name }: { name: string }) => `The end of secret \`${name}\` is in the past`,
    remedy: "Choose a later end, or none.",
  },
  secretUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The stored secret does not open with the key that sealed it. Store the value again.",
    message: ({ name, version }: { name: string; version: number }) =>
      `Version ${version} of secret \`${name}\` cannot be opened with its key`,
    remedy: "Store the value again.",
  },
  sealingKeyMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A backup contains the keys of the installation sealed, or refers to them. Restore the folder with the keys, share it between the governance processes, or store the value again.",
    message: ({ name, sealingKeyId }: { name: string; sealingKeyId: string }) =>
      `The key ${sealingKeyId} that sealed secret \`${name}\` is missing`,
    remedy: ({ sealingKeyId }: { name: string; sealingKeyId: string }) =>
      `Restore sealing-${sealingKeyId}.json in the folder of keys, or store the value again.`,
  },
  recipientKeyInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Values are sealed for an X25519 key that the caller creates for each call.",
    message: () => "The public key is not a valid X25519 key",
    remedy: "Create a new key pair for each call.",
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The expressions of an admission rule must be valid, and refer to `subject`, `actor` and `call`. `tutti validate` lists all problems of a file of rules.",
    message: ({ ruleId, problem }: { ruleId: string; problem: string }) =>
      `Rule \`${ruleId}\` cannot be evaluated: ${problem}`,
    remedy: "Correct the rule.",
  },
  ruleNotAsked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Rules apply to requests, definitions, plans, results and agents. All may deny or note. Requests and definitions may require an approval. They and the output of results may be changed. A rule with any other effect would never apply.",
    message: ({ ruleId, problem }: { ruleId: string; problem: string }) =>
      `Rule \`${ruleId}\`: expected ${problem}`,
    remedy: "Correct the rule.",
  },
  ruleCaseFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "All cases of a rule must pass before it takes effect. Correct the rule or the case. `tutti validate` lists all failed cases.",
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
      `The case "${title}" of rule \`${ruleId}\` failed: ${found}${more > 0 ? `, and ${counted(more, "more case")} failed` : ""}`,
    remedy: "Correct the rule or the case.",
  },
  ruleVersionMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A namespace keeps only the latest 1,000 versions of its rules. `tutti rule versions ID` lists the versions of a rule.",
    message: (at: { ruleId: string; version: number; latest: readonly string[] }) =>
      `Version ${at.version} of rule \`${at.ruleId}\` is not kept. The latest versions are ${at.latest.join(", ")}`,
    remedy: "List its versions with `tutti rule versions`.",
  },
  filesTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "At most 4 MiB of files are checked at once. `tutti validate FOLDER` checks a folder of any size locally. With --online, pass a smaller folder.",
    message: ({ bytes, most }: { bytes: number; most: number }) =>
      `The files have ${bytes} bytes together, more than the maximum of ${most}`,
    remedy: "Check fewer files at once.",
  },
  frameworkUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A report needs a framework that rules are tagged with. `tutti compliance list` shows the existing frameworks.",
    message: ({
      framework,
      namespace,
      suggestion,
    }: {
      framework: string;
      namespace: string;
      suggestion: string;
    }) =>
      `No rule of namespace \`${namespace}\` or \`system\` is tagged with framework \`${framework}\`${suggestion}`,
    remedy: "Tag a rule with a control of the framework.",
  },
  spanInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The start of a report is before its end.",
    message: () => "The period does not start before it ends",
    remedy: "Correct `from` and `to`.",
  },
  roleReadyMade: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The roles viewer, operator, developer, admin, agent and auditor cannot be changed. Create a custom role.",
    message: ({ role }: { role: string }) => `Role \`${role}\` is built in and cannot be changed`,
    remedy: "Choose another name.",
  },
});
