import type { Argument, Command, Option } from "../declaration.ts";
import { all, key, page, reason, size } from "./options.ts";

const namespace: Argument = { name: "NAME", summary: "the namespace" };
const actor: Argument = { name: "WHO", summary: "person:ID, service:ID or agent:ID" };
const keyId: Argument = { name: "ID", summary: "the key" };
const files: Argument = {
  name: "FILE",
  summary: "policies in Cedar; each is named as its file",
  isMany: true,
  completes: "file",
};
const label: Option = { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "a label" };
const who: Option = { name: "for", value: "WHO", summary: "whom it stands for: agent:press (you)" };
const actions: Option = {
  name: "action",
  value: "PATTERN",
  isMany: true,
  summary: "narrowed to these actions: workflow.runs.*",
};
const cases: Option = {
  name: "cases",
  value: "FILE",
  summary: "cases that must come out, JSON: [{title, question: {actor, action}, allowed}]",
};
const remove: Option = { name: "remove", value: "ID", isMany: true, summary: "and without this policy" };
const shadow: Option = { name: "shadow", summary: "they are tried out: they decide nothing" };

const secretName: Argument = { name: "NAME", summary: "the secret" };
const valueFile: Argument = {
  name: "FILE",
  summary: "the file with its value; without one, or with -, standard input",
  isOptional: true,
  completes: "file",
};
const kept: readonly Option[] = [
  {
    name: "user",
    value: "WHO",
    isMany: true,
    summary: "who may use it, of those who may: agent:press (as before)",
  },
  { name: "description", value: "TEXT", summary: "for people (as before)" },
  label,
  { name: "lasts", value: "SPAN", summary: "the version ends after so long (never)" },
  { name: "due", value: "SPAN", summary: "a new version is due after so long (never)" },
];

const places = () => import("../../commands/namespace.ts");
const people = () => import("../../commands/principal.ts");
const lockouts = () => import("../../commands/lockout.ts");
const keys = () => import("../../commands/key.ts");
const roles = () => import("../../commands/role.ts");
const secrets = () => import("../../commands/secret.ts");
const policies = () => import("../../commands/policy.ts");

