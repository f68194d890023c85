/** Lists and shows alerts, rules, silences and notifications. */
import { printMatcher } from "@tutti/expressions";
import type { Alert } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { meantOf } from "../../server/names.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import type { Tone } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printMoment } from "../../terminal/time.ts";
import { listed } from "../listing.ts";

const everyStatus = ["pending", "firing", "acknowledged", "resolved"] as const;

export function listAlerts(context: Context): Promise<Result> {
  const filter = context.values.flag("ended") ? { status: [...everyStatus] } : {};
  return listed(context, {
    name: "alerts",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...filter, ...page };
      const { alerts, ...rest } = await server.call("alerts.list", { query });
      return { ...rest, entries: alerts };
    },
    idOf: ({ alertId }) => alertId,
    columns: [
      { title: "alert" },
      { title: "severity" },
      { title: "status" },
      { title: "since" },
      { title: "rule", yields: 2, widthMin: 8 },
      { title: "title", yields: 1, widthMin: 16 },
    ],
    row: (alert, nowMs) => [
      { text: alert.alertId, tone: "bold" },
      { text: alert.severity ?? "", tone: severityTone(alert) },
      { text: statusOf(alert), tone: alert.status === "firing" ? "red" : "dim" },
      { text: printAge(alert.startTimeMs ?? 0, nowMs), tone: "dim" },
      { text: alert.ruleId ?? "", tone: "dim" },
      alert.title ?? "",
    ],
    empty: "No alerts.",
  });
}

export async function showAlert(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const alert = await alertNamed(server, id);
  return {
    json: alert,
    draw: () => {
      const { style } = print;
      print.line(`${style.bold(safe(alert.title ?? ""))}  ${statusOf(alert)}`);
      print.line("");
      const pairs = (all: Readonly<Record<string, unknown>>) =>
        Object.entries(all)
          .map(([name, value]) => `${name}=${value}`)
          .join(" ");
      const momentOf = (ms: number | undefined) =>
        ms === undefined ? undefined : printMoment(ms, shell.nowMs());
      print.facts([
        ["alert", alert.alertId],
        ["rule", alert.ruleId],
        ["severity", alert.severity],
        ["labels", pairs(alert.labels)],
        ["annotations", alert.report === undefined ? undefined : pairs(alert.report.annotations)],
        ["reported by", alert.report?.generatorUrl],
        ["expires", momentOf(alert.report?.expiryTimeMs)],
        ["values", pairs(alert.values)],
        ["since", momentOf(alert.startTimeMs)],
        ["ended", momentOf(alert.endTimeMs)],
        ["silence", alert.silenceId],
        ["inhibited by", alert.inhibitedBy],
        ["escalation", escalationOf(alert, shell.nowMs())],
        ["incident", alert.incidentId],
        ["acknowledged", alert.acknowledgeCause?.reason],
        ["advice", alert.advice],
      ]);
    },
  };
}

async function alertNamed(server: Awaited<ReturnType<typeof connect>>, id: string): Promise<Alert> {
  let token = "";
  const known: string[] = [];
  do {
    const query = { ...server.namespace, status: [...everyStatus], size: 1_000, token };
    const reply = await server.call("alerts.list", { query });
    const found = reply.alerts.find(({ alertId }) => alertId === id);
    if (found !== undefined) return found;
    known.push(...reply.alerts.map(({ alertId }) => alertId));
    token = reply.nextToken ?? "";
  } while (token !== "");
  throw new Failure(`Alert \`${safe(id)}\` not found.`, {
    next: [...meantOf(id, known), ["tutti alert list --ended", "lists alerts"]],
    exitCode: exitCodes.refused,
    code: "alert.alert_missing",
  });
}

function escalationOf({ escalation }: Alert, nowMs: number): string | undefined {
  if (escalation === undefined) return undefined;
  const { policyId = "", step = 0, nextTimeMs } = escalation;
  const next = nextTimeMs === undefined ? "" : `, next step ${printMoment(nextTimeMs, nowMs)}`;
  return `${policyId}, step ${step}${next}`;
}

function statusOf({ status, silenceId, inhibitedBy }: Alert): string {
  if (silenceId) return `${status}, silenced`;
  return inhibitedBy ? `${status}, inhibited` : status;
}

function severityTone({ severity }: Alert): Tone {
  if (severity === "critical" || severity === "error") return "red";
  return severity === "warning" ? "yellow" : "dim";
}

export async function listAlertRules(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("alertRules.list", { query: { ...server.namespace, ...page } }),
    ({ rules }) => rules,
  );
  return {
    json: { rules: entries },
    nextToken,
    quiet: entries.map(({ ruleId = "" }) => ruleId),
    empty: entries.length === 0 ? "No alert rules yet. Set some: tutti alert-rule set FILE" : undefined,
    draw: () => {
      print.table(
        [
          { title: "rule" },
          { title: "severity" },
          { title: "state" },
          { title: "receivers", yields: 2, widthMin: 8 },
          { title: "condition", yields: 1, widthMin: 12 },
        ],
        entries.map(
          ({ ruleId = "", severity = "", disabled, problem = "", receivers, readyMade, ...rule }) => [
            { text: ruleId, tone: "bold" },
            severity,
            disabled === true
              ? { text: "disabled", tone: "dim" }
              : problem === ""
                ? { text: readyMade === true ? "built in" : "active", tone: "cyan" }
                : { text: `fails: ${problem}`, tone: "red" },
            { text: receivers.join(", "), tone: "dim" },
            { text: rule.condition || `objective ${percent(rule.objective?.goal ?? 0)}`, tone: "dim" },
          ],
        ),
      );
    },
  };
}

