import type { Command } from "../declaration.ts";
import { all, key, page, reason, size } from "./options.ts";

const file = { name: "FILE", summary: "a definition, YAML or JSON", completes: "file" } as const;
const scheduleId = { name: "ID", summary: "the schedule", completes: "schedule" } as const;

const timing = [
  {
    name: "cron",
    value: "CRON",
    isMany: true,
    summary: "five fields, six with seconds first, or @hourly and the like",
  },
  { name: "every", value: "SPAN", summary: "again and again: 30s, 1h" },
  { name: "zone", value: "ZONE", summary: "the time zone of the rules: Europe/Zurich (UTC)" },
] as const;

export const workflowCommands: readonly Command[] = [
  {
    name: "workflow check",
    group: "workflows",
    summary: "check definitions, here and without the platform; every mistake at once",
    about: [
      "With --against, the platform looks besides whether the capabilities and workflows that are used exist there.",
    ],
    arguments: [{ ...file, isMany: true, summary: "definitions, YAML or JSON; - for standard input" }],
    options: [{ name: "against", summary: "hold it against what the platform offers" }],
    json: "document",
    load: () => import("../../commands/workflow-check.ts").then(({ check }) => check),
  },
  {
    name: "workflow register",
    group: "workflows",
    summary: "register definitions; the same content again is the same version",
    arguments: [{ ...file, isMany: true }],
    options: [
      { name: "as", value: "LABEL", isMany: true, summary: "let this label point to it too: stable, 2.1.0" },
      { name: "keep-latest", summary: "let `latest` stay where it is" },
    ],
    json: "document",
    load: () => import("../../commands/workflow-register.ts").then(({ registerFiles }) => registerFiles),
  },
  {
    name: "workflow list",
    group: "workflows",
    summary: "registered workflows",
    arguments: [{ name: "PREFIX", summary: "only names that begin with this", isOptional: true }],
    options: [{ name: "archived", summary: "archived ones too" }, size, page, all],
    json: "document",
    load: () => import("../../commands/workflow-list.ts").then(({ listWorkflows }) => listWorkflows),
  },
  {
    name: "workflow versions",
    group: "workflows",
    summary: "the versions of a workflow, and how many runs on each have not ended",
    arguments: [{ name: "NAME", summary: "a registered workflow", completes: "workflow" }],
    options: [{ name: "live", summary: "only versions that some run is still on" }, size, page, all],
    json: "document",
    load: () => import("../../commands/workflow-versions.ts").then(({ listVersions }) => listVersions),
  },
  {
    name: "workflow graph",
    group: "workflows",
    summary: "draw a workflow, with its critical path and how wide it is",
    arguments: [
      { name: "FILE|NAME", summary: "a definition, or the name of a registered workflow", completes: "file" },
    ],
    options: [
      { name: "parameter", short: "p", value: "KEY=VALUE", isMany: true, summary: "fills in a template" },
    ],
    json: "document",
    load: () => import("../../commands/workflow-graph.ts").then(({ graph }) => graph),
  },
  {
    name: "schedule list",
    group: "schedules",
    summary: "schedules, and when they fire next",
    options: [size, page, all],
    json: "document",
    load: () => import("../../commands/schedule-read.ts").then(({ listSchedules }) => listSchedules),
  },
  {
    name: "schedule show",
    group: "schedules",
    summary: "a schedule, its next times and what came of the last ones",
    arguments: [scheduleId],
    json: "document",
    load: () => import("../../commands/schedule-read.ts").then(({ showSchedule }) => showSchedule),
  },
  {
    name: "schedule create",
    group: "schedules",
    summary: "start runs of a workflow by the clock",
    arguments: [
      { ...scheduleId, summary: "its id, as you like" },
      { name: "WORKFLOW", summary: "what it starts", completes: "workflow" },
      { name: "KEY=VALUE", summary: "parts of the input", isOptional: true, isMany: true },
    ],
    options: [
      ...timing,
      { name: "input", short: "i", value: "INPUT", isMany: true, summary: "JSON, @FILE, - or KEY=VALUE" },
      {
        name: "overlap",
        value: "RULE",
        choices: ["skip", "queue_one", "queue_all", "cancel_other", "terminate_other", "allow"],
        summary:
          "when the run before has not ended: skip (usual), queue_one, queue_all, cancel_other, terminate_other, allow",
      },
      {
        name: "catch-up",
        value: "SPAN",
        summary: "how late a run may start after the platform was away (1m)",
      },
      { name: "description", value: "TEXT", summary: "for people" },
      { name: "paused", summary: "do not begin yet" },
    ],
    examples: [
      {
        words: "schedule create nightly report --cron '0 3 * * *' --zone Europe/Zurich",
        does: "at three each night",
      },
      { words: "schedule create pulse check --every 30s", does: "every half minute" },
    ],
    json: "document",
    load: () => import("../../commands/schedule-write.ts").then(({ createSchedule }) => createSchedule),
  },
  {
    name: "schedule preview",
    group: "schedules",
    summary: "when a rule would fire; nothing is kept",
    options: [...timing, { name: "count", value: "N", summary: "how many times (10)" }],
    json: "document",
    load: () => import("../../commands/schedule-read.ts").then(({ previewSchedule }) => previewSchedule),
  },
  {
    name: "schedule pause",
    group: "schedules",
    summary: "let its times pass without effect",
    arguments: [scheduleId],
    options: [reason],
    json: "document",
    load: () => import("../../commands/schedule-write.ts").then(({ pauseSchedule }) => pauseSchedule),
  },
  {
    name: "schedule resume",
    group: "schedules",
    summary: "let it go on from now",
    arguments: [scheduleId],
    options: [reason],
    json: "document",
    load: () => import("../../commands/schedule-write.ts").then(({ resumeSchedule }) => resumeSchedule),
  },
  {
    name: "schedule trigger",
    group: "schedules",
    summary: "start a run of it now, paused or not",
    arguments: [scheduleId],
    options: [reason, key],
    json: "document",
    load: () => import("../../commands/schedule-write.ts").then(({ triggerSchedule }) => triggerSchedule),
  },
  {
    name: "schedule delete",
    group: "schedules",
    summary: "remove it; its runs go on",
    arguments: [scheduleId],
    options: [reason],
    json: "document",
    load: () => import("../../commands/schedule-write.ts").then(({ deleteSchedule }) => deleteSchedule),
  },
];
