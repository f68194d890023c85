import type { Command } from "../../command/declaration.ts";
import { all, page, reason, since, size, yes } from "../../command/options.ts";

const read = () => import("./read.ts");
const write = () => import("./write.ts");
const onCall = () => import("./on-call.ts");

const alertId = { name: "ID", summary: "alert id" } as const;
const ruleId = { name: "ID", summary: "id of an alert rule" } as const;
const ruleFile = { name: "FILE", summary: "alert rules as YAML or JSON", completes: "file" } as const;
const incidentId = { name: "ID", summary: "incident id" } as const;
const group = "installation";
const start = { name: "start", value: "WHEN", summary: "when it starts. Default: now" } as const;
const label = {
  name: "label",
  short: "l",
  value: "NAME=VALUE",
  isMany: true,
  summary: "label of the object",
} as const;
const lasts = { name: "for", value: "SPAN", summary: "how long: 2h" } as const;
const incidents = () => import("./incidents.ts");

export const alertCommands: readonly Command[] = [
  {
    name: "alert list",
    group,
    summary: "List alerts, the worst first",
    options: [{ name: "ended", summary: "include ended entries" }, size, page, all],
    json: "document",
    load: () => read().then(({ listAlerts }) => listAlerts),
  },
  {
    name: "alert show",
    group,
    summary: "Show an alert with its values and advice",
    arguments: [alertId],
    json: "document",
    load: () => read().then(({ showAlert }) => showAlert),
  },
  {
    name: "alert ack",
    group,
    summary: "Acknowledge an alert. Its receivers get no more notifications",
    arguments: [alertId],
    options: [reason],
    json: "document",
    load: () => write().then(({ acknowledgeAlert }) => acknowledgeAlert),
  },
  {
    name: "alert report",
    group,
    summary: "Report an alert that another system found",
    about: [
      "The alert ends after `--for` if it is not reported again. `--end` reports that it has ended.",
      "Its rule is the external rule whose id is NAME, otherwise the rule `external`.",
    ],
    arguments: [{ name: "NAME", summary: "name of the alert, its label `alertname`" }],
    options: [
      label,
      { name: "annotation", value: "NAME=TEXT", isMany: true, summary: "text of the alert: summary=TEXT" },
      lasts,
      { name: "end", summary: "report that the alert has ended" },
    ],
    examples: [
      {
        words: "alert report DiskFull -l node=a -l severity=error --annotation summary='Disk of a is full'",
        does: "report a full disk",
      },
    ],
    json: "document",
    load: () => write().then(({ reportAlert }) => reportAlert),
  },
  {
    name: "alert receivers",
    group,
    summary: "List receivers of alerts",
    json: "document",
    load: () => read().then(({ listReceivers }) => listReceivers),
  },
  {
    name: "alert silence",
    group,
    summary: "Silence alerts for a time",
    options: [
      { name: "rule", value: "ID", summary: "rule id" },
      label,
      {
        name: "match",
        value: "CONDITION",
        isMany: true,
        summary: "condition on a label, as Prometheus writes it: node=~web.*",
      },
      lasts,
      start,
      { name: "cron", value: "CRON", summary: "cron expression of five or six fields, or @hourly" },
      { name: "time-zone", value: "ZONE", summary: "IANA time zone: Europe/Zurich. Default: UTC" },
      reason,
    ],
    examples: [
      {
        words:
          "alert silence --rule shop-down --cron '0 22 * * SAT' --time-zone Europe/Zurich --for 2h --reason backup",
        does: "plan a maintenance window for each Saturday",
      },
      {
        words: "alert silence --match 'node=~web.*' --match severity!=critical --for 1h --reason move",
        does: "silence warnings and errors of some nodes",
      },
      {
        words: "alert silence --rule no-workers --for 2h --reason 'new version'",
        does: "silence a rule during a deployment",
      },
    ],
    json: "document",
    load: () => write().then(({ createSilence }) => createSilence),
  },
  {
    name: "alert silences",
    group,
    summary: "List silences that have not ended",
    options: [size, page, all],
    json: "document",
    load: () => read().then(({ listSilences }) => listSilences),
  },
  {
    name: "alert unsilence",
    group,
    summary: "End a silence",
    arguments: [{ name: "ID", summary: "silence id" }],
    options: [reason],
    json: "document",
    load: () => write().then(({ endSilence }) => endSilence),
  },
  {
    name: "alert on-call",
    group,
    summary: "List the people on call, now and next",
    arguments: [{ name: "ROTATION", summary: "only this rotation", isOptional: true }],
    options: [
      { name: "shifts", value: "N", summary: "number of shifts of each rotation. Default: 2" },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => onCall().then(({ listOnCall }) => listOnCall),
  },
  {
    name: "alert override",
    group,
    summary: "Set the person on call for a period",
    about: ["A person who is not a member of the rotation needs `--receiver`."],
    arguments: [
      { name: "ROTATION", summary: "rotation id" },
      { name: "MEMBER", summary: "name of the person" },
    ],
    options: [
      lasts,
      start,
      { name: "receiver", value: "NAME", isMany: true, summary: "how the person is notified" },
      reason,
    ],
    examples: [
      {
        words: "alert override web ada --for 12h --reason 'bob is ill'",
        does: "put ada on call in place of bob",
      },
    ],
    json: "document",
    load: () => onCall().then(({ overrideOnCall }) => overrideOnCall),
  },
  {
    name: "alert escalations",
    group,
    summary: "List escalation policies with their steps",
    options: [size, page, all],
    json: "document",
    load: () => onCall().then(({ listEscalations }) => listEscalations),
  },
  {
    name: "incident list",
    group,
    summary: "List incidents, open ones first",
    options: [{ name: "ended", summary: "include ended entries" }, size, page, all],
    json: "document",
    load: () => incidents().then(({ listIncidents }) => listIncidents),
  },
  {
    name: "incident show",
    group,
    summary: "Show an incident with its timeline and probable causes",
    arguments: [incidentId],
    json: "document",
    load: () => incidents().then(({ showIncident }) => showIncident),
  },
  {
    name: "incident own",
    group,
    summary: "Set the owner of an incident",
    arguments: [incidentId, { name: "OWNER", summary: "new owner of the incident" }],
    options: [reason],
    json: "document",
    load: () => incidents().then(({ ownIncident }) => ownIncident),
  },
  {
    name: "incident note",
    group,
    summary: "Add a note to the timeline of an incident",
    arguments: [incidentId, { name: "TEXT", summary: "the note" }],
    options: [reason],
    json: "document",
    load: () => incidents().then(({ noteIncident }) => noteIncident),
  },
  {
    name: "incident resolve",
    group,
    summary: "Resolve an incident",
    arguments: [incidentId, { name: "TEXT", summary: "how it was resolved" }],
    options: [reason],
    json: "document",
    load: () => incidents().then(({ resolveIncident }) => resolveIncident),
  },
  {
    name: "incident repair",
    group,
    summary: "List, preview or start repairs of an incident",
    about: [
      "Without a kind, lists the repairs that the probable causes suggest. With a kind, prints what it changes, asks for confirmation, and starts a run that does it.",
      "Stop a repair with `tutti cancel RUN`. Reverse one with `--undo`. A retry and a fix have no undo.",
    ],
    arguments: [
      incidentId,
      {
        name: "KIND",
        isOptional: true,
        summary: "retry, fix, move, pause-agent, quarantine-agent, pause-pool, scale or open-breaker",
      },
      {
        name: "SUBJECT",
        summary: "worker, pool, POOL/SCALER, workflow, or id or address of an instance",
        isOptional: true,
      },
      {
        name: "VALUE",
        summary:
          "of a fix: fields of the input to change, as JSON, @FILE, -, or KEY=VALUE. null removes a field",
        isOptional: true,
        isMany: true,
      },
    ],
    options: [
      { name: "to", value: "VERSION", summary: "label, or start of the hash, to move to. Default: latest" },
      { name: "task", value: "TASK", summary: "only this task" },
      { name: "min", value: "N", summary: "minimum number of agents. Default: twice the current number" },
      { name: "undo", summary: "undo an earlier change of this kind, and keep later changes" },
      { name: "dry-run", summary: "print the changes without making them" },
      reason,
      yes,
    ],
    examples: [
      { words: "incident repair i1", does: "list suggested repairs" },
      { words: "incident repair i1 retry --reason 'the bank is back' --yes", does: "retry the failed runs" },
      {
        words: "incident repair i1 fix order --task charge currency=EUR --yes",
        does: "correct an input, and resume the failed runs",
      },
      { words: "incident repair i1 scale gpu --min 10 --yes", does: "start at least 10 agents" },
    ],
    json: "document",
    load: () => import("./repair.ts").then(({ repairIncident }) => repairIncident),
  },
  {
    name: "incident post-mortem",
    group,
    summary: "Print the post-mortem of an incident, or set it",
    about: ["Without a file, prints the post-mortem, or a draft of what is known."],
    arguments: [
      incidentId,
      { name: "FILE", summary: "post-mortem as Markdown", isOptional: true, completes: "file" },
    ],
    options: [reason],
    json: "document",
    load: () => incidents().then(({ postMortem }) => postMortem),
  },
  {
    name: "objective list",
    group,
    summary: "List objectives with their error budgets, sorted by remaining budget",
    options: [size, page, all],
    json: "document",
    load: () => read().then(({ listObjectives }) => listObjectives),
  },
  {
    name: "alert-rule list",
    group,
    summary: "List alert rules with their problems",
    options: [size, page, all],
    json: "document",
    load: () => read().then(({ listAlertRules }) => listAlertRules),
  },
  {
    name: "alert-rule set",
    group,
    summary: "Set the alert rules of a file",
    arguments: [ruleFile],
    options: [reason],
    json: "lines",
    load: () => write().then(({ setAlertRules }) => setAlertRules),
  },
  {
    name: "alert-rule disable",
    group,
    summary: "Disable an alert rule. Its alerts end",
    arguments: [ruleId],
    options: [reason],
    json: "document",
    load: () => write().then(({ disableRule }) => disableRule),
  },
  {
    name: "alert-rule enable",
    group,
    summary: "Enable an alert rule",
    arguments: [ruleId],
    options: [reason],
    json: "document",
    load: () => write().then(({ enableRule }) => enableRule),
  },
  {
    name: "alert-rule delete",
    group,
    summary: "Delete an alert rule. Its alerts end",
    arguments: [ruleId],
    options: [reason, yes],
    confirm: (values) => `Delete alert rule ${values.argument("ID")}?`,
    json: "document",
    load: () => write().then(({ deleteAlertRule }) => deleteAlertRule),
  },
  {
    name: "alert-rule test",
    group,
    summary: "Test alert rules of a file",
    about: [
      "Runs the `tests` of each rule, without a platform. With `--since`, the platform evaluates each rule over recorded metrics.",
    ],
    arguments: [ruleFile],
    options: [since],
    examples: [
      { words: "alert-rule test rules.yaml", does: "run the tests in the file" },
      { words: "alert-rule test rules.yaml --since 1d", does: "show the alerts of the last day" },
    ],
    json: "document",
    load: () => import("./trial.ts").then(({ testAlertRules }) => testAlertRules),
  },
  {
    name: "alert notifications",
    group,
    summary: "List notifications that their receivers do not have",
    options: [{ name: "dead", summary: "only dead letters" }, size, page, all],
    json: "document",
    load: () => read().then(({ listNotifications }) => listNotifications),
  },
  {
    name: "alert retry",
    group,
    summary: "Retry dead letters of alerts",
    arguments: [
      { name: "NUMBER", summary: "number of a notification. Default: all", isOptional: true, isMany: true },
    ],
    options: [reason],
    json: "document",
    load: () => write().then(({ retryNotifications }) => retryNotifications),
  },
];
