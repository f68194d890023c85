import { runStates } from "../../terminal/states.ts";
import type { Argument, Command } from "../declaration.ts";
import { all, followed, key, page, reason, size } from "./options.ts";

const id: Argument = { name: "ID", summary: "the session", completes: "session" };
const reading = () => import("../../commands/session-read.ts");
const planning = () => import("../../commands/plan.ts");
const writing = () => import("../../commands/session-write.ts");

/** A session is started by `tutti run`, and what is done by id works on it as on a run; these are for sessions alone. */
export const sessionCommands: readonly Command[] = [
  {
    name: "plan",
    group: "sessions",
    summary: "how a session would be done if it were started now; nothing is started",
    about: [
      "In which mode and what was expected of the others, who would do what when, how long that takes, and below which time nothing is. A NAME is a workflow that is registered, done as a session.",
    ],
    arguments: [
      { name: "FILE|NAME", summary: "a session, or the name of a registered workflow", completes: "file" },
      { name: "KEY=VALUE", summary: "parts of the input", isOptional: true, isMany: true },
    ],
    options: [
      {
        ...{ name: "input", short: "i", value: "INPUT", isMany: true },
        summary: "JSON, @FILE, - for standard input, or KEY=VALUE",
      },
      {
        ...{ name: "mode", value: "MODE", summary: "as if this mode were named" },
        choices: ["workflow", "swarm", "intelligence", "hybrid", "adaptive"],
      },
    ],
    examples: [{ words: "plan pages.yaml --mode swarm", does: "what it would come to as a swarm" }],
    json: "document",
    load: () => planning().then(({ plan }) => plan),
  },
  {
    name: "session choices",
    group: "sessions",
    summary: "what was chosen for sessions, what was expected of it, and what came",
    options: [
      {
        ...{ name: "mode", value: "MODE", summary: "where this was chosen" },
        choices: ["workflow", "swarm", "intelligence", "hybrid"],
      },
      ...[size, page, all],
    ],
    json: "document",
    load: () => planning().then(({ listChoices }) => listChoices),
  },
  {
    name: "session list",
    group: "sessions",
    summary: "sessions, the newest first",
    options: [
      { name: "state", value: "STATE", isMany: true, choices: runStates, summary: "in this state" },
      {
        ...{ name: "mode", value: "MODE", isMany: true, summary: "that are in this mode" },
        choices: ["workflow", "swarm", "intelligence", "hybrid", "custom"],
      },
      { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "with this label" },
      { name: "text", value: "TEXT", summary: "with this in id, title, label or error" },
      { name: "waiting", summary: "that wait for a person" },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => reading().then(({ listSessions }) => listSessions),
  },
  {
    name: "session show",
    group: "sessions",
    summary: "a session: its tasks, the parts it is done in, and how well it goes",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showSession }) => showSession),
  },
  {
    name: "session tasks",
    group: "sessions",
    summary: "the tasks of a session over all its parts, and who does them",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listSessionTasks }) => listSessionTasks),
  },
  {
    name: "session why",
    group: "sessions",
    summary: "why a session is done as it is, and why it, or a task of it, stands as it does",
    arguments: [id, { name: "TASK", summary: "one of its tasks", isOptional: true }],
    json: "document",
    load: () => reading().then(({ whySession }) => whySession),
  },
  {
    name: "session plan",
    group: "sessions",
    summary: "what was planned, and what came: both as bars along the time",
    arguments: [id],
    options: [{ name: "number", value: "N", summary: "this plan; the latest when nothing is said" }],
    json: "document",
    load: () => reading().then(({ planOfSession }) => planOfSession),
  },
  {
    name: "session compare",
    group: "sessions",
    summary: "what an ended session would have cost in other modes, by simulation",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ compareSession }) => compareSession),
  },
  {
    name: "session watch",
    group: "sessions",
    summary: "follow a session that is there, and exit with its outcome",
    arguments: [id],
    options: followed,
    json: "document",
    load: () => writing().then(({ watchSession }) => watchSession),
  },
  {
    name: "session result",
    group: "sessions",
    summary: "wait for the end of a session, and print its output and nothing else",
    arguments: [id],
    options: [{ name: "for", value: "SPAN", summary: "wait for so long at most (exit code 8)" }],
    json: "document",
    load: () => reading().then(({ resultOfSession }) => resultOfSession),
  },
  {
    name: "session signal",
    group: "sessions",
    summary: "tell a session something; it is passed to what runs beneath",
    arguments: [
      id,
      { name: "NAME", summary: "the signal" },
      { name: "DATA", summary: "JSON, @FILE, - or KEY=VALUE", isOptional: true, isMany: true },
    ],
    options: [{ name: "part", value: "PART", summary: "only this part of it" }, key],
    json: "document",
    load: () => writing().then(({ signalSession }) => signalSession),
  },
  {
    name: "session pause",
    group: "sessions",
    summary: "hold a session: what is at work finishes, nothing new begins",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ pauseSession }) => pauseSession),
  },
  {
    name: "session resume",
    group: "sessions",
    summary: "let a paused session go on",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ resumeSession }) => resumeSession),
  },
  {
    name: "session move",
    group: "sessions",
    summary: "have tasks that have not begun done in another mode",
    arguments: [
      id,
      { name: "MODE", summary: "workflow, swarm or intelligence" },
      { name: "TASK", summary: "the tasks", isMany: true },
    ],
    options: [reason],
    json: "document",
    load: () => writing().then(({ moveTasks }) => moveTasks),
  },
  {
    name: "session retry",
    group: "sessions",
    summary: "take a failed session up again; good results are kept",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ retrySession }) => retrySession),
  },
  {
    name: "session cancel",
    group: "sessions",
    summary: "ask a session to end, and all that it started; or end it at once",
    arguments: [id],
    options: [{ name: "now", summary: "at once, without waiting for what is at work" }, reason],
    json: "document",
    load: () => writing().then(({ cancelSession }) => cancelSession),
  },
];
