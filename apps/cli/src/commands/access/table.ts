import type { Argument, Command, Option } from "../../command/declaration.ts";
import { all, description, key, page, prefix, reason, size, yes } from "../../command/options.ts";

const namespace: Argument = { name: "NAME", summary: "namespace" };
const actor: Argument = { name: "PRINCIPAL", summary: "person:ID, service:ID or agent:ID" };
const keyId: Argument = { name: "ID", summary: "key id" };
const files: Argument = {
  name: "FILE",
  summary: "Cedar files. The file name is the policy id",
  isMany: true,
  completes: "file",
};
const label: Option = {
  name: "label",
  short: "l",
  value: "NAME=VALUE",
  isMany: true,
  summary: "label of the object",
};
const principal: Option = {
  name: "principal",
  value: "PRINCIPAL",
  summary: "principal: person:ada, service:ci or agent:press. Default: you",
};
const actions: Option = {
  name: "action",
  value: "PATTERN",
  isMany: true,
  summary: "only these actions. `*` matches any text: workflow.runs.*",
};
const cases: Option = {
  name: "cases",
  value: "FILE",
  summary: "JSON file of test cases: [{title, question: {actor, action}, allowed}]",
};
const remove: Option = { name: "without", value: "ID", isMany: true, summary: "leave out this policy" };
const shadow: Option = {
  name: "shadow",
  summary: "apply in shadow mode: record decisions without enforcing them",
};

const secretName: Argument = { name: "NAME", summary: "secret name" };
const valueFile: Argument = {
  name: "FILE",
  summary: "file with the value. Default: standard input",
  isOptional: true,
  completes: "file",
};
const secretOptions: readonly Option[] = [
  {
    name: "user",
    value: "PRINCIPAL",
    isMany: true,
    summary: "principal that may use the secret: agent:press. Default: unchanged",
  },
  { ...description, summary: "description. Default: unchanged" },
  label,
  { name: "expires-in", value: "SPAN", summary: "expire after this duration: 90d. Default: never" },
  {
    name: "rotate-after",
    value: "SPAN",
    summary: "mark the secret as due for rotation after this duration. Default: never",
  },
];

const places = () => import("./namespace.ts");
const people = () => import("./principal.ts");
const lockouts = () => import("./lockout.ts");
const keys = () => import("./key.ts");
const roles = () => import("./role.ts");
const secrets = () => import("./secret.ts");
const policies = () => import("./policy.ts");

