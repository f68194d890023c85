import type { Argument, Command, Option } from "../../command/declaration.ts";
import { all, description, page, reason, size, yes } from "../../command/options.ts";

const quota: Argument = { name: "QUOTA", summary: "quota name. `default` for the whole namespace" };
const reservation: Argument = { name: "RESERVATION", summary: "reservation id" };
const session: Argument = { name: "SESSION", summary: "session id", completes: "run" };
const other: Argument = { name: "OTHER", summary: "other session. NAMESPACE/ID for another namespace" };
const inPool: Option = { name: "pool", value: "NAME", summary: "pool. Default: all" };
const ofName: Option = { name: "name", value: "NAME", summary: "resource: slots, or a named resource" };
const label: Option = {
  name: "selector",
  value: "NAME=VALUE",
  isMany: true,
  summary: "apply only to objects with this label",
};
const reading = () => import("./read.ts");
const writing = () => import("./write.ts");
const depending = () => import("../sessions/dependency.ts");

export const resourceCommands: readonly Command[] = [
  {
    name: "resource list",
    group: "installation",
    summary: "List resources with capacity, usage, reservations and demand",
    options: [inPool, ofName, size, page, all],
    json: "document",
    load: () => reading().then(({ listResources }) => listResources),
  },
  {
    name: "resource use",
    group: "installation",
    summary: "List the resource usage, demand and fair share of sessions",
    options: [inPool, ofName, size, page, all],
    json: "document",
    load: () => reading().then(({ listAllocations }) => listAllocations),
  },
  {
    name: "resource why",
    group: "installation",
    summary: "Explain the resources of a session: share, quotas, reservations",
    arguments: [session],
    json: "document",
    load: () => reading().then(({ explainAllocation }) => explainAllocation),
  },
  {
    name: "dependency list",
    group: "sessions",
    summary: "List the dependencies and dependents of a session",
    arguments: [session],
    json: "document",
    load: () => depending().then(({ listDependencies }) => listDependencies),
  },
  {
    name: "dependency add",
    group: "sessions",
    summary: "Add a dependency to a session that has not started",
    arguments: [session, other],
    options: [
      {
        name: "on",
        value: "END",
        choices: ["success", "failure", "always"],
        summary: "required outcome of the other session. Default: success",
      },
      reason,
    ],
    examples: [
      { words: "dependency add report import", does: "start report after import completes" },
      {
        words: "dependency add report night/import --on always",
        does: "wait for a session of another namespace, with any outcome",
      },
    ],
    json: "document",
    load: () => depending().then(({ addDependency }) => addDependency),
  },
  {
    name: "dependency remove",
    group: "sessions",
    summary: "Remove a dependency of a session that has not started",
    arguments: [session, other],
    options: [reason],
    json: "document",
    load: () => depending().then(({ removeDependency }) => removeDependency),
  },
  {
    name: "quota list",
    group: "installation",
    summary: "List the quotas of the namespace and their usage",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listQuotas }) => listQuotas),
  },
  {
    name: "quota set",
    group: "installation",
    summary: "Set a quota for slots or named resources in use",
    arguments: [quota],
    options: [
      {
        name: "limit",
        value: "NAME=AMOUNT",
        isMany: true,
        summary: "limit of a resource: slots=20. Set all limits of the quota",
      },
      label,
      reason,
    ],
    examples: [
      { words: "quota set default --limit slots=20", does: "allow twenty running tasks in the namespace" },
      {
        words: "quota set blue --limit gpu=2 --selector team=blue",
        does: "limit work with the label to two GPUs",
      },
    ],
    json: "document",
    load: () => writing().then(({ setQuota }) => setQuota),
  },
  {
    name: "quota delete",
    group: "installation",
    summary: "Delete a quota. Blocked work continues",
    arguments: [quota],
    options: [reason, yes],
    confirm: (values) => `Delete quota ${values.argument("QUOTA")}?`,
    json: "document",
    load: () => writing().then(({ deleteQuota }) => deleteQuota),
  },
  {
    name: "reservation list",
    group: "installation",
    summary: "List current and future reservations",
    options: [inPool, size, page, all],
    json: "document",
    load: () => reading().then(({ listReservations }) => listReservations),
  },
  {
    name: "reservation create",
    group: "installation",
    summary: "Reserve resources for a time",
    arguments: [reservation],
    options: [
      { name: "amount", value: "NAME=AMOUNT", isMany: true, summary: "amount of a resource: gpu=2, slots=4" },
      { name: "in", value: "SPAN", summary: "start after this duration. Default: now" },
      { name: "duration", value: "SPAN", summary: "stay in effect for this duration: 30m, 8h" },
      {
        name: "agents",
        value: "NAME=VALUE",
        isMany: true,
        summary: "only agents with this label. Default: all agents of the pool",
      },
      inPool,
      label,
      description,
    ],
    examples: [
      {
        words: "reservation create night --amount gpu=2 --in 2h --duration 8h",
        does: "reserve two GPUs for tonight",
      },
      {
        words: "reservation create night --amount slots=2 --agents gpu=true --duration 8h",
        does: "reserve two slots of agents with the label gpu=true",
      },
    ],
    json: "document",
    load: () => writing().then(({ createReservation }) => createReservation),
  },
  {
    name: "reservation delete",
    group: "installation",
    summary: "Delete a reservation",
    arguments: [reservation],
    options: [reason, yes],
    confirm: (values) => `Delete reservation ${values.argument("RESERVATION")}?`,
    json: "document",
    load: () => writing().then(({ deleteReservation }) => deleteReservation),
  },
];

const modelId: Argument = { name: "ID", summary: "model: a capability" };
const models = () => import("./models.ts");

export const modelCommands: readonly Command[] = [
  {
    name: "model list",
    group: "installation",
    summary: "List learned duration models, least accurate first",
    options: [{ name: "drifting", summary: "only models that drift from recent durations" }, size, page, all],
    json: "document",
    load: () => models().then(({ listModels }) => listModels),
  },
  {
    name: "model show",
    group: "installation",
    summary: "Show a model with recent predictions and actual durations",
    arguments: [modelId],
    json: "document",
    load: () => models().then(({ showModel }) => showModel),
  },
  {
    name: "model compare",
    group: "installation",
    summary: "Compare the ways to predict a capability on its recorded attempts",
    about: [
      "Each attempt is predicted before the model learns from it. `off by` is the usual factor between the prediction and the actual duration. `in 80 %` is the share of durations within the 80 % interval. Nothing is changed.",
    ],
    arguments: [modelId],
    json: "document",
    load: () => models().then(({ compareModels }) => compareModels),
  },
  {
    name: "model promote",
    group: "installation",
    summary: "Replace the model of a capability",
    about: [
      "Refused if the model did not do better than the live one and the plain baselines on the recorded attempts.",
    ],
    arguments: [modelId, { name: "MODEL", summary: "model, as `tutti model compare` lists it" }],
    options: [reason],
    json: "document",
    load: () => models().then(({ promoteModel }) => promoteModel),
  },
  {
    name: "model rollback",
    group: "installation",
    summary: "Restore the previous model of a capability",
    arguments: [modelId],
    options: [reason],
    json: "document",
    load: () => models().then(({ rollBackModel }) => rollBackModel),
  },
  {
    name: "model reset",
    group: "installation",
    summary: "Reset a model, for example after a hardware change",
    arguments: [modelId],
    options: [reason, yes],
    confirm: (values) => `Reset model ${values.argument("ID")} and all it has learned?`,
    json: "document",
    load: () => models().then(({ resetModel }) => resetModel),
  },
];
