/** Storage of alerts: by id, and open ones also by rule and labels. */
import { AlertStatus, type KeptAlert } from "@tutti/contracts/insight/v1";
import { isUntold } from "../delivery/due.ts";
import { endedMax } from "../limits.ts";
import { type Alerts, placeOf } from "../state.ts";

export function setAlert(state: Alerts, alert: KeptAlert): void {
  const { alertId, ruleId, labels, status } = alert;
  const isOver = status === AlertStatus.ALERT_STATUS_RESOLVED;
  // Ended alerts are in the order of their ends.
  if (isOver) state.alerts.delete(alertId);
  state.alerts.set(alertId, alert);
  if (isOver) state.open.delete(placeOf(ruleId, labels));
  else state.open.set(placeOf(ruleId, labels), alertId);
  if (isOver) state.reported.delete(alertId);
  else if (alert.report !== undefined) state.reported.add(alertId);
}

export function dropAlert(state: Alerts, alertId: string): void {
  const alert = state.alerts.get(alertId);
  if (alert === undefined) return;
  state.alerts.delete(alertId);
  const place = placeOf(alert.ruleId, alert.labels);
  if (state.open.get(place) === alertId) state.open.delete(place);
}

/** Drops ended alerts above the maximum, the oldest first. */
export function forgetEnded(state: Alerts): void {
  let excess = state.alerts.size - state.open.size - endedMax;
  if (excess <= 0) return;
  for (const [id, alert] of state.alerts) {
    if (excess <= 0) return;
    // Receivers are notified of its end first.
    if (alert.status !== AlertStatus.ALERT_STATUS_RESOLVED || isUntold(alert)) continue;
    state.alerts.delete(id);
    excess--;
  }
}
