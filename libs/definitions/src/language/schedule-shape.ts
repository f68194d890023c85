import type { Data } from "./document.ts";
import { type MembersShape, shapes } from "./shape.ts";

/** The file of a schedule. */
export interface ScheduleDocument {
  readonly schedule: string;
  readonly description?: string;
  readonly workflow: string;
  readonly input?: Data;
  readonly parameters?: Readonly<Record<string, Data>>;
  readonly cron?: string | readonly string[];
  readonly every?: string;
  readonly once?: string;
  readonly except?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly timeZone?: string;
  readonly jitter?: string;
  readonly overlap?: OverlapPolicyName;
  readonly catchUp?: string;
  readonly pauseOnFailure?: boolean;
  readonly maxRuns?: number;
  readonly paused?: boolean;
  readonly pool?: string;
  readonly priority?: number;
  readonly timeout?: string;
  readonly retention?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const overlapWords = ["skip", "queueOne", "queueAll", "cancelOther", "terminateOther", "allow"] as const;
export type OverlapPolicyName = (typeof overlapWords)[number];

const { choice, duration, flag, json, list, map, members, text, variants, whole } = shapes;

const cron = text(
  "A cron expression: five fields, six with seconds first, or `@hourly` and the like.",
  undefined,
  200,
);
const moment = (doc: string) => text(`${doc} A time in RFC 3339.`, undefined, 40);

export const schedule: MembersShape = members(
  {
    schedule: text("The id of the schedule, unique in its namespace.", "id", 200),
    description: text("A description for people.", undefined, 4096),
    workflow: text(
      "The registered workflow that it runs, with a label or the start of a hash if need be: `report@stable`.",
      "usesDefinition",
      450,
    ),
    input: json("The input of each run."),
    parameters: map("word", json("Its value."), 1_000, "Parameters, if the workflow is a template."),
    cron: variants("When it starts runs: one cron expression, or several.", {
      text: cron,
      list: list(cron, 100, "Cron expressions.", 1),
    }),
    every: duration("The interval between two runs, at least 1s."),
    once: moment("One start."),
    except: list(cron, 100, "Cron expressions of excluded times."),
    from: moment("The earliest start."),
    until: moment("The latest start."),
    timeZone: text("The IANA time zone of `cron`: `Europe/Zurich`. Default: UTC.", undefined, 100),
    jitter: duration("The maximum random delay of a start. Default: none."),
    overlap: choice("What happens if the previous run is still active. Default: skip.", ...overlapWords),
    catchUp: duration("The maximum delay of a start after downtime. Default: 1m."),
    pauseOnFailure: flag("Whether the schedule pauses when a run fails. Default: false."),
    maxRuns: whole("The number of runs after which it pauses. Default: no limit.", 1, 4_294_967_295),
    paused: flag("Whether the schedule is paused. Not set: `tutti schedule pause` and `resume` decide."),
    pool: text("The pool of tasks that name none. Default: default.", "name", 200),
    priority: whole("Added to the priority of each task.", -100, 100),
    timeout: duration("The maximum duration of a run. Default: no limit."),
    retention: duration("How long a run can be read after its end. Default: as configured."),
    labels: map("labelKey", text("Its value.", undefined, 256), 64, "Labels to search and to select by."),
  },
  {
    name: "schedule",
    required: ["schedule", "workflow"],
    doc: "A schedule of Tutti: when a workflow runs, and with which input.",
  },
);