export const accessCommands: readonly Command[] = [
  {
    name: "namespace list",
    group: "access",
    summary: "List namespaces",
    options: [size, page, all],
    json: "document",
    load: () => places().then(({ listNamespaces }) => listNamespaces),
  },
  {
    name: "namespace create",
    group: "access",
    summary: "Create a namespace",
    arguments: [namespace],
    options: [description, label],
    examples: [
      {
        words: "namespace create shop --description sells",
        does: "create a namespace. Repeating the command changes nothing",
      },
    ],
    json: "document",
    load: () => places().then(({ createNamespace }) => createNamespace),
  },
  {
    name: "namespace delete",
    group: "access",
    summary: "Delete a namespace without active work",
    arguments: [namespace],
    options: [reason, yes],
    confirm: (values) => `Delete namespace ${values.argument("NAME")}?`,
    json: "document",
    load: () => places().then(({ deleteNamespace }) => deleteNamespace),
  },
  {
    name: "lockout list",
    group: "access",
    summary: "List lockouts after failed sign-in attempts",
    options: [size, page, all],
    json: "document",
    load: () => lockouts().then(({ listLockouts }) => listLockouts),
  },
  {
    name: "lockout lift",
    group: "access",
    summary: "Lift a lockout",
    arguments: [{ name: "LOCKOUT", summary: "lockout as listed: ADDRESS/ACCOUNT" }],
    options: [reason],
    examples: [
      { words: "lockout lift 10.0.0.9/gateway.key", does: "accept attempts from this address again" },
    ],
    json: "document",
    load: () => lockouts().then(({ liftLockout }) => liftLockout),
  },
  {
    name: "principal list",
    group: "access",
    summary: "List people, services and agents",
    options: [size, page, all],
    json: "document",
    load: () => people().then(({ listPrincipals }) => listPrincipals),
  },
  {
    name: "principal create",
    group: "access",
    summary: "Create a person, service or agent",
    arguments: [actor],
    options: [
      { name: "title", value: "TEXT", summary: "title" },
      { name: "group", value: "NAME", isMany: true, summary: "group of the principal" },
      label,
    ],
    examples: [{ words: "principal create person:ada --group night", does: "create Ada in the group night" }],
    json: "document",
    load: () => people().then(({ createPrincipal }) => createPrincipal),
  },
  {
    name: "principal delete",
    group: "access",
    summary: "Delete a principal with all keys and tokens",
    arguments: [actor],
    options: [reason, yes],
    confirm: (values) => `Delete ${values.argument("PRINCIPAL")} with all keys and tokens?`,
    json: "document",
    load: () => people().then(({ deletePrincipal }) => deletePrincipal),
  },
  {
    name: "key list",
    group: "access",
    summary: "List keys with principal, expiry and last use",
    options: [{ name: "ended", summary: "include ended entries" }, size, page, all],
    json: "document",
    load: () => keys().then(({ listKeys }) => listKeys),
  },
  {
    name: "key create",
    group: "access",
    summary: "Create a key and show it once",
    options: [
      { name: "title", value: "TEXT", summary: "title" },
      principal,
      {
        name: "expires-in",
        value: "SPAN",
        summary: "expire after this duration: 90d. Default: as configured",
      },
      actions,
      {
        name: "offer",
        value: "PATTERN",
        isMany: true,
        summary: "capability that the agent may offer: pay.*. Default: any",
      },
      { name: "join", value: "NAME", isMany: true, summary: "pool that the agent may join. Default: any" },
      { name: "slots", value: "NUMBER", summary: "maximum concurrency of the agent" },
      key,
    ],
    examples: [
      {
        words: "key create --title press --principal agent:press --expires-in 90d -q",
        does: "print only the key",
      },
      {
        words: "key create --title press --principal agent:press --offer 'print.*' --slots 4",
        does: "create a key for an agent that may only print",
      },
    ],
    json: "document",
    load: () => keys().then(({ createKey }) => createKey),
  },
  {
    name: "key rotate",
    group: "access",
    summary: "Replace a key. The old key stays valid for a while",
    arguments: [keyId],
    options: [
      {
        name: "grace",
        value: "SPAN",
        summary: "keep the previous version valid for this duration. Default: 1d",
      },
      key,
    ],
    json: "document",
    load: () => keys().then(({ rotateKey }) => rotateKey),
  },
  {
    name: "key revoke",
    group: "access",
    summary: "Revoke a key everywhere within seconds",
    arguments: [keyId],
    options: [reason, yes],
    confirm: (values) => `Revoke key ${values.argument("ID")}?`,
    json: "document",
    load: () => keys().then(({ revokeKey }) => revokeKey),
  },
  {
    name: "secret list",
    group: "access",
    summary: "List secrets with users and last use, without values",
    options: [
      prefix,
      { name: "due", summary: "only secrets that are due for rotation" },
      ...[size, page, all],
    ],
    json: "document",
    load: () => secrets().then(({ listSecrets }) => listSecrets),
  },
  {
    name: "secret put",
    group: "access",
    summary: "Store a secret, or a new version that replaces the old one",
    arguments: [secretName, valueFile],
    options: [
      ...secretOptions,
      {
        name: "grace",
        value: "SPAN",
        summary: "keep the previous version valid for this duration. Default: 0",
      },
      key,
    ],
    examples: [
      { words: "secret put till till.txt --user agent:press", does: "store a secret for one agent" },
      { words: "secret put till < till.txt", does: "read the value from standard input" },
    ],
    json: "document",
    load: () => secrets().then(({ putSecret }) => putSecret),
  },
  {
    name: "secret rotate",
    group: "access",
    summary: "Rotate a secret. The previous version stays valid for a while",
    arguments: [secretName, valueFile],
    options: [
      ...secretOptions,
      {
        name: "grace",
        value: "SPAN",
        summary: "keep the previous version valid for this duration. Default: 1d",
      },
      key,
    ],
    examples: [
      { words: "secret rotate till new.txt --grace 1h", does: "keep both versions valid for one hour" },
    ],
    json: "document",
    load: () => secrets().then(({ rotateSecret }) => rotateSecret),
  },
  {
    name: "secret remove",
    group: "access",
    summary: "Remove a secret, or single versions",
    arguments: [secretName],
    options: [
      { name: "version", value: "N", isMany: true, summary: "version number. Default: all versions" },
      reason,
      yes,
    ],
    confirm: (values) => {
      const versions = values.texts("version");
      const subject = versions.length === 0 ? "secret" : `version ${versions.join(", ")} of secret`;
      return `Remove ${subject} ${values.argument("NAME")}?`;
    },
    json: "document",
    load: () => secrets().then(({ removeSecret }) => removeSecret),
  },
  {
    name: "secret reseal",
    group: "access",
    summary: "Create a new installation key and reseal the secrets of the namespace",
    options: [key],
    json: "document",
    load: () => secrets().then(({ resealSecrets }) => resealSecrets),
  },
  {
    name: "role list",
    group: "access",
    summary: "List roles and their bindings",
    json: "document",
    load: () => roles().then(({ listRoles }) => listRoles),
  },
  {
    name: "role bind",
    group: "access",
    summary: "Bind a role to a principal or group",
    arguments: [
      { name: "ROLE", summary: "viewer, operator, developer, admin, agent, auditor, or a custom role" },
      { name: "PRINCIPAL", summary: "person:ID, service:ID, agent:ID or group:NAME" },
    ],
    options: [
      { name: "id", value: "ID", summary: "id of the new object. Default: ROLE-PRINCIPAL" },
      { name: "expires-in", value: "SPAN", summary: "expire after this duration: 90d. Default: never" },
      {
        name: "selector",
        value: "NAME=VALUE",
        isMany: true,
        summary: "apply only to objects with this label",
      },
    ],
    examples: [
      { words: "role bind operator group:night", does: "make everyone in the group night an operator" },
    ],
    json: "document",
    load: () => roles().then(({ bindRole }) => bindRole),
  },
  {
    name: "role unbind",
    group: "access",
    summary: "Remove a role binding",
    arguments: [{ name: "ID", summary: "binding id" }],
    options: [reason, yes],
    confirm: (values) => `Remove role binding ${values.argument("ID")}?`,
    json: "document",
    load: () => roles().then(({ unbindRole }) => unbindRole),
  },
  {
    name: "policy list",
    group: "access",
    summary: "List policies and the active version",
    options: [{ name: "system", summary: "include system policies" }, size, page, all],
    json: "document",
    load: () => policies().then(({ listPolicies }) => listPolicies),
  },
  {
    name: "policy check",
    group: "access",
    summary: "Check policy files and print every error with its position",
    arguments: [files],
    json: "document",
    load: () => policies().then(({ checkPolicies }) => checkPolicies),
  },
  {
    name: "policy test",
    group: "access",
    summary: "Test cases against the current or changed policies",
    arguments: [{ ...files, isOptional: true }],
    options: [cases, remove],
    json: "document",
    load: () => policies().then(({ testPolicies }) => testPolicies),
  },
  {
    name: "policy impact",
    group: "access",
    summary: "Show which decisions of the last seven days a change would flip",
    arguments: [{ ...files, isOptional: true }],
    options: [remove],
    json: "document",
    load: () => policies().then(({ previewImpact }) => previewImpact),
  },
  {
    name: "policy apply",
    group: "access",
    summary: "Apply policies, all or none",
    arguments: [{ ...files, isOptional: true }],
    options: [
      remove,
      shadow,
      { name: "if-version", value: "N", summary: "apply only if this version is still active" },
      reason,
      key,
      yes,
    ],
    examples: [{ words: "policy apply night.cedar --reason quiet", does: "apply the policy night" }],
    confirm: (values) => {
      const removed = values.texts("without");
      return removed.length === 0 ? undefined : `Remove policy ${removed.join(", ")}?`;
    },
    json: "document",
    load: () => policies().then(({ applyPolicies }) => applyPolicies),
  },
  {
    name: "policy versions",
    group: "access",
    summary: "List policy versions with author and reason",
    options: [size, page, all],
    json: "document",
    load: () => policies().then(({ listVersions }) => listVersions),
  },
  {
    name: "policy rollback",
    group: "access",
    summary: "Roll back policies to an earlier version",
    arguments: [{ name: "VERSION", summary: "version number" }],
    options: [reason, key],
    json: "document",
    load: () => policies().then(({ rollBack }) => rollBack),
  },
  {
    name: "policy explain",
    group: "access",
    summary: "Explain if a principal may perform an action, and which policy decides",
    arguments: [actor, { name: "ACTION", summary: "workflow.runs.start" }],
    options: [
      { name: "group", value: "NAME", isMany: true, summary: "group of the principal" },
      {
        name: "about",
        value: "KIND[/ID]",
        summary: "object of the action: run/order-1002, or run for all runs",
      },
      { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "label of the object" },
    ],
    examples: [
      { words: "policy explain person:ada workflow.runs.start --about run", does: "may Ada start runs?" },
    ],
    json: "document",
    load: () => policies().then(({ explainAccess }) => explainAccess),
  },
];
