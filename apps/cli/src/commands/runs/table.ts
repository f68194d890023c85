import type { Command } from "../../command/declaration.ts";
import {
  all,
  filters,
  followed,
  key,
  manyRuns,
  page,
  reason,
  runId,
  since,
  size,
  started,
  workId,
} from "../../command/options.ts";

const steerable =
  "Without an ID, the command applies to all runs that match the filters. It shows the number of runs and asks first.";

export const runCommands: readonly Command[] = [
  {
    name: "run",
    group: "runs",
    summary: "Start a run and follow it to its end",
    about: [
      "A FILE is registered first. The same content is the same version. A NAME is a registered workflow. Write NAME@LABEL for one of its versions.",
      "A file that starts with `session:` starts a session: tasks and intent. Tutti chooses the mode and registers nothing.",
      "Ctrl-C stops following, and the run continues. Follow it again with `tutti watch ID`. If --timeout ends first, the exit code is 8.",
    ],
    arguments: [
      {
        name: "FILE|NAME",
        summary: "definition file, session file, or name of a registered workflow",
        completes: "file",
      },
      {
        name: "KEY=VALUE",
        summary: "fields of the input. Values may be JSON",
        isOptional: true,
        isMany: true,
      },
    ],
    options: [
      ...started,
      { name: "parameter", short: "p", value: "KEY=VALUE", isMany: true, summary: "parameter of a template" },
    ],
    examples: [
      { words: "run order.yaml articles='[\"violin\"]' cents=4200", does: "register, start and follow" },
      {
        words: "run order --input @order-18.json --id order-18",
        does: "start once, even if the command runs twice",
      },
      { words: "run order cents=4200 --detach", does: "print the id and exit" },
    ],
    json: "document",
    load: () => import("./run.ts").then(({ run }) => run),
  },
  {
    name: "watch",
    group: "runs",
    summary: "Follow a run, mission or session to its end",
    arguments: [workId],
    options: followed,
    json: "document",
    load: () => import("./watch.ts").then(({ watch }) => watch),
  },
  {
    name: "list",
    group: "runs",
    summary: "List runs, missions and sessions, newest first",
    options: [
      ...filters,
      { name: "waiting", summary: "only entries that wait for an approval" },
      size,
      page,
      all,
    ],
    examples: [
      { words: "list --state failed --since 1h", does: "list the failures of the last hour" },
      { words: "list -l customer=17 --all --json", does: "list all runs of a customer as JSON" },
    ],
    json: "document",
    load: () => import("./list.ts").then(({ list }) => list),
  },
  {
    name: "show",
    group: "runs",
    summary: "Show a run with tasks, input, output and errors",
    arguments: [workId, { name: "TASK", summary: "task id, to show all attempts", isOptional: true }],
    options: [{ name: "at", value: "EVENT", summary: "show the state after this event" }],
    json: "document",
    load: () => import("./show.ts").then(({ show }) => show),
  },
  {
    name: "history",
    group: "runs",
    summary: "List the events of a run, or the timeline of a mission or session",
    arguments: [workId],
    options: [
      { name: "after", value: "EVENT", summary: "only events after this one" },
      { name: "task", value: "TASK", summary: "only this task" },
      { name: "data", summary: "print the data of each event" },
    ],
    json: "lines",
    load: () => import("./history.ts").then(({ history }) => history),
  },
  {
    name: "logs",
    group: "runs",
    summary: "Print the log of a run: attempts, errors and output of its tasks",
    about: [
      "Attempts and errors come from the history. Output is what handlers send with `context.output`; the platform keeps the output of the latest attempt in memory, at most 1 MiB per task.",
      "What a worker writes to its own log stays with the worker. Each of its lines has the ids of run, task and attempt.",
    ],
    arguments: [runId],
    options: [
      { name: "follow", summary: "print new lines until the run ends" },
      { name: "task", value: "TASK", summary: "only this task" },
      since,
    ],
    examples: [
      { words: "logs order-18 --follow", does: "follow a run" },
      { words: "logs order-18 --task ship --since 10m", does: "print the last lines of one task" },
    ],
    json: "lines",
    load: () => import("./logs.ts").then(({ logs }) => logs),
  },
  {
    name: "why",
    group: "runs",
    summary: "Explain the state of a run or task, and what to do",
    arguments: [workId, { name: "TASK", summary: "task id", isOptional: true }],
    json: "document",
    load: () => import("./why.ts").then(({ why }) => why),
  },
  {
    name: "approve",
    group: "runs",
    summary: "Decide an approval. Without ID, list open approvals",
    arguments: [
      { ...runId, isOptional: true },
      { name: "TASK", summary: "task id, if the run has several open approvals", isOptional: true },
    ],
    options: [
      { name: "reject", summary: "reject instead of approve" },
      {
        name: "form",
        short: "f",
        value: "DATA",
        isMany: true,
        summary: "form data: JSON, @FILE or KEY=VALUE",
      },
      reason,
    ],
    examples: [
      { words: "approve", does: "list open approvals" },
      { words: "approve order-18 --reason 'the stock is there'", does: "approve" },
      { words: "approve order-18 sure --reject", does: "reject" },
    ],
    json: "document",
    load: () => import("./approve.ts").then(({ approve }) => approve),
  },
  {
    name: "signal",
    group: "runs",
    summary: "Send a signal to a run",
    arguments: [
      runId,
      { name: "NAME", summary: "signal name" },
      {
        name: "DATA",
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
        isOptional: true,
        isMany: true,
      },
    ],
    options: [key],
    examples: [
      { words: "signal delivery-7 arrived parcel=7", does: "the run keeps the signal until it is needed" },
    ],
    json: "document",
    load: () => import("./messages.ts").then(({ signal }) => signal),
  },
  {
    name: "query",
    group: "runs",
    summary: "Query a run without changing it",
    arguments: [
      runId,
      { name: "NAME", summary: "query name, declared in the definition" },
      { name: "DATA", summary: "JSON, @FILE, - or KEY=VALUE", isOptional: true, isMany: true },
    ],
    examples: [{ words: "query door-7 opened", does: "print the answer of the query" }],
    json: "document",
    load: () => import("./messages.ts").then(({ query }) => query),
  },
  {
    name: "update",
    group: "runs",
    summary: "Update a run and print the answer",
    arguments: [
      runId,
      { name: "NAME", summary: "update name, declared in the definition" },
      { name: "DATA", summary: "JSON, @FILE, - or KEY=VALUE", isOptional: true, isMany: true },
    ],
    options: [key],
    examples: [{ words: "update cart-7 add article=violin", does: "send an update and wait for its answer" }],
    json: "document",
    load: () => import("./messages.ts").then(({ update }) => update),
  },
  {
    name: "cancel",
    group: "runs",
    summary: "Cancel runs and compensate completed steps",
    about: [
      "Prints which completed tasks are compensated, and asks on a terminal. `--yes` skips the question.",
      steerable,
    ],
    arguments: [{ ...runId, isOptional: true }],
    options: [
      { name: "now", summary: "terminate at once. Do not wait and do not compensate" },
      { name: "no-compensate", summary: "keep what completed tasks did, in child runs too. Only with ID" },
      reason,
      ...manyRuns,
    ],
    confirm: (values) => {
      const id = values.optionalArgument("ID");
      return id === undefined || !values.flag("now") ? undefined : `Terminate ${id} without compensation?`;
    },
    json: "document",
    load: () => import("./steer.ts").then(({ cancel }) => cancel),
  },
  {
    name: "pause",
    group: "runs",
    summary: "Pause runs. Running tasks finish",
    about: [steerable],
    arguments: [{ ...runId, isOptional: true }],
    options: [reason, ...manyRuns],
    json: "document",
    load: () => import("./steer.ts").then(({ pause }) => pause),
  },
  {
    name: "resume",
    group: "runs",
    summary: "Resume paused runs",
    about: [steerable],
    arguments: [{ ...runId, isOptional: true }],
    options: [{ name: "task", value: "TASK", isMany: true, summary: "only this task" }, reason, ...manyRuns],
    json: "document",
    load: () => import("./steer.ts").then(({ resume }) => resume),
  },
  {
    name: "retry",
    group: "runs",
    summary: "Retry failed runs. Completed tasks keep their results",
    about: [steerable],
    arguments: [{ ...runId, isOptional: true }],
    options: [
      {
        name: "task",
        value: "TASK",
        isMany: true,
        summary: "only this task",
      },
      reason,
      key,
      ...manyRuns,
    ],
    examples: [
      { words: "retry order-18 --reason 'the bank is back'", does: "retry one run" },
      { words: "retry --state failed --error 'bank.*' --since 1d", does: "preview and retry many runs" },
    ],
    json: "document",
    load: () => import("./steer.ts").then(({ retry }) => retry),
  },
  {
    name: "delete",
    group: "runs",
    summary: "Delete ended runs and their histories",
    about: [steerable],
    arguments: [{ ...runId, isOptional: true }],
    options: [reason, ...manyRuns],
    confirm: (values) => {
      const id = values.optionalArgument("ID");
      return id === undefined ? undefined : `Delete ${id} and its history?`;
    },
    json: "document",
    load: () => import("./steer.ts").then(({ remove }) => remove),
  },
];