export const accessCommands: readonly Command[] = [
  {
    name: "namespace list",
    group: "access",
    summary: "namespaces: each a tenant of its own",
    options: [size, page, all],
    json: "document",
    load: () => places().then(({ listNamespaces }) => listNamespaces),
  },
  {
    name: "namespace create",
    group: "access",
    summary: "make a namespace",
    arguments: [namespace],
    options: [{ name: "description", value: "TEXT", summary: "for people" }, label],
    examples: [
      { words: "namespace create shop --description sells", does: "the same again changes nothing" },
    ],
    json: "document",
    load: () => places().then(({ createNamespace }) => createNamespace),
  },
  {
    name: "namespace delete",
    group: "access",
    summary: "take a namespace away in which everything has ended",
    arguments: [namespace],
    options: [reason],
    json: "document",
    load: () => places().then(({ deleteNamespace }) => deleteNamespace),
  },
  {
    name: "lockout list",
    group: "access",
    summary: "list lock-outs after failed attempts, with their ends",
    options: [size, page, all],
    json: "document",
    load: () => lockouts().then(({ listLockouts }) => listLockouts),
  },
  {
    name: "lockout lift",
    group: "access",
    summary: "lift a lock-out",
    arguments: [{ name: "WHO", summary: "the lock-out, as listed: an address and an account" }],
    options: [reason],
    examples: [
      {
        words: "lockout lift 10.0.0.9/gateway.key",
        does: "wrong keys of this address get 401 again, in place of 429",
      },
    ],
    json: "document",
    load: () => lockouts().then(({ liftLockout }) => liftLockout),
  },
  {
    name: "principal list",
    group: "access",
    summary: "people, services and agents that are known",
    options: [size, page, all],
    json: "document",
    load: () => people().then(({ listPrincipals }) => listPrincipals),
  },
  {
    name: "principal create",
    group: "access",
    summary: "make somebody known",
    arguments: [actor],
    options: [
      { name: "title", value: "TEXT", summary: "their name, for people" },
      { name: "group", value: "NAME", isMany: true, summary: "they belong to this group" },
      label,
    ],
    examples: [{ words: "principal create person:ada --group night", does: "ada, of the group night" }],
    json: "document",
    load: () => people().then(({ createPrincipal }) => createPrincipal),
  },
  {
    name: "principal delete",
    group: "access",
    summary: "forget somebody, with their keys and tokens",
    arguments: [actor],
    options: [reason],
    json: "document",
    load: () => people().then(({ deletePrincipal }) => deletePrincipal),
  },
  {
    name: "key list",
    group: "access",
    summary: "keys: whom they stand for, until when, and when they were used last",
    options: [{ name: "ended", summary: "those that have ended too" }, size, page, all],
    json: "document",
    load: () => keys().then(({ listKeys }) => listKeys),
  },
  {
    name: "key create",
    group: "access",
    summary: "make a key; it is shown once and nowhere else",
    options: [
      { name: "title", value: "TEXT", summary: "what it is for; it has to be said" },
      who,
      { name: "lasts", value: "SPAN", summary: "it ends after so long: 90d (as is configured)" },
      actions,
      {
        name: "offer",
        value: "PATTERN",
        isMany: true,
        summary: "capabilities that its agent may offer: pay.* (any)",
      },
      { name: "pool", value: "NAME", isMany: true, summary: "pools that its agent may join (any)" },
      { name: "slots", value: "NUMBER", summary: "how many tasks its agent may offer to do at once" },
      key,
    ],
    examples: [
      { words: "key create --title press --for agent:press --lasts 90d -q", does: "the key alone" },
      {
        words: "key create --title press --for agent:press --offer 'print.*' --slots 4",
        does: "for an agent that prints and does nothing else",
      },
    ],
    json: "document",
    load: () => keys().then(({ createKey }) => createKey),
  },
  {
    name: "key rotate",
    group: "access",
    summary: "make a key that takes the place of another, which goes on for a while",
    arguments: [keyId],
    options: [{ name: "overlap", value: "SPAN", summary: "the old one goes on for so long (1d)" }, key],
    json: "document",
    load: () => keys().then(({ rotateKey }) => rotateKey),
  },
  {
    name: "key revoke",
    group: "access",
    summary: "end a key; in effect everywhere within seconds",
    arguments: [keyId],
    options: [reason],
    json: "document",
    load: () => keys().then(({ revokeKey }) => revokeKey),
  },
  {
    name: "secret list",
    group: "access",
    summary: "secrets: who may use them, and when they were used last; never their values",
    options: [
      { name: "prefix", value: "TEXT", summary: "names that begin with this" },
      { name: "due", summary: "only those of which a new version is due" },
      ...[size, page, all],
    ],
    json: "document",
    load: () => secrets().then(({ listSecrets }) => listSecrets),
  },
  {
    name: "secret put",
    group: "access",
    summary: "store a secret: a new version, which is the only one from then on",
    arguments: [secretName, valueFile],
    options: [
      ...kept,
      { name: "overlap", value: "SPAN", summary: "the version before goes on for so long (not at all)" },
      key,
    ],
    examples: [
      { words: "secret put till till.txt --user agent:press", does: "for one agent" },
      { words: "secret put till < till.txt", does: "from standard input" },
    ],
    json: "document",
    load: () => secrets().then(({ putSecret }) => putSecret),
  },
  {
    name: "secret rotate",
    group: "access",
    summary: "store a new version of a secret; the one before goes on for a while",
    arguments: [secretName, valueFile],
    options: [
      ...kept,
      { name: "overlap", value: "SPAN", summary: "the version before goes on for so long (1d)" },
      key,
    ],
    examples: [{ words: "secret rotate till new.txt --overlap 1h", does: "both are good for an hour" }],
    json: "document",
    load: () => secrets().then(({ rotateSecret }) => rotateSecret),
  },
  {
    name: "secret remove",
    group: "access",
    summary: "end a secret, or versions of it; what refers to it fails from then on",
    arguments: [secretName],
    options: [
      { name: "version", value: "N", isMany: true, summary: "this version alone (all of it)" },
      reason,
    ],
    json: "document",
    load: () => secrets().then(({ removeSecret }) => removeSecret),
  },
  {
    name: "secret reseal",
    group: "access",
    summary: "make a new key of the installation, and seal the secrets of the namespace with it",
    options: [key],
    json: "document",
    load: () => secrets().then(({ resealSecrets }) => resealSecrets),
  },
  {
    name: "role list",
    group: "access",
    summary: "roles, and who has them",
    json: "document",
    load: () => roles().then(({ listRoles }) => listRoles),
  },
  {
    name: "role bind",
    group: "access",
    summary: "give somebody a role",
    arguments: [
      { name: "ROLE", summary: "viewer, operator, developer, admin, agent, auditor, or one of your own" },
      { name: "WHO", summary: "person:ID, service:ID, agent:ID or group:NAME" },
    ],
    options: [
      { name: "id", value: "ID", summary: "of the binding (ROLE-WHO)" },
      { name: "lasts", value: "SPAN", summary: "for so long: 8h (without end)" },
      {
        name: "label",
        short: "l",
        value: "NAME=VALUE",
        isMany: true,
        summary: "on things with this label alone",
      },
    ],
    examples: [{ words: "role bind operator group:night", does: "all of the group night" }],
    json: "document",
    load: () => roles().then(({ bindRole }) => bindRole),
  },
  {
    name: "role unbind",
    group: "access",
    summary: "take a role from somebody",
    arguments: [{ name: "ID", summary: "the binding" }],
    options: [reason],
    json: "document",
    load: () => roles().then(({ unbindRole }) => unbindRole),
  },
  {
    name: "policy list",
    group: "access",
    summary: "policies, and which version holds",
    options: [{ name: "system", summary: "those that hold everywhere too" }, size, page, all],
    json: "document",
    load: () => policies().then(({ listPolicies }) => listPolicies),
  },
  {
    name: "policy check",
    group: "access",
    summary: "say all that is wrong with policies, each with its place",
    arguments: [files],
    json: "document",
    load: () => policies().then(({ checkPolicies }) => checkPolicies),
  },
  {
    name: "policy test",
    group: "access",
    summary: "try cases on policies as they are, or as they would be",
    arguments: [{ ...files, isOptional: true }],
    options: [cases, remove],
    json: "document",
    load: () => policies().then(({ testPolicies }) => testPolicies),
  },
  {
    name: "policy impact",
    group: "access",
    summary: "what a change would flip, of what was decided in the last seven days",
    arguments: [{ ...files, isOptional: true }],
    options: [remove],
    json: "document",
    load: () => policies().then(({ previewImpact }) => previewImpact),
  },
  {
    name: "policy apply",
    group: "access",
    summary: "have policies hold, all of them or none",
    arguments: [{ ...files, isOptional: true }],
    options: [
      remove,
      shadow,
      { name: "version", value: "N", summary: "if this version holds still" },
      reason,
      key,
    ],
    examples: [{ words: "policy apply night.cedar --reason quiet", does: "as the policy night" }],
    json: "document",
    load: () => policies().then(({ applyPolicies }) => applyPolicies),
  },
  {
    name: "policy versions",
    group: "access",
    summary: "how policies changed, by whom and why",
    options: [size, page, all],
    json: "document",
    load: () => policies().then(({ listVersions }) => listVersions),
  },
  {
    name: "policy rollback",
    group: "access",
    summary: "go back to how policies were in a version, as a new one",
    arguments: [{ name: "VERSION", summary: "its number" }],
    options: [reason, key],
    json: "document",
    load: () => policies().then(({ rollBack }) => rollBack),
  },
  {
    name: "policy explain",
    group: "access",
    summary: "may somebody do something, and which policy says so",
    arguments: [actor, { name: "ACTION", summary: "workflow.runs.start" }],
    options: [
      { name: "group", value: "NAME", isMany: true, summary: "they belong to this group" },
      { name: "about", value: "KIND[/ID]", summary: "what it is about: run/run_1" },
      {
        name: "label",
        short: "l",
        value: "NAME=VALUE",
        isMany: true,
        summary: "a label of what it is about",
      },
    ],
    examples: [
      { words: "policy explain person:ada workflow.runs.start --about run", does: "yes or no, and why" },
    ],
    json: "document",
    load: () => policies().then(({ explainAccess }) => explainAccess),
  },
];
