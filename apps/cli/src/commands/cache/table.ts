import type { Command, Option } from "../../command/declaration.ts";
import { all, page, reason, size, yes } from "../../command/options.ts";

const filters: readonly Option[] = [
  { name: "tag", value: "TAG", summary: "only entries with this tag" },
  { name: "capability", value: "NAME", summary: "capability. Default: any" },
  { name: "agent", value: "ID", summary: "only entries that this worker computed" },
  { name: "of-run", value: "ID", summary: "only entries that this run computed" },
];
const entry = { name: "ENTRY", summary: "id of an entry, from `tutti cache list`" } as const;

export const cacheCommands: readonly Command[] = [
  {
    name: "cache list",
    group: "runs",
    summary: "List cached outputs and failures",
    options: [...filters, size, page, all],
    examples: [{ words: "cache list --tag rates", does: "list outputs with the tag rates" }],
    json: "document",
    load: () => import("./commands.ts").then(({ listCache }) => listCache),
  },
  {
    name: "cache usage",
    group: "runs",
    summary: "Show the size of the cache and its savings",
    json: "document",
    load: () => import("./commands.ts").then(({ showUsage }) => showUsage),
  },
  {
    name: "cache show",
    group: "runs",
    summary: "Show a cached output and its origin",
    arguments: [entry],
    json: "document",
    load: () => import("./commands.ts").then(({ showCache }) => showCache),
  },
  {
    name: "cache invalidate",
    group: "runs",
    summary: "Remove cached outputs, so that the next task computes them",
    about: [
      "Set an ENTRY, or at least one filter. All filters must hold. An output that a task is still computing is not stored.",
    ],
    arguments: [{ ...entry, isOptional: true }],
    options: [
      ...filters,
      { name: "derived", summary: "also entries that were computed from these" },
      all,
      reason,
      yes,
    ],
    examples: [
      {
        words: "cache invalidate --tag rates --derived",
        does: "remove rates and the outputs computed from them",
      },
      { words: "cache invalidate --agent w-3", does: "remove the outputs of a worker with a fault" },
    ],
    confirm: (values) => (values.flag("all") ? "Remove all cached outputs of the namespace?" : undefined),
    json: "document",
    load: () => import("./commands.ts").then(({ invalidateCache }) => invalidateCache),
  },
  {
    name: "cache explain",
    group: "runs",
    summary: "Explain why tasks of a run used the cache or not",
    about: [
      "A task without a hit shows the reason that the cache decided when the task asked: expired, evicted, invalidated, and others.",
      "If the cache had no output of the input, the command lists the fields in which the nearest output differs.",
    ],
    arguments: [
      { name: "ID", summary: "run id", completes: "run" },
      { name: "TASK", summary: "only this task", isOptional: true },
    ],
    json: "document",
    load: () => import("./explain.ts").then(({ explainCache }) => explainCache),
  },
];
