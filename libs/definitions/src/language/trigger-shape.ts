import type { Data } from "./document.ts";
import { endWords, type OnDocument, singletonWords, webhookWords } from "./on-document.ts";
import { type MembersShape, type Shape, shapes } from "./shape.ts";

/** The file of a trigger. */
export interface TriggerDocument extends OnDocument {
  readonly trigger: string;
  readonly workflow: string;
  readonly parameters?: Readonly<Record<string, Data>>;
  readonly paused?: boolean;
}

const { choice, duration, flag, json, list, map, members, text, variants, whole } = shapes;

const expressionMax = 10_000;
const countMax = 4_294_967_295;

const on: Readonly<Record<string, Shape>> = {
  description: text("A description for people.", undefined, 4096),
  event: text(
    "The type of the event. `*` is one word, `>` at the end all that follow: `shop.order.created`, `shop.>`.",
    undefined,
    200,
  ),
  source: text("The attribute `source` of the event. Default: any.", undefined, 400),
  afterRun: members(
    {
      workflow: text("The workflow whose runs end.", "name", 200),
      ends: list(choice("How they end.", ...endWords), 4, "How they end. Default: completed.", 1),
    },
    {
      name: "afterRun",
      required: ["workflow"],
      doc: "The end of runs of another workflow, instead of `event`.",
    },
  ),
  webhook: members(
    {
      preset: choice("How the sender signs. Default: standard.", ...webhookWords),
      secrets: list(
        text("The name of a secret of the namespace.", "id", 200),
        4,
        "Secrets that the sender signs with: several while one replaces another.",
        1,
      ),
    },
    {
      name: "webhook",
      required: ["secrets"],
      doc: "Webhooks of another system, sent to `/v1/webhooks/NAMESPACE/TRIGGER`, instead of `event`.",
    },
  ),
  if: text("An expression over `event` that must be true. Default: every event.", undefined, expressionMax),
  key: text(
    "An expression over `event`. Events with the same key start one run. Default: `source` and `id` of the event.",
    undefined,
    expressionMax,
  ),
  window: duration("How long a key counts as seen. Default: as long as its run is kept."),
  with: json(
    "The input of the run. Its texts may have expressions over `event`. Default: the data of the event.",
  ),
  run: text(
    "The id of the run, with expressions over `event`. Default: derived from trigger and key.",
    undefined,
    expressionMax,
  ),
  group: text(
    "An expression over `event`. Debounce, batch and singleton treat each value separately.",
    undefined,
    expressionMax,
  ),
  debounce: members(
    {
      for: duration("The quiet after which a run starts."),
      max: duration("The maximum wait. Default: ten times `for`."),
    },
    {
      name: "debounce",
      required: ["for"],
      doc: "One run with the last event, after a period without events.",
    },
  ),
  batch: members(
    { size: whole("The number of events.", 2, 1_000), wait: duration("The maximum wait. Default: 1s.") },
    { name: "batch", required: ["size"], doc: "One run for several events. Its input is `{events: […]}`." },
  ),
  throttle: members(
    { count: whole("The number of runs.", 1, countMax), per: duration("In this time. Default: 1s.") },
    {
      name: "throttle",
      required: ["count"],
      doc: "Limits how many runs start in a period. Further runs wait.",
    },
  ),
  singleton: choice(
    "What happens to an event while a run has not ended. Default: runs start side by side.",
    ...singletonWords,
  ),
  signal: text("The signal that a run is sent if it exists already. Needs `run`.", "id", 200),
  pool: text("The pool of tasks that name none. Default: default.", "name", 200),
  priority: whole("Added to the priority of each task.", -100, 100),
  timeout: duration("The maximum duration of a run. Default: no limit."),
  retention: duration("How long a run can be read after its end. Default: as configured."),
  labels: map(
    "labelKey",
    text("Its value.", undefined, 256),
    64,
    "Labels of the trigger, to search and to select by.",
  ),
};

const onMembers: MembersShape = members(on, {
  name: "on",
  doc: "An event that starts a run of this workflow.",
});

/** The key `on` of a definition. */
export const onShape: Shape = variants("Which events start a run of it: one trigger, or several.", {
  members: onMembers,
  list: list(onMembers, 10, "Triggers.", 1),
});

export const trigger: MembersShape = members(
  {
    trigger: text("The id of the trigger, unique in its namespace.", "id", 120),
    workflow: text(
      "The registered workflow that it runs, with a label or the start of a hash if need be: `order@stable`.",
      "usesDefinition",
      450,
    ),
    parameters: map("word", json("Its value."), 1_000, "Parameters, if the workflow is a template."),
    paused: flag("Whether the trigger is paused. Not set: `tutti trigger pause` and `resume` decide."),
    ...on,
  },
  {
    name: "trigger",
    required: ["trigger", "workflow"],
    doc: "A trigger of Tutti: which event starts a workflow, and with which input.",
  },
);