export async function listObjectives(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("objectives.list", { query: { ...server.namespace, ...page } }),
    ({ objectives }) => objectives,
  );
  return {
    json: { objectives: entries },
    nextToken,
    quiet: entries.map(({ ruleId = "" }) => ruleId),
    empty:
      entries.length === 0
        ? "No objectives yet. Set an alert rule with `objective`: tutti alert-rule set FILE"
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "objective" },
          { title: "labels", yields: 1, widthMin: 8 },
          { title: "goal", align: "right" },
          { title: "good", align: "right" },
          { title: "budget left", align: "right" },
          { title: "burn rate, 1 h", align: "right" },
          { title: "events", align: "right" },
        ],
        entries.map(({ ruleId = "", labels, objective, total = 0, bad = 0, budgetLeft = 0, burnRates }) => [
          { text: ruleId, tone: "bold" },
          {
            text: Object.entries(labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(" "),
            tone: "dim",
          },
          percent(objective?.goal ?? 0),
          total === 0 ? "" : percent(1 - bad / total),
          {
            text: percent(budgetLeft, 1),
            tone: budgetLeft < 0 ? "red" : budgetLeft < 0.25 ? "yellow" : "cyan",
          },
          String(burnRates["burn_1h"] ?? 0),
          String(total),
        ]),
      );
    },
  };
}

/** Returns a percentage such as `99.9 %`, with enough digits to tell a goal of five nines from 100 %. */
function percent(part: number, digits = 3): string {
  return `${Number((part * 100).toFixed(digits))} %`;
}

export async function listSilences(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("silences.list", { query: { ...server.namespace, ...page } }),
    ({ silences }) => silences,
  );
  return {
    json: { silences: entries },
    nextToken,
    quiet: entries.map(({ silenceId = "" }) => silenceId),
    empty: entries.length === 0 ? "No silences." : undefined,
    draw: () => {
      print.table(
        [
          { title: "silence" },
          { title: "rule" },
          { title: "labels", yields: 2, widthMin: 8 },
          { title: "from" },
          { title: "until" },
          { title: "recurs" },
          { title: "reason", yields: 1, widthMin: 8 },
        ],
        entries.map(({ silenceId = "", ruleId, labels, matchers, span, createCause, recurrence }) => [
          { text: silenceId, tone: "bold" },
          ruleId || "any",
          [
            ...Object.entries(labels?.equals ?? {}).map(([name, value]) => `${name}=${value}`),
            ...matchers.map(({ name = "", value = "", regex = false, negated = false }) =>
              printMatcher({ name, value, regex, negated }),
            ),
          ].join(" "),
          { text: printMoment(span?.fromMs ?? 0, shell.nowMs()), tone: "dim" },
          printMoment(span?.toMs ?? 0, shell.nowMs()),
          recurrence?.cron ?? "",
          { text: createCause?.reason ?? "", tone: "dim" },
        ]),
      );
    },
  };
}

export async function listReceivers(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { receivers } = await server.call("alertReceivers.list", { query: server.namespace });
  return {
    json: { receivers },
    quiet: receivers.map(({ name = "" }) => name),
    empty: receivers.length === 0 ? "No receivers. Set `insight.receivers` in the configuration." : undefined,
    draw: () => {
      print.table(
        [{ title: "receiver" }, { title: "kind" }],
        receivers.map(({ name = "", kind = "" }) => [{ text: name, tone: "bold" }, kind]),
      );
    },
  };
}

export async function listNotifications(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const server = await connect(context);
  const deadOnly = values.flag("dead");
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("notifications.list", { query: { ...server.namespace, deadOnly, ...page } }),
    ({ notifications }) => notifications,
  );
  return {
    json: { notifications: entries },
    nextToken,
    quiet: entries.map(({ number = 0 }) => String(number)),
    empty: entries.length === 0 ? "Receivers have all notifications." : undefined,
    draw: () => {
      print.table(
        [
          { title: "number", align: "right" },
          { title: "receiver" },
          { title: "state" },
          { title: "since" },
          { title: "about", yields: 2, widthMin: 8 },
          { title: "problem", yields: 1, widthMin: 12 },
        ],
        entries.map(
          ({ number = 0, receiver = "", dead, requestTimeMs = 0, ruleId = "", alerts = 0, problem = "" }) => [
            String(number),
            { text: receiver, tone: "bold" },
            dead === true ? { text: "dead letter", tone: "red" } : { text: "under way", tone: "cyan" },
            { text: printAge(requestTimeMs, shell.nowMs()), tone: "dim" },
            `${alerts} of ${ruleId}`,
            { text: problem, tone: "dim" },
          ],
        ),
      );
    },
  };
}
