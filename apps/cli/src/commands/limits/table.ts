import type { Argument, Command } from "../../command/declaration.ts";
import { all, description, page, prefix, reason, size, yes } from "../../command/options.ts";

const key: Argument = {
  name: "KEY",
  summary: "key of the limit, as the workflow has it or `tutti limit list` prints it",
};
const loaded = () => import("./limits.ts");

export const limitCommands: readonly Command[] = [
  {
    name: "limit list",
    group: "installation",
    summary: "List limits on whole runs, with their use",
    options: [prefix, { name: "contended", summary: "only those with waiters" }, size, page, all],
    json: "document",
    load: () => loaded().then(({ listLimits }) => listLimits),
  },
  {
    name: "limit show",
    group: "installation",
    summary: "Show a limit with the runs that hold it and the runs that wait for it",
    arguments: [key],
    options: [size, page, all],
    json: "document",
    load: () => loaded().then(({ showLimit }) => showLimit),
  },
  {
    name: "limit set",
    group: "installation",
    summary: "Set a limit. A lower limit does not evict the runs that hold it",
    arguments: [key],
    options: [
      { name: "concurrency", value: "N", summary: "maximum concurrency" },
      { name: "rate", value: "N/SPAN", summary: "maximum start rate: 100/1m" },
      description,
      reason,
    ],
    examples: [{ words: "limit set nightly --concurrency 2", does: "allow two concurrent runs" }],
    json: "document",
    load: () => loaded().then(({ setLimit }) => setLimit),
  },
  {
    name: "limit delete",
    group: "installation",
    summary: "Delete a limit. The runs that wait for it continue",
    arguments: [key],
    options: [reason, yes],
    confirm: (values) => `Delete limit ${values.argument("KEY")}?`,
    json: "document",
    load: () => loaded().then(({ deleteLimit }) => deleteLimit),
  },
  {
    name: "limit evict",
    group: "installation",
    summary: "Release a limit that a run holds and no longer needs",
    arguments: [key, { name: "RUN", summary: "id of the run that holds it", completes: "run" }],
    options: [{ name: "task", value: "TASK", summary: "only this task" }, reason, yes],
    confirm: (values) => `Take the limit ${values.argument("KEY")} away from ${values.argument("RUN")}?`,
    json: "document",
    load: () => loaded().then(({ evictHolder }) => evictHolder),
  },
];
