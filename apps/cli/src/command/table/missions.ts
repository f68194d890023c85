import { runStates } from "../../terminal/states.ts";
import type { Argument, Command } from "../declaration.ts";
import { all, key, page, reason, size } from "./options.ts";

const id: Argument = { name: "ID", summary: "the mission" };
const reading = () => import("../../commands/mission-read.ts");
const writing = () => import("../../commands/mission-write.ts");

export const missionCommands: readonly Command[] = [
  {
    name: "mission start",
    group: "missions",
    summary: "start a mission: a goal, or tasks that agents work off together",
    arguments: [
      { name: "NAME", summary: "a registered definition", isOptional: true, completes: "workflow" },
    ],
    options: [
      { name: "goal", value: "TEXT", summary: "what is to be reached, in words" },
      { name: "title", value: "TEXT", summary: "in a line, for people" },
      { name: "task", value: "ID=CAPABILITY", isMany: true, summary: "a task, and what does it" },
      { name: "spec", value: "JSON|@FILE", isMany: true, summary: "the whole specification, as over REST" },
      {
        name: "input",
        short: "i",
        value: "INPUT",
        isMany: true,
        summary: "what there is to work with",
      },
      { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "a label" },
      { name: "id", value: "ID", summary: "its id; started again under it, it is the same mission" },
      key,
    ],
    examples: [
      {
        words: "mission start --goal 'a name for the cat' --task think=names.think",
        does: "one task for whoever offers names.think",
      },
    ],
    json: "document",
    load: () => writing().then(({ startMission }) => startMission),
  },
  {
    name: "mission list",
    group: "missions",
    summary: "missions, the newest first",
    options: [
      { name: "state", value: "STATE", isMany: true, choices: runStates, summary: "in this state" },
      { name: "text", value: "TEXT", summary: "with this in id, title or label" },
      { name: "waiting", summary: "that wait for a person" },
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
    summary: "a mission: how far it is, who takes part, what it used up",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showMission }) => showMission),
  },
  {
    name: "mission tasks",
    group: "missions",
    summary: "the tasks of a mission, and who has them",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listTasks }) => listTasks),
  },
  {
    name: "mission board",
    group: "missions",
    summary: "what agents of a mission wrote on its blackboard",
    arguments: [id, { name: "PREFIX", summary: "only keys that begin with this", isOptional: true }],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listBoard }) => listBoard),
  },
  {
    name: "mission messages",
    group: "missions",
    summary: "what agents of a mission told each other",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listMessages }) => listMessages),
  },
  {
    name: "mission votes",
    group: "missions",
    summary: "what agents of a mission voted on, and how it came out",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listVotes }) => listVotes),
  },
  {
    name: "mission budget",
    group: "missions",
    summary: "what a mission may use up, and has",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showBudget }) => showBudget),
  },
  {
    name: "mission why",
    group: "missions",
    summary: "why a mission, or a task of it, stands as it does, and what would help",
    arguments: [id, { name: "TASK", summary: "one of its tasks", isOptional: true }],
    json: "document",
    load: () => reading().then(({ whyMission }) => whyMission),
  },
  {
    name: "mission cancel",
    group: "missions",
    summary: "ask a mission to end, or end it at once",
    arguments: [id],
    options: [{ name: "now", summary: "at once, without waiting for what is at work" }, reason],
    json: "document",
    load: () => writing().then(({ cancelMission }) => cancelMission),
  },
];
