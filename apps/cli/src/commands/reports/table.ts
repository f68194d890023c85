import type { Command, Option } from "../../command/declaration.ts";
import { key, page, size, yes } from "../../command/options.ts";

const group = "installation";
const id = { name: "ID", summary: "report id" } as const;
const load = () => import("./reports.ts");
const options: readonly Option[] = [
  { name: "covers", value: "SPAN", summary: "time before the report that it covers: 1d, 30d. Default: 7d" },
  { name: "title", value: "TEXT", summary: "title" },
  {
    name: "sections",
    value: "FILE",
    completes: "file",
    summary: "sections of the report, as JSON. Default: the sections of its kind",
  },
  { name: "schedule", value: "NAME", summary: "create a schedule for the report. Needs --cron" },
  { name: "cron", value: "CRON", isMany: true, summary: "cron expression of five or six fields, or @hourly" },
  { name: "time-zone", value: "ZONE", summary: "IANA time zone: Europe/Zurich. Default: UTC" },
  key,
];

export const reportCommands: readonly Command[] = [
  {
    name: "report create",
    group,
    options,
    summary: "Create a report about a namespace, a team, a workflow or a compliance framework",
    about: [
      "A report is a run that reads facts, analysis and metrics. Save it as HTML, PDF, Markdown or CSV with `tutti report save`.",
      "A team is the value of the label `team` of runs and missions.",
    ],
    arguments: [
      {
        name: "KIND",
        summary: "namespace, team, workflow or framework. Default: namespace",
        isOptional: true,
      },
      { name: "SUBJECT", summary: "name of the team, workflow or framework", isOptional: true },
    ],
    examples: [
      { words: "report create team billing --covers 30d", does: "report about the last 30 days of a team" },
      {
        words: "report create --schedule weekly --cron '0 7 * * MON' --time-zone Europe/Zurich",
        does: "report about the namespace each Monday at 7:00",
      },
    ],
    json: "document",
    load: () => load().then(({ createReport }) => createReport),
  },
  {
    name: "report list",
    group,
    summary: "List reports, newest first",
    options: [size, page],
    json: "document",
    load: () => load().then(({ listReports }) => listReports),
  },
  {
    name: "report show",
    group,
    summary: "Show a report as Markdown",
    arguments: [id],
    json: "document",
    load: () => load().then(({ showReport }) => showReport),
  },
  {
    name: "report save",
    group,
    summary: "Export a report to a file",
    about: [
      "The ending of the name is the format: .html, .pdf, .md or .csv. PDF needs Chromium on the machine of insight.",
    ],
    arguments: [id, { name: "FILE", summary: "name of the file", completes: "file" }],
    examples: [{ words: "report save report-17 week.pdf", does: "save a report as PDF" }],
    json: "document",
    load: () => load().then(({ saveReport }) => saveReport),
  },
  {
    name: "report delete",
    group,
    summary: "Delete a report and its run",
    arguments: [id],
    options: [yes],
    confirm: (values) => `Delete report ${values.argument("ID")}?`,
    json: "document",
    load: () => load().then(({ deleteReport }) => deleteReport),
  },
];
