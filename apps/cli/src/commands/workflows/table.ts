import type { Command } from "../../command/declaration.ts";
import { all, description, key, page, reason, since, size, yes } from "../../command/options.ts";

const file = {
  name: "FILE",
  summary: "definition file, YAML or JSON, or a module that exports a workflow",
  completes: "file",
} as const;
const scheduleId = { name: "ID", summary: "schedule id", completes: "schedule" } as const;

const timing = [
  { name: "cron", value: "CRON", isMany: true, summary: "cron expression of five or six fields, or @hourly" },
  { name: "every", value: "SPAN", summary: "repeat at this interval: 30s, 1h" },
  { name: "time-zone", value: "ZONE", summary: "IANA time zone: Europe/Zurich. Default: UTC" },
] as const;

const percent = {
  name: "percent",
  value: "N",
  summary: "percentage of new work for the version. Default: 100",
} as const;

export const workflowCommands: readonly Command[] = [
  {
    name: "apply",
    group: "workflows",
    summary: "Create, update and delete the resources that files describe",
    about: [
      "Checks all files first. If one has an error, nothing is changed. Applied again, the same files change nothing.",
      "A file can have several YAML documents. The first key is the kind: workflow, variant, schedule, trigger, adapter, pool, scaler, hook, inbox, limit, quota or secret.",
      "A module in TypeScript or JavaScript is applied if it is named: its workflows are what `workflow(…)` of `@tutti/sdk` returns, and it exports them. In folders, modules are skipped.",
      "Other kinds are role, binding, rule, policy, alert-rule, rotation and escalation.",
      "With --file-set, resources get a label. --prune deletes resources with this label that no file describes.",
    ],
    arguments: [
      {
        name: "FILE|FOLDER",
        summary: "files or folders, YAML or JSON. - for standard input",
        isMany: true,
        isOptional: true,
        completes: "file",
      },
    ],
    options: [
      {
        name: "file",
        short: "f",
        value: "FILE|FOLDER",
        isMany: true,
        completes: "file",
        summary: "file or folder, like the argument",
      },
      { name: "dry-run", summary: "print the changes without making them" },
      {
        name: "file-set",
        value: "NAME",
        summary: "name of the set of files. Default: as in tutti.apply.yaml",
      },
      { name: "environment", value: "NAME", summary: "environment of tutti.apply.yaml" },
      { name: "prune", summary: "delete resources of the set that no file describes" },
      { name: "force", summary: "take over resources of another set, and prune changed ones" },
      yes,
    ],
    examples: [
      { words: "apply shop/", does: "apply all files of a folder" },
      { words: "apply shop.yaml --dry-run", does: "print what would change" },
      { words: "apply shop/ --file-set shop --prune", does: "delete what has no file any more, too" },
    ],
    json: "document",
    load: () => import("../apply/apply.ts").then(({ apply }) => apply),
  },
  {
    name: "export",
    group: "workflows",
    summary: "Export resources as files that apply without a change",
    about: [
      "Writes workflows, schedules, triggers and the resources that `tutti apply` accepts. Lists those that a file cannot describe. Values of secrets are not exported.",
    ],
    arguments: [
      { name: "FOLDER", summary: "folder for the files. Existing files are replaced", completes: "file" },
    ],
    options: [],
    json: "document",
    load: () => import("../apply/export.ts").then(({ exportFolder }) => exportFolder),
  },
  {
    name: "workflow check",
    group: "workflows",
    summary: "Check definitions locally and print every error",
    about: ["With --against, the platform also checks that used capabilities and workflows exist."],
    arguments: [
      {
        ...file,
        isMany: true,
        summary: "definition files: YAML, JSON, or modules that export a workflow. - for standard input",
      },
    ],
    options: [
      { name: "against", summary: "check on the platform that used capabilities and workflows exist" },
    ],
    json: "document",
    load: () => import("./check.ts").then(({ check }) => check),
  },
  {
    name: "workflow register",
    group: "workflows",
    summary: "Register definitions. The same content is the same version",
    arguments: [{ ...file, isMany: true }],
    options: [
      { name: "as", value: "LABEL", isMany: true, summary: "add this version label: stable, 2.1.0" },
      { name: "keep-latest", summary: "do not move the label `latest`" },
      percent,
    ],
    json: "document",
    load: () => import("./register.ts").then(({ registerFiles }) => registerFiles),
  },
  {
    name: "workflow list",
    group: "workflows",
    summary: "List registered workflows",
    arguments: [
      {
        name: "PREFIX",
        isEmptyAllowed: true,
        summary: "only names that start with this text",
        isOptional: true,
      },
    ],
    options: [{ name: "archived", summary: "include archived workflows" }, size, page, all],
    json: "document",
    load: () => import("./list.ts").then(({ listWorkflows }) => listWorkflows),
  },
  {
    name: "workflow show",
    group: "workflows",
    summary: "Show a workflow: its version, its input and how to start it",
    arguments: [
      {
        name: "NAME",
        summary: "name of a registered workflow, NAME@LABEL or NAME@HASH. The start of a hash is enough",
        completes: "workflow",
      },
    ],
    options: [],
    json: "document",
    load: () => import("./show.ts").then(({ showWorkflow }) => showWorkflow),
  },
  {
    name: "workflow versions",
    group: "workflows",
    summary: "List the versions of a workflow and their active runs",
    arguments: [{ name: "NAME", summary: "name of a registered workflow", completes: "workflow" }],
    options: [{ name: "live", summary: "only versions with active runs" }, size, page, all],
    json: "document",
    load: () => import("./versions.ts").then(({ listVersions }) => listVersions),
  },
  {
    name: "workflow migrate",
    group: "workflows",
    summary: "Move active runs to another version of their workflow",
    about: [
      "Prints which runs fit the version, asks for confirmation, and moves these runs. Completed tasks keep their results. Tasks that have not run follow the new version.",
      "Press Ctrl-C to stop. Run the command again to continue: moved runs are skipped.",
    ],
    arguments: [
      {
        name: "NAME[@VERSION]",
        summary: "workflow, and the version that the runs have: a label, or the start of a hash",
        completes: "workflow",
      },
    ],
    options: [
      { name: "to", value: "VERSION", summary: "label, or start of the hash, to move to. Default: latest" },
      { name: "where", value: "NAME=VALUE", isMany: true, summary: "only runs with this label" },
      { name: "only", value: "ID", isMany: true, summary: "only these runs" },
      {
        name: "map",
        value: "OLD=NEW",
        isMany: true,
        summary: "a task or state with another id there. OLD= drops it with its result",
      },
      { name: "restart", summary: "restart attempts that the version cannot continue" },
      { name: "children", summary: "move the child runs too, to the versions that the version names" },
      { name: "undo", summary: "undo an earlier change of this kind, and keep later changes" },
      { name: "pace", value: "N", summary: "move at most N runs a second" },
      { name: "dry-run", summary: "print the changes without making them" },
      reason,
      yes,
    ],
    examples: [
      {
        words: "workflow migrate order@3 --to 5 --dry-run",
        does: "print how the runs of version 3 fit version 5",
      },
      {
        words: "workflow migrate order --where region=eu --pace 50",
        does: "move some runs to the latest version",
      },
      { words: "workflow migrate order --undo", does: "move back runs without events since the move" },
    ],
    json: "document",
    load: () => import("./migrate.ts").then(({ migrate }) => migrate),
  },
  {
    name: "workflow rollout",
    group: "workflows",
    summary: "Set the percentage of new runs that use a version of a workflow",
    about: [
      "The latest version takes the other new runs. With 100 the version becomes the latest one, with 0 it takes none. Runs that have started stay on their version.",
    ],
    arguments: [
      {
        name: "NAME@VERSION",
        completes: "workflow",
        summary: "workflow, and the version: a label, or the start of a hash",
      },
    ],
    options: [percent, reason],
    examples: [
      { words: "workflow rollout order@2.0.0 --percent 10", does: "give version 2.0.0 a tenth of new runs" },
      { words: "workflow rollout order@2.0.0", does: "give version 2.0.0 all new runs" },
      { words: "workflow rollout order@2.0.0 --percent 0", does: "take them back" },
    ],
    json: "document",
    load: () => import("./rollout.ts").then(({ rollOut }) => rollOut),
  },
  {
    name: "workflow archive",
    group: "workflows",
    summary: "Archive a workflow, or restore it. Its runs continue",
    arguments: [{ name: "NAME", summary: "name of a registered workflow", completes: "workflow" }],
    options: [
      {
        name: "hash",
        value: "HASH",
        summary: "hash of one version, or its first 8 or more characters. Default: all versions",
      },
      { name: "restore", summary: "restore instead of archive" },
      reason,
    ],
    examples: [
      { words: "workflow archive order --reason 'replaced by order2'", does: "reject new runs of order" },
      { words: "workflow archive order --restore", does: "accept new runs again" },
    ],
    json: "document",
    load: () => import("./archive.ts").then(({ archive }) => archive),
  },
  {
    name: "workflow convert",
    group: "workflows",
    summary: "Convert a definition to YAML, JSON or TypeScript and print it",
    arguments: [
      { name: "FILE|NAME", summary: "definition file, or name of a registered workflow", completes: "file" },
    ],
    options: [
      {
        name: "format",
        value: "FORMAT",
        summary: "format of the output: yaml, json or typescript. Default: yaml",
        choices: ["yaml", "json", "typescript"],
      },
      { name: "parameter", short: "p", value: "KEY=VALUE", isMany: true, summary: "parameter of a template" },
    ],
    examples: [
      { words: "workflow convert order.yaml --format typescript > order.ts", does: "continue in TypeScript" },
    ],
    json: "document",
    load: () => import("./archive.ts").then(({ convert }) => convert),
  },
  {
    name: "import",
    group: "workflows",
    summary: "Convert the file of another tool to definitions and print them",
    about: [
      "Prints YAML that `tutti apply` accepts. Lists every construct that has no counterpart, with its line.",
      "Commands run on a worker with the capability `shell`.",
    ],
    arguments: [
      {
        name: "KIND",
        summary:
          "crontab, makefile, github-actions, step-functions, serverless-workflow, n8n, bpmn, airflow or temporal",
      },
      { name: "FILE", summary: "file to convert. - for standard input", completes: "file" },
    ],
    options: [
      { name: "user-field", summary: "crontabs name a user in each line, like /etc/crontab" },
      { name: "time-zone", value: "ZONE", summary: "IANA time zone: Europe/Zurich. Default: UTC" },
    ],
    examples: [
      {
        words: "import github-actions .github/workflows/ci.yml > ci.yaml",
        does: "convert a GitHub workflow",
      },
      {
        words: "import crontab jobs --time-zone Europe/Berlin",
        does: "convert a crontab of a machine in Berlin",
      },
    ],
    json: "document",
    load: () => import("./import.ts").then(({ importFile }) => importFile),
  },
  {
    name: "workflow graph",
    group: "workflows",
    summary: "Draw a workflow with critical path and width",
    arguments: [
      { name: "FILE|NAME", summary: "definition file, or name of a registered workflow", completes: "file" },
    ],
    options: [
      { name: "parameter", short: "p", value: "KEY=VALUE", isMany: true, summary: "parameter of a template" },
    ],
    json: "document",
    load: () => import("./graph.ts").then(({ graph }) => graph),
  },
  {
    name: "workflow advise",
    group: "workflows",
    summary: "Find needs and computations that a workflow could do without",
    about: [
      "Does the same as `tutti advice find`. Advice has evidence, the gain of a replay, its risk, and the change. It changes nothing: see `tutti advice apply`.",
      "It finds needs whose result is not read, and tasks whose equal inputs gave equal outputs.",
    ],
    arguments: [{ name: "NAME", summary: "name of a registered workflow", completes: "workflow" }],
    options: [{ name: "runs", value: "N", summary: "number of runs. Default: 100" }, since],
    json: "document",
    load: () => import("../advice/advice.ts").then(({ findAdvice }) => findAdvice),
  },
  {
    name: "schedule list",
    group: "schedules",
    summary: "List schedules and their next start times",
    options: [size, page, all],
    json: "document",
    load: () => import("./schedule-read.ts").then(({ listSchedules }) => listSchedules),
  },
  {
    name: "schedule show",
    group: "schedules",
    summary: "Show a schedule with next times and recent runs",
    arguments: [scheduleId],
    json: "document",
    load: () => import("./schedule-read.ts").then(({ showSchedule }) => showSchedule),
  },
  {
    name: "schedule create",
    group: "schedules",
    summary: "Create a schedule that starts runs of a workflow",
    arguments: [
      { ...scheduleId, summary: "schedule id" },
      { name: "WORKFLOW", summary: "workflow name", completes: "workflow" },
      { name: "KEY=VALUE", summary: "fields of the input", isOptional: true, isMany: true },
    ],
    options: [
      ...timing,
      {
        name: "input",
        short: "i",
        value: "INPUT",
        isMany: true,
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
      },
      {
        name: "overlap",
        value: "RULE",
        choices: ["skip", "queue_one", "queue_all", "cancel_other", "terminate_other", "allow"],
        summary: "action if the previous run is still active. Default: skip",
      },
      { name: "catch-up", value: "SPAN", summary: "maximum delay of a start after downtime. Default: 1m" },
      description,
      { name: "paused", summary: "start in paused state" },
    ],
    examples: [
      {
        words: "schedule create nightly report --cron '0 3 * * *' --time-zone Europe/Zurich",
        does: "start at 3:00 each night",
      },
      { words: "schedule create pulse check --every 30s", does: "start every 30 s" },
    ],
    json: "document",
    load: () => import("./schedule-write.ts").then(({ createSchedule }) => createSchedule),
  },
  {
    name: "schedule preview",
    group: "schedules",
    summary: "Preview the start times of a schedule",
    options: [...timing, { name: "count", value: "N", summary: "number of results. Default: 10" }],
    json: "document",
    load: () => import("./schedule-read.ts").then(({ previewSchedule }) => previewSchedule),
  },
  {
    name: "schedule pause",
    group: "schedules",
    summary: "Pause a schedule",
    arguments: [scheduleId],
    options: [reason],
    json: "document",
    load: () => import("./schedule-write.ts").then(({ pauseSchedule }) => pauseSchedule),
  },
  {
    name: "schedule resume",
    group: "schedules",
    summary: "Resume a schedule",
    arguments: [scheduleId],
    options: [reason],
    json: "document",
    load: () => import("./schedule-write.ts").then(({ resumeSchedule }) => resumeSchedule),
  },
  {
    name: "schedule trigger",
    group: "schedules",
    summary: "Start a run of a schedule now, even if it is paused",
    arguments: [scheduleId],
    options: [reason, key],
    json: "document",
    load: () => import("./schedule-write.ts").then(({ triggerSchedule }) => triggerSchedule),
  },
  {
    name: "schedule delete",
    group: "schedules",
    summary: "Delete a schedule. Its runs continue",
    arguments: [scheduleId],
    options: [reason, yes],
    confirm: (values) => `Delete schedule ${values.argument("ID")}?`,
    json: "document",
    load: () => import("./schedule-write.ts").then(({ deleteSchedule }) => deleteSchedule),
  },
];
