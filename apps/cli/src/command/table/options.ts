import { runStates } from "../../terminal/states.ts";
import type { Argument, Option } from "../declaration.ts";

/** Arguments and options that several commands share. */

export const runId: Argument = { name: "ID", summary: "the run", completes: "run" };
export const reason: Option = {
  name: "reason",
  value: "TEXT",
  summary: "why, in words; kept in the history",
};
export const key: Option = {
  name: "key",
  value: "KEY",
  summary: "an idempotency key: said again under the same key, it takes effect once",
};
const yes: Option = { name: "yes", short: "y", summary: "without asking first" };
export const size: Option = { name: "size", value: "N", summary: "how many at most (20)" };
export const page: Option = {
  name: "page",
  value: "TOKEN",
  summary: "the next page, as the page before told",
};
export const all: Option = { name: "all", summary: "all pages, one after the other" };

/** Which runs. */
export const filters: readonly Option[] = [
  {
    name: "state",
    value: "STATE",
    isMany: true,
    choices: runStates,
    summary: `in this state; several with commas: ${runStates.slice(0, 6).join(", ")}, …`,
  },
  {
    name: "workflow",
    short: "w",
    value: "NAME",
    isMany: true,
    summary: "of this workflow",
    completes: "workflow",
  },
  { name: "label", short: "l", value: "NAME=VALUE", isMany: true, summary: "with this label" },
  { name: "since", value: "WHEN", summary: "started since: 2h (ago), 2026-03-01, 2026-03-01T14:00Z" },
  { name: "until", value: "WHEN", summary: "started before" },
  { name: "text", value: "TEXT", summary: "with this in id, label or error" },
  { name: "error", value: "CODE", summary: "that failed with this code; `*` stands for anything" },
];

/** Which runs one command is done to, when no id is given. */
export const manyRuns: readonly Option[] = [...filters, yes];

/** How something is followed. */
export const followed = [
  { name: "watch", summary: "draw the run while it goes, also beside --json and --quiet" },
  { name: "wait", summary: "wait for the end and print the outcome, nothing before" },
  {
    name: "for",
    value: "SPAN",
    summary: "follow for so long at most: 30s, 5m; the run goes on (exit code 8)",
  },
] as const;
