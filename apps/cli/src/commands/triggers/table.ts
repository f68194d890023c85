import type { Command } from "../../command/declaration.ts";
import { all, description, page, reason, since, size, until, yes } from "../../command/options.ts";

const triggerId = { name: "ID", summary: "trigger id", completes: "trigger" } as const;
const numbers = {
  name: "NUMBER",
  summary: "number of a dead letter. Default: all",
  isOptional: true,
  isMany: true,
} as const;

const data = {
  name: "input",
  short: "i",
  value: "INPUT",
  isMany: true,
  summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
} as const;

const conditions = [
  {
    name: "event",
    value: "TYPE",
    summary: "event type. `*` matches one word, `>` the rest: shop.order.created",
  },
  { name: "after-run", value: "WORKFLOW", summary: "the end of runs of this workflow, instead of --event" },
  {
    name: "ends",
    value: "END",
    summary: "how these runs end. Default: completed",
    isMany: true,
    choices: ["completed", "failed", "cancelled", "terminated"],
  },
  {
    name: "webhook-of",
    value: "PRESET",
    choices: ["standard", "github", "stripe", "shopify", "slack"],
    summary: "webhooks of another system, instead of --event. PRESET: its signature scheme",
  },
  {
    name: "signed-by",
    value: "SECRET",
    isMany: true,
    summary: "secret of the namespace that signs the webhooks",
  },
  { name: "source", value: "URI", summary: "source of the event. Default: any" },
  {
    name: "if",
    value: "EXPRESSION",
    summary: "expression over `event` that must be true: event.data.total > 0",
  },
  { name: "key", value: "EXPRESSION", summary: "events with the same key start one run: event.data.id" },
  {
    name: "key-window",
    value: "SPAN",
    summary: "deduplication window of a key. Default: retention of its run",
  },
] as const;

const policies = [
  { name: "group-by", value: "EXPRESSION", summary: "count debounce, batch and singleton by this value" },
  { name: "debounce", value: "SPAN", summary: "start one run after this quiet period, with the last event" },
  { name: "batch", value: "N", summary: "start one run for N events" },
  { name: "batch-wait", value: "SPAN", summary: "maximum wait of a batch. Default: 1s" },
  { name: "throttle", value: "N", summary: "start at most N runs in the time of --per" },
  { name: "per", value: "SPAN", summary: "time of --throttle. Default: 1s" },
  {
    name: "singleton",
    value: "RULE",
    choices: ["skip", "queue"],
    summary: "action if a run has not ended. Default: start side by side",
  },
  { name: "signal", value: "NAME", summary: "send this signal if the run of --run exists" },
] as const;

