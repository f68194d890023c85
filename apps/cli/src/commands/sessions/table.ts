import type { Argument, Command } from "../../command/declaration.ts";
import { all, followed, key, page, reason, size, started, yes } from "../../command/options.ts";
import { runStates } from "../../terminal/states.ts";

const id: Argument = { name: "ID", summary: "session id", completes: "session" };
const reading = () => import("./read.ts");
const planning = () => import("./plan.ts");
const writing = () => import("./write.ts");

/** `tutti run` starts a session, and commands for runs also accept its id. These commands are only for sessions. */
export const sessionCommands: readonly Command[] = [
  {
    name: "plan",
    group: "sessions",
    summary: "Preview the plan of a session without starting it",
    about: [
      "Shows the chosen mode, the estimates of all modes, the assignments and the critical path. A NAME is a registered workflow, planned as a session.",
    ],
    arguments: [
      { name: "FILE|NAME", summary: "session file, or name of a registered workflow", completes: "file" },
      { name: "KEY=VALUE", summary: "fields of the input", isOptional: true, isMany: true },
    ],
    options: [
      {
        name: "input",
        short: "i",
        value: "INPUT",
        isMany: true,
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
      },
      {
        name: "mode",
        value: "MODE",
        summary: "session mode",
        choices: ["workflow", "swarm", "intelligence", "hybrid", "adaptive"],
      },
    ],
    examples: [{ words: "plan pages.yaml --mode swarm", does: "plan the session as a swarm" }],
    json: "document",
    load: () => planning().then(({ plan }) => plan),
  },
  {
    name: "session start",
    group: "sessions",
    summary: "Start a session and follow it to its end",
    about: [
      "A FILE contains a session: tasks and intent. A NAME is a registered workflow, run as a session. Write NAME@LABEL or NAME@HASH for one of its versions. The first 8 characters of a hash are enough if they are unique.",
      "Ctrl-C stops following, and the session continues. If --timeout ends first, the exit code is 8.",
    ],
    arguments: [
      { name: "FILE|NAME", summary: "session file, or name of a registered workflow", completes: "file" },
      { name: "KEY=VALUE", summary: "fields of the input", isOptional: true, isMany: true },
    ],
    options: [
      ...started,
      {
        name: "mode",
        value: "MODE",
        summary: "session mode",
        choices: ["workflow", "swarm", "intelligence", "hybrid", "adaptive"],
      },
    ],
    examples: [
      { words: "session start pages.yaml --mode swarm", does: "start a session as a swarm" },
      { words: "session start order cents=4200 --detach", does: "run a workflow as a session" },
    ],
    json: "document",
    load: () => writing().then(({ startSession }) => startSession),
  },
  {
    name: "session choices",
    group: "sessions",
    summary: "List mode choices with estimates and results",
    options: [
      {
        name: "mode",
        value: "MODE",
        summary: "session mode",
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
    summary: "List sessions, newest first",
    options: [
      {
        name: "state",
        value: "STATE",
        isMany: true,
        choices: runStates,
        summary: "only this state. Separate several with commas",
      },
      {
        name: "mode",
        value: "MODE",
        isMany: true,
        summary: "session mode",
        choices: ["workflow", "swarm", "intelligence", "hybrid", "custom"],
      },
      { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "label of the object" },
      { name: "text", value: "TEXT", summary: "only entries that contain this text" },
      { name: "waiting", summary: "only entries that wait for an approval" },
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
    summary: "Show a session with tasks, parts and progress",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ showSession }) => showSession),
  },
  {
    name: "session tasks",
    group: "sessions",
    summary: "List the tasks of a session and their agents",
    arguments: [id],
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listSessionTasks }) => listSessionTasks),
  },
  {
    name: "session why",
    group: "sessions",
    summary: "Explain the mode and state of a session or task",
    arguments: [id, { name: "TASK", summary: "task id", isOptional: true }],
    json: "document",
    load: () => reading().then(({ whySession }) => whySession),
  },
  {
    name: "session plan",
    group: "sessions",
    summary: "Draw the plan of a session next to the actual times",
    arguments: [id],
    options: [{ name: "number", value: "N", summary: "number of the plan. Default: latest" }],
    json: "document",
    load: () => reading().then(({ planOfSession }) => planOfSession),
  },
  {
    name: "session compare",
    group: "sessions",
    summary: "Simulate the cost of an ended session in other modes",
    arguments: [id],
    json: "document",
    load: () => reading().then(({ compareSession }) => compareSession),
  },
  {
    name: "session watch",
    group: "sessions",
    summary: "Follow a session to its end",
    arguments: [id],
    options: followed,
    json: "document",
    load: () => writing().then(({ watchSession }) => watchSession),
  },
  {
    name: "session result",
    group: "sessions",
    summary: "Wait for a session to end and print its output",
    arguments: [id],
    options: [{ name: "timeout", value: "SPAN", summary: "stop waiting after this duration: 30s, 5m" }],
    json: "document",
    load: () => reading().then(({ resultOfSession }) => resultOfSession),
  },
  {
    name: "session signal",
    group: "sessions",
    summary: "Send a signal to a session and its parts",
    arguments: [
      id,
      { name: "NAME", summary: "signal name" },
      {
        name: "DATA",
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
        isOptional: true,
        isMany: true,
      },
    ],
    options: [{ name: "part", value: "PART", summary: "only this part" }, key],
    json: "document",
    load: () => writing().then(({ signalSession }) => signalSession),
  },
  {
    name: "session pause",
    group: "sessions",
    summary: "Pause a session. Running tasks finish",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ pauseSession }) => pauseSession),
  },
  {
    name: "session resume",
    group: "sessions",
    summary: "Resume a paused session",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ resumeSession }) => resumeSession),
  },
  {
    name: "session move",
    group: "sessions",
    summary: "Move pending tasks to another mode",
    arguments: [
      id,
      { name: "MODE", summary: "workflow, swarm or intelligence" },
      { name: "TASK", summary: "task ids", isMany: true },
    ],
    options: [reason],
    json: "document",
    load: () => writing().then(({ moveTasks }) => moveTasks),
  },
  {
    name: "session retry",
    group: "sessions",
    summary: "Retry a failed session. Completed tasks keep their results",
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => writing().then(({ retrySession }) => retrySession),
  },
  {
    name: "session cancel",
    group: "sessions",
    summary: "Cancel a session and everything it started",
    arguments: [id],
    options: [{ name: "now", summary: "terminate at once. Do not wait and do not compensate" }, reason, yes],
    confirm: (values) =>
      values.flag("now") ? `Terminate session ${values.argument("ID")} without compensation?` : undefined,
    json: "document",
    load: () => writing().then(({ cancelSession }) => cancelSession),
  },
];
