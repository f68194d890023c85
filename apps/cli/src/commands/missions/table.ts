import type { Argument, Command } from "../../command/declaration.ts";
import { all, key, page, reason, size, yes } from "../../command/options.ts";
import { runStates } from "../../terminal/states.ts";

const id: Argument = { name: "ID", summary: "mission id" };
const reading = () => import("./read.ts");
const writing = () => import("./write.ts");

export const missionCommands: readonly Command[] = [
  {
    name: "mission start",
    group: "missions",
    summary: "Start a mission: a goal, or tasks for several agents",
    arguments: [
      { name: "NAME", summary: "name of a registered definition", isOptional: true, completes: "workflow" },
    ],
    options: [
      { name: "goal", value: "TEXT", summary: "goal of the mission" },
      { name: "title", value: "TEXT", summary: "title" },
      {
        name: "add-task",
        value: "ID=CAPABILITY",
        isMany: true,
        summary: "add a task that needs this capability",
      },
      {
        name: "spec",
        value: "JSON|@FILE",
        isMany: true,
        summary: "complete specification, as in the REST API",
      },
      {
        name: "input",
        short: "i",
        value: "INPUT",
        isMany: true,
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
      },
      { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "label of the object" },
      { name: "id", value: "ID", summary: "id of the new object. Default: generated" },
      key,
    ],
    examples: [
      {
        words: "mission start --goal 'a name for the cat' --add-task think=names.think",
        does: "start a mission with one task",
      },
    ],
    json: "document",
    load: () => writing().then(({ startMission }) => startMission),
  },
  {
    name: "mission list",
    group: "missions",
    summary: "List missions, newest first",
    options: [
      {
        name: "state",
        value: "STATE",
        isMany: true,
        choices: runStates,
        summary: "only this state. Separate several with commas",
      },
      { name: "text", value: "TEXT", summary: "only entries that contain this text" },
      { name: "waiting", summary: "only entries that wait for an approval" },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => reading().then(({ listMissions }) => listMissions),
  },
  {
    name: "mission show",
    group: "missions",
    summary: "Show a mission with progress, agents and usage",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showMission }) => showMission),
  },
  {
    name: "mission tasks",
    group: "missions",
    summary: "List the tasks of a mission and their agents",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listTasks }) => listTasks),
  },
  {
    name: "mission board",
    group: "missions",
    summary: "List the blackboard entries of a mission",
    arguments: [
      id,
      {
        name: "PREFIX",
        isEmptyAllowed: true,
        summary: "only keys that start with this text",
        isOptional: true,
      },
    ],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listBoard }) => listBoard),
  },
  {
    name: "mission messages",
    group: "missions",
    summary: "List the messages between the agents of a mission",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listMessages }) => listMessages),
  },
  {
    name: "mission votes",
    group: "missions",
    summary: "List the votes of a mission and their results",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listVotes }) => listVotes),
  },
  {
    name: "mission budget",
    group: "missions",
    summary: "Show the budget of a mission and its usage",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showBudget }) => showBudget),
  },
  {
    name: "mission why",
    group: "missions",
    summary: "Explain the state of a mission or task, with next steps",
    arguments: [id, { name: "TASK", summary: "task id", isOptional: true }],
    json: "document",
    load: () => reading().then(({ whyMission }) => whyMission),
  },
  {
    name: "mission cancel",
    group: "missions",
    summary: "Cancel a mission",
    arguments: [id],
    options: [{ name: "now", summary: "terminate at once. Do not wait and do not compensate" }, reason, yes],
    confirm: (values) =>
      values.flag("now") ? `Terminate mission ${values.argument("ID")} without compensation?` : undefined,
    json: "document",
    load: () => writing().then(({ cancelMission }) => cancelMission),
  },
];
