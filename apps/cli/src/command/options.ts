import { runStates } from "../terminal/states.ts";
import type { Argument, Option } from "./declaration.ts";

/** Arguments and options that several commands share. */

export const runId: Argument = { name: "ID", summary: "run id", completes: "run" };
/** The id for commands that also accept a mission or a session. */
export const workId: Argument = { ...runId, summary: "id of a run, mission or session" };
export const reason: Option = {
  name: "reason",
  value: "TEXT",
  isEmptyAllowed: true,
  summary: "reason, recorded in the history",
};
export const key: Option = {
  name: "idempotency-key",
  value: "KEY",
  summary: "idempotency key: repeated requests with this key take effect once",
};
export const description: Option = {
  name: "description",
  value: "TEXT",
  isEmptyAllowed: true,
  summary: "description",
};
/** For lists of names. */
export const prefix: Option = {
  name: "prefix",
  value: "TEXT",
  isEmptyAllowed: true,
  summary: "only names that start with this text",
};
export const yes: Option = { name: "yes", short: "y", summary: "skip the confirmation question" };
export const size: Option = { name: "size", value: "N", summary: "maximum number of results. Default: 20" };
export const page: Option = {
  name: "page",
  value: "TOKEN",
  isEmptyAllowed: true,
  summary: "page token of the previous page",
};
export const all: Option = { name: "all", summary: "all items, not only some" };

export const since: Option = {
  name: "since",
  value: "WHEN",
  summary: "only from this time on: 2h (ago), 2026-03-01, 2026-03-01T14:00Z",
};

export const until: Option = { name: "until", value: "WHEN", summary: "only before this time" };

export const text: Option = { name: "text", value: "TEXT", summary: "only entries that contain this text" };

/** Filters that select runs. */
export const filters: readonly Option[] = [
  {
    name: "state",
    value: "STATE",
    isMany: true,
    choices: runStates,
    summary: "only this state. Separate several with commas",
  },
  {
    name: "workflow",
    short: "w",
    value: "NAME",
    isMany: true,
    summary: "only this workflow",
    completes: "workflow",
  },
  { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "label of the object" },
  since,
  until,
  text,
  { name: "error", value: "CODE", summary: "only this error code. `*` matches any text" },
];

/** Options that select the runs of a command without an id. */
export const manyRuns: readonly Option[] = [...filters, yes];

/** Options for following a run, mission or session. */
export const followed = [
  { name: "watch", summary: "draw the progress, also with --json and --quiet" },
  { name: "wait", summary: "wait for the end and print only the outcome" },
  { name: "timeout", value: "SPAN", summary: "stop waiting after this duration: 30s, 5m" },
] as const;

/** Options of commands that start a run or a session and follow it. */
export const started: readonly Option[] = [
  {
    name: "input",
    short: "i",
    value: "INPUT",
    isMany: true,
    summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
  },
  { name: "id", value: "ID", summary: "id of the new object. Default: generated" },
  { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "label of the object" },
  { name: "priority", value: "N", summary: "priority from -100 to 100. Default: 0" },
  {
    name: "budget",
    value: "NAME=AMOUNT",
    isMany: true,
    summary: "budget of tokens, money or timeMs: tokens=1000",
  },
  key,
  { name: "detach", short: "d", summary: "print the id and exit" },
  ...followed,
];

export const httpPort: Option = {
  name: "port",
  value: "PORT",
  summary: "HTTP port. gRPC uses the next port. Default: the port of the last start in the folder, else 7400",
};
