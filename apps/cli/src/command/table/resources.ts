import type { Argument, Command, Option } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const quota: Argument = { name: "QUOTA", summary: "the quota; `default` for the whole namespace" };
const reservation: Argument = { name: "RESERVATION", summary: "the reservation" };
const session: Argument = { name: "SESSION", summary: "the session", completes: "run" };
const other: Argument = {
  name: "OTHER",
  summary: "the other session; `NAMESPACE/ID` for one of another namespace",
};
const inPool: Option = { name: "pool", value: "NAME", summary: "in this pool" };
const ofName: Option = { name: "name", value: "NAME", summary: "of this: slots, or a named resource" };
const label: Option = {
  name: "label",
  short: "l",
  value: "NAME=VALUE",
  isMany: true,
  summary: "for the sessions, runs and missions with this label",
};
const reading = () => import("../../commands/resource-read.ts");
const writing = () => import("../../commands/resource-write.ts");
const depending = () => import("../../commands/dependency.ts");

export const resourceCommands: readonly Command[] = [
  {
    name: "resource list",
    group: "installation",
    summary: "slots and named resources: how much there is, is used, set aside and wanted",
    options: [inPool, ofName, size, page, all],
    json: "document",
    load: () => reading().then(({ listResources }) => listResources),
  },
  {
    name: "resource use",
    group: "installation",
    summary: "what sessions have and want, and what their shares would give them",
    options: [inPool, ofName, size, page, all],
    json: "document",
    load: () => reading().then(({ listAllocations }) => listAllocations),
  },
  {
    name: "resource why",
    group: "installation",
    summary: "why a session has what it has: its share, quotas, reservations, and who else takes turns",
    arguments: [session],
    json: "document",
    load: () => reading().then(({ explainAllocation }) => explainAllocation),
  },
  {
    name: "dependency list",
    group: "sessions",
    summary: "sessions that a session waits for, and those that wait for it",
    arguments: [session],
    json: "document",
    load: () => depending().then(({ listDependencies }) => listDependencies),
  },
  {
    name: "dependency add",
    group: "sessions",
    summary: "have a session that has not begun wait for another one",
    arguments: [session, other],
    options: [
      {
        name: "on",
        value: "END",
        choices: ["success", "failure", "always"],
        summary: "how the other one has to end (success)",
      },
      reason,
    ],
    examples: [
      { words: "dependency add report import", does: "report begins when import has ended well" },
      {
        words: "dependency add report night/import --on always",
        does: "the same of another namespace, however it ends",
      },
    ],
    json: "document",
    load: () => depending().then(({ addDependency }) => addDependency),
  },
  {
    name: "dependency remove",
    group: "sessions",
    summary: "have a session that has not begun not wait for another one",
    arguments: [session, other],
    options: [reason],
    json: "document",
    load: () => depending().then(({ removeDependency }) => removeDependency),
  },
  {
    name: "quota list",
    group: "installation",
    summary: "quotas of the namespace, and how much of each is used",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listQuotas }) => listQuotas),
  },
  {
    name: "quota set",
    group: "installation",
    summary: "how much may be at work at once, of slots or of a named resource",
    arguments: [quota],
    options: [
      {
        name: "limit",
        value: "NAME=AMOUNT",
        isMany: true,
        summary: "so much of this: slots=20, gpu=4; all that the quota limits is said",
      },
      label,
      reason,
    ],
    examples: [
      { words: "quota set default --limit slots=20", does: "twenty tasks of the namespace at work at once" },
      { words: "quota set blue --limit gpu=2 --label team=blue", does: "two GPUs for what has the label" },
    ],
    json: "document",
    load: () => writing().then(({ setQuota }) => setQuota),
  },
  {
    name: "quota delete",
    group: "installation",
    summary: "take a quota away; what waited for it goes on",
    arguments: [quota],
    options: [reason],
    json: "document",
    load: () => writing().then(({ deleteQuota }) => deleteQuota),
  },
  {
    name: "reservation list",
    group: "installation",
    summary: "what is set aside, and will be",
    options: [inPool, size, page, all],
    json: "document",
    load: () => reading().then(({ listReservations }) => listReservations),
  },
  {
    name: "reservation create",
    group: "installation",
    summary: "set something aside for a time, for the sessions that name it",
    arguments: [reservation],
    options: [
      { name: "amount", value: "NAME=AMOUNT", isMany: true, summary: "so much of this: gpu=2, slots=4" },
      { name: "in", value: "SPAN", summary: "beginning in so long (now)" },
      { name: "for", value: "SPAN", summary: "for so long: 30m, 8h" },
      {
        name: "agents",
        value: "NAME=VALUE",
        isMany: true,
        summary: "of agents with this label, and not of all in the pool",
      },
      inPool,
      label,
      { name: "description", value: "TEXT", summary: "for people" },
    ],
    examples: [
      {
        words: "reservation create night --amount gpu=2 --in 2h --for 8h",
        does: "two GPUs kept free tonight",
      },
      {
        words: "reservation create night --amount slots=2 --agents gpu=true --for 8h",
        does: "two slots of agents with the label gpu=true, from now on",
      },
    ],
    json: "document",
    load: () => writing().then(({ createReservation }) => createReservation),
  },
  {
    name: "reservation delete",
    group: "installation",
    summary: "give back what was set aside",
    arguments: [reservation],
    options: [reason],
    json: "document",
    load: () => writing().then(({ deleteReservation }) => deleteReservation),
  },
];
