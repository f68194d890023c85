/**
 * Alerts that other systems report, as Prometheus does to Alertmanager.
 *
 * 1. An alert belongs to the external rule whose id is its label `alertname`, otherwise to the rule `external`, which
 *    need not exist.
 * 2. It fires until it is reported as ended, or is not reported again in time. Then its end is its expiry.
 * 3. A report that changes nothing but the expiry is one small entry in the journal, so that the expiry survives a
 *    crash.
 */
import {
  type AlertReported,
  type AlertReportRenewed,
  AlertReportsTaken,
  type AlertRule,
  AlertStatus,
  type KeptAlert,
  TakeAlertReports,
} from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { changeAlerts, newId } from "../alert/commands.ts";
import { compileRule, type RuleProgram } from "../evaluation/rule-program.ts";
import { externalRuleId, reportedForMs, reportsMax } from "../limits.ts";
import { type AlertsCommand, type AlertsView, placeOf } from "../state.ts";
import { alertReportsRenewed } from "./events.ts";
import { severityIn } from "./labels.ts";

interface Reports {
  readonly alerts: KeptAlert[];
  readonly renewed: AlertReportRenewed[];
  readonly seen: Set<string>;
  /** Compiled rules by id, so that a large report compiles each rule once. */
  readonly programs: Map<string, RuleProgram | undefined>;
  fresh: number;
  leftOut: number;
}

export const takeAlertReports: AlertsCommand<TakeAlertReports, AlertReportsTaken> = {
  type: "take_alert_reports",
  codec: TakeAlertReports,
  reply: AlertReportsTaken,
  decide(state, { alerts }, step) {
    const reports: Reports = {
      alerts: [],
      renewed: [],
      seen: new Set(),
      programs: new Map(),
      fresh: 0,
      leftOut: 0,
    };
    for (const reported of alerts) accept(state, reported, step.nowMs, reports);
    changeAlerts(state, { alerts: reports.alerts, droppedIds: [] }, step);
    if (reports.renewed.length > 0)
      step.emit(alertReportsRenewed, { reports: reports.renewed, renewMs: step.nowMs });
    return { accepted: alerts.length - reports.leftOut, leftOut: reports.leftOut };
  },
};

/** Returns the reported alerts that expired because they were not reported again. */
export function expiredReports(state: AlertsView, nowMs: number): KeptAlert[] {
  return [...state.reported]
    .map((id) => state.alerts.get(id))
    .filter((alert) => alert !== undefined)
    .filter(({ report }) => report !== undefined && report.expiryMs <= nowMs)
    .map((alert) => ended(alert, alert.report?.expiryMs ?? nowMs));
}

function accept(state: AlertsView, reported: AlertReported, nowMs: number, reports: Reports): void {
  const { labels } = reported;
  const rule = ruleFor(state, labels);
  const place = placeOf(rule, labels);
  if (reports.seen.has(place)) return;
  reports.seen.add(place);
  const known = openAt(state, place);
  // The rule was created after the alert.
  const general = rule === externalRuleId ? undefined : openAt(state, placeOf(externalRuleId, labels));
  if (general !== undefined) reports.alerts.push(ended(general, nowMs));
  const expiryMs = reported.endMs === 0 ? nowMs + reportedForMs : reported.endMs;
  if (expiryMs <= nowMs) {
    if (known !== undefined) reports.alerts.push(ended(known, expiryMs));
    return;
  }
  if (state.rules.get(rule)?.rule?.disabled === true) reports.leftOut++;
  else if (known !== undefined)
    renew(known, textsOf(state, rule, reported, reports), expiryMs, nowMs, reports);
  else if (state.reported.size + reports.fresh >= reportsMax) reports.leftOut++;
  else {
    const texts = textsOf(state, rule, reported, reports);
    reports.alerts.push(alertOf(rule, reported, texts, { expiryMs, nowMs, id: newId(state, reports) }));
  }
}

