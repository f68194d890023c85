/**
 * Converts evaluations to alerts.
 *
 * 1. An alert is one label set of a rule. It is pending until the condition has been true for the rule's `holdMs`,
 *    then firing.
 * 2. An observation that changes no status has no event: a rule that keeps firing costs nothing.
 * 3. An alert that ends before it fired is dropped, and no receiver learns of it.
 */
import {
  type AlertRule,
  AlertStatus,
  AlertsDone,
  type KeptAlert,
  ObserveAlerts,
  type ObservedAlert,
  type RuleObservation,
  TakeAlert,
} from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { alertErrors } from "../errors.ts";
import { incidentsChanged } from "../incident/events.ts";
import { joinIncidents } from "../incident/join.ts";
import { alertsOfRuleMax } from "../limits.ts";
import { type AlertsCommand, type AlertsStep, type AlertsView, placeOf } from "../state.ts";
import { alertsChanged, alertTaken } from "./events.ts";

interface Changes {
  readonly alerts: KeptAlert[];
  readonly droppedIds: string[];
  /** Number of new alerts. */
  fresh: number;
}

export const observe: AlertsCommand<ObserveAlerts, AlertsDone> = {
  type: "observe",
  codec: ObserveAlerts,
  reply: AlertsDone,
  decide(state, { observations }, step) {
    const changes: Changes = { alerts: [], droppedIds: [], fresh: 0 };
    const byRule = new Map(observations.map((each) => [each.ruleId, each]));
    const openOf = Map.groupBy(openAlerts(state), ({ ruleId }) => ruleId);
    for (const [ruleId, observation] of byRule)
      compare(state, observation, openOf.get(ruleId) ?? [], step.nowMs, changes);
    changeAlerts(state, changes, step);
    return {};
  },
};

export const takeAlert: AlertsCommand<TakeAlert, AlertsDone> = {
  type: "take_alert",
  codec: TakeAlert,
  reply: AlertsDone,
  decide(state, { alertId }, step) {
    const status = state.alerts.get(alertId)?.status;
    if (status === AlertStatus.ALERT_STATUS_ACKNOWLEDGED) return {};
    if (status !== AlertStatus.ALERT_STATUS_FIRING) return alertErrors.alertMissing.refusal({ id: alertId });
    step.emit(alertTaken, { alertId, cause: step.cause });
    return {};
  },
};

/** Changes the alerts, then the incidents that they belong to. */
export function changeAlerts(
  state: AlertsView,
  { alerts, droppedIds }: Pick<Changes, "alerts" | "droppedIds">,
  step: AlertsStep,
): void {
  if (alerts.length + droppedIds.length === 0) return;
  const incidents = joinIncidents(state, alerts, step.nowMs);
  step.emit(alertsChanged, { alerts, droppedIds, changeMs: step.nowMs });
  if (incidents.length > 0) step.emit(incidentsChanged, { incidents });
}

function* openAlerts(state: AlertsView): Generator<KeptAlert> {
  // The cast is safe: the value is only read.
  for (const id of state.open.values()) yield state.alerts.get(id) as KeptAlert;
}

function compare(
  state: AlertsView,
  { ruleId, found }: RuleObservation,
  open: readonly KeptAlert[],
  nowMs: number,
  changes: Changes,
): void {
  const rule = state.rules.get(ruleId)?.rule;
  // Other systems report its alerts.
  if (rule?.external === true && !rule.disabled) return;
  // The rule was removed or disabled during its evaluation.
  const firing = rule === undefined || rule.disabled ? [] : found.slice(0, alertsOfRuleMax);
  const seen = new Set<string>();
  for (const observed of firing) {
    const place = placeOf(ruleId, observed.labels);
    if (seen.has(place) || rule === undefined) continue;
    seen.add(place);
    const known = state.alerts.get(state.open.get(place) ?? "");
    if (known === undefined) changes.alerts.push(alertOf(rule, observed, newId(state, changes), nowMs));
    else if (known.status === AlertStatus.ALERT_STATUS_PENDING && nowMs - known.startMs >= rule.holdMs) {
      const { values } = observed;
      // The cast is safe: the value is only read.
      changes.alerts.push({ ...(known as KeptAlert), values, status: AlertStatus.ALERT_STATUS_FIRING });
    }
  }
  for (const alert of open) if (!seen.has(placeOf(ruleId, alert.labels))) end(alert, nowMs, changes);
}

export function end(
  alert: KeptAlert,
  nowMs: number,
  { alerts, droppedIds }: Pick<Changes, "alerts" | "droppedIds">,
): void {
  if (alert.status === AlertStatus.ALERT_STATUS_PENDING) droppedIds.push(alert.alertId);
  else alerts.push({ ...alert, status: AlertStatus.ALERT_STATUS_RESOLVED, endMs: nowMs });
}

export function newId(state: AlertsView, changes: Pick<Changes, "fresh">): string {
  return `a${state.lastId + ++changes.fresh}`;
}

function alertOf(
  rule: ReadOnly<AlertRule>,
  { labels, values, title, advice }: ObservedAlert,
  alertId: string,
  nowMs: number,
): KeptAlert {
  const isPending = rule.holdMs > 0;
  return {
    alertId,
    ruleId: rule.ruleId,
    labels,
    values,
    severity: rule.severity,
    title: title || rule.title,
    advice: advice || rule.advice,
    status: isPending ? AlertStatus.ALERT_STATUS_PENDING : AlertStatus.ALERT_STATUS_FIRING,
    startMs: nowMs,
    endMs: 0,
    acknowledgeCause: undefined,
    told: AlertStatus.ALERT_STATUS_UNSPECIFIED,
    incidentId: undefined,
    report: undefined,
  };
}