export const triggerCommands: readonly Command[] = [
  {
    name: "trigger list",
    group: "triggers",
    summary: "List triggers and their counts",
    options: [size, page, all],
    json: "document",
    load: () => import("./read.ts").then(({ listTriggers }) => listTriggers),
  },
  {
    name: "trigger show",
    group: "triggers",
    summary: "Show a trigger with its latest events",
    arguments: [triggerId],
    json: "document",
    load: () => import("./read.ts").then(({ showTrigger }) => showTrigger),
  },
  {
    name: "trigger create",
    group: "triggers",
    summary: "Create a trigger that starts runs of a workflow",
    arguments: [
      { ...triggerId, summary: "trigger id" },
      { name: "WORKFLOW", summary: "workflow name", completes: "workflow" },
    ],
    options: [
      ...conditions,
      {
        name: "with",
        value: "JSON",
        summary: "input of the run, with expressions. Default: the data of the event",
      },
      { name: "run", value: "TEXT", summary: "run id, with expressions: 'order-${{ event.data.id }}'" },
      ...policies,
      description,
      { name: "paused", summary: "start in paused state" },
    ],
    examples: [
      {
        words:
          "trigger create orders order --event shop.order.created --if 'event.data.total > 0' --key event.data.id",
        does: "start one run per order",
      },
      { words: "trigger create report report --after-run import", does: "start report after each import" },
      {
        words: "trigger create reviews review --webhook-of github --signed-by github",
        does: "start review for each webhook of a repository of GitHub",
      },
    ],
    json: "document",
    load: () => import("./write.ts").then(({ createTrigger }) => createTrigger),
  },
  {
    name: "source run",
    group: "triggers",
    summary: "Post an event for each message of other systems",
    about: [
      "Each FILE describes a source: a table of PostgreSQL, a stream of Redis or NATS, a mailbox, a folder, a bucket or a git repository. Triggers choose the workflows.",
      "Runs until Ctrl-C. A message is acknowledged to its system after the platform has its event.",
    ],
    arguments: [{ name: "FILE", summary: "files of sources", isMany: true, completes: "file" }],
    examples: [{ words: "source run orders.yaml", does: "post an event for each message" }],
    json: "lines",
    load: () => import("./source.ts").then(({ runSources }) => runSources),
  },
  {
    name: "source check",
    group: "triggers",
    summary: "Check the files of sources and the connections to their systems",
    arguments: [{ name: "FILE", summary: "files of sources", isMany: true, completes: "file" }],
    examples: [{ words: "source check orders.yaml", does: "check the file and read from its system" }],
    json: "document",
    load: () => import("./source.ts").then(({ checkSources }) => checkSources),
  },
  {
    name: "trigger test",
    group: "triggers",
    summary: "Test a trigger with an event. No run starts",
    about: ["Without data, tests the newest recorded event of the trigger's source."],
    arguments: [
      triggerId,
      { name: "KEY=VALUE", summary: "fields of the data", isOptional: true, isMany: true },
    ],
    options: [
      data,
      { name: "event-file", value: "FILE", completes: "file", summary: "a whole CloudEvent as JSON" },
    ],
    examples: [{ words: "trigger test orders id=7 total=20", does: "show which run this event would start" }],
    json: "document",
    load: () => import("./trial.ts").then(({ testTrigger }) => testTrigger),
  },
  {
    name: "trigger replay",
    group: "triggers",
    summary: "Replay past events to a trigger",
    about: ["An event that has already started a run is skipped."],
    arguments: [triggerId],
    options: [since, until, reason],
    json: "document",
    load: () => import("./write.ts").then(({ replayEvents }) => replayEvents),
  },
  {
    name: "trigger dead",
    group: "triggers",
    summary: "List events that a trigger could not handle",
    arguments: [triggerId],
    options: [size, page, all],
    json: "document",
    load: () => import("./read.ts").then(({ listDeadLetters }) => listDeadLetters),
  },
  {
    name: "trigger retry",
    group: "triggers",
    summary: "Retry dead letters of a trigger",
    arguments: [triggerId, numbers],
    options: [reason],
    json: "document",
    load: () => import("./write.ts").then(({ retryDeadLetters }) => retryDeadLetters),
  },
  {
    name: "trigger drop",
    group: "triggers",
    summary: "Delete dead letters of a trigger",
    arguments: [triggerId, numbers],
    options: [reason, yes],
    confirm: (values) => `Delete dead letters of trigger ${values.argument("ID")}?`,
    json: "document",
    load: () => import("./write.ts").then(({ dropDeadLetters }) => dropDeadLetters),
  },
  {
    name: "trigger pause",
    group: "triggers",
    summary: "Pause a trigger. Events pass without effect",
    arguments: [triggerId],
    options: [reason],
    json: "document",
    load: () => import("./write.ts").then(({ pauseTrigger }) => pauseTrigger),
  },
  {
    name: "trigger resume",
    group: "triggers",
    summary: "Resume a trigger",
    arguments: [triggerId],
    options: [reason],
    json: "document",
    load: () => import("./write.ts").then(({ resumeTrigger }) => resumeTrigger),
  },
  {
    name: "trigger delete",
    group: "triggers",
    summary: "Delete a trigger. Its runs continue",
    arguments: [triggerId],
    options: [reason, yes],
    confirm: (values) => `Delete trigger ${values.argument("ID")}?`,
    json: "document",
    load: () => import("./write.ts").then(({ deleteTrigger }) => deleteTrigger),
  },
  {
    name: "event post",
    group: "triggers",
    summary: "Post an event",
    about: ["An event with the same id and source takes effect once."],
    arguments: [
      { name: "TYPE", summary: "event type: shop.order.created" },
      { name: "KEY=VALUE", summary: "fields of the data", isOptional: true, isMany: true },
    ],
    options: [
      data,
      { name: "id", value: "ID", summary: "id of the new object. Default: random" },
      { name: "source", value: "URI", summary: "source of the event. Default: /tutti/cli" },
      { name: "subject", value: "TEXT", summary: "subject of the event" },
    ],
    examples: [
      { words: "event post shop.order.created id=7 total=20", does: "post an event with this data" },
    ],
    json: "document",
    load: () => import("./post.ts").then(({ postEvent }) => postEvent),
  },
];