function renew(
  known: ReadOnly<KeptAlert>,
  { annotations, generatorUrl, ...texts }: Texts,
  expiryMs: number,
  nowMs: number,
  { renewed }: Reports,
): void {
  const { alertId, report } = known;
  const before = JSON.stringify([report?.annotations, report?.generatorUrl]);
  const isSame = JSON.stringify([annotations, generatorUrl]) === before;
  if (isSame && report?.expiryMs === expiryMs) return;
  const next = { annotations, generatorUrl, expiryMs, updateMs: nowMs };
  // The cast is safe: the value is only read.
  const alert = isSame ? undefined : { ...(known as KeptAlert), ...texts, report: next };
  renewed.push({ alertId, expiryMs, alert });
}

function alertOf(
  ruleId: string,
  reported: AlertReported,
  { annotations, generatorUrl, ...texts }: Texts,
  { id, expiryMs, nowMs }: { readonly id: string; readonly expiryMs: number; readonly nowMs: number },
): KeptAlert {
  return {
    alertId: id,
    ruleId,
    labels: { ...reported.labels },
    values: {},
    ...texts,
    status: AlertStatus.ALERT_STATUS_FIRING,
    // The clock of another system may be ahead.
    startMs: reported.startMs === 0 ? nowMs : Math.min(reported.startMs, nowMs),
    endMs: 0,
    acknowledgeCause: undefined,
    told: AlertStatus.ALERT_STATUS_UNSPECIFIED,
    incidentId: undefined,
    report: { annotations, generatorUrl, expiryMs, updateMs: nowMs },
  };
}

interface Texts extends Pick<KeptAlert, "title" | "advice" | "severity"> {
  readonly annotations: Record<string, string>;
  readonly generatorUrl: string;
}

function textsOf(
  state: AlertsView,
  ruleId: string,
  { labels, annotations, generatorUrl }: AlertReported,
  { programs }: Reports,
): Texts {
  const rule = state.rules.get(ruleId)?.rule;
  const own = ownTexts(rule, labels, programs);
  const { summary = "", description = "", runbook_url: runbook = "" } = annotations;
  const advice = [description || own.advice, runbook === "" ? "" : `Runbook: ${runbook}`];
  return {
    title: (summary || own.title || labels["alertname"] || "Reported alert").slice(0, 500),
    advice: advice
      .filter((text) => text !== "")
      .join("\n\n")
      .slice(0, 4_096),
    severity: severityIn(labels) ?? rule?.severity ?? Severity.SEVERITY_WARNING,
    // Sorted, so that they can be compared.
    annotations: Object.fromEntries(
      Object.entries(annotations).sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
    generatorUrl,
  };
}

/** Returns the texts of a rule, with the labels of an alert in place of their expressions. */
function ownTexts(
  rule: ReadOnly<AlertRule> | undefined,
  labels: AlertReported["labels"],
  programs: Reports["programs"],
): Pick<Texts, "title" | "advice"> {
  if (rule === undefined) return { title: "", advice: "" };
  if (!programs.has(rule.ruleId)) {
    const compiled = compileRule(rule);
    programs.set(rule.ruleId, compiled.ok ? compiled.program : undefined);
  }
  const filled = programs.get(rule.ruleId)?.texts(labels);
  return { title: filled?.title || rule.title, advice: filled?.advice || rule.advice };
}

function ruleFor(state: AlertsView, { alertname = "" }: AlertReported["labels"]): string {
  return state.rules.get(alertname)?.rule?.external === true ? alertname : externalRuleId;
}

function openAt(state: AlertsView, place: string): ReadOnly<KeptAlert> | undefined {
  return state.alerts.get(state.open.get(place) ?? "");
}

function ended(alert: ReadOnly<KeptAlert>, endMs: number): KeptAlert {
  // The cast is safe: the value is only read.
  const known = alert as KeptAlert;
  return { ...known, status: AlertStatus.ALERT_STATUS_RESOLVED, endMs: Math.max(endMs, known.startMs) };
}
