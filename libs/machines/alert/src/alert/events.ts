import {
  AlertStatus,
  AlertsChangedV1,
  AlertsTakenV1,
  AlertTakenV1,
  type KeptAlert,
} from "@tutti/contracts/insight/v1";
import { isUntold, plan, setTimer } from "../delivery/due.ts";
import { inhibitedRules } from "../inhibition/inhibition.ts";
import type { Alerts, AlertsEvent } from "../state.ts";
import { dropAlert, forgetEnded, setAlert } from "./fold.ts";

export const alertsChanged: AlertsEvent<AlertsChangedV1> = {
  type: "alerts_changed",
  version: 1,
  codec: AlertsChangedV1,
  evolve(state, { alerts, droppedIds, changeMs }, outstanding) {
    for (const alert of alerts) {
      if (!state.alerts.has(alert.alertId)) state.lastId += 1;
      setAlert(state, alert);
    }
    for (const id of droppedIds) dropAlert(state, id);
    forgetEnded(state);
    for (const ruleId of new Set(alerts.map((alert) => alert.ruleId))) plan(state, ruleId, changeMs);
    planInhibited(state, alerts, changeMs);
    setTimer(state, outstanding);
  },
};

/** Receivers get no further message until the alert ends. */
export const alertTaken: AlertsEvent<AlertTakenV1> = {
  type: "alert_taken",
  version: 1,
  codec: AlertTakenV1,
  evolve: (state, { alertId, cause }) => acknowledge(state, alertId, cause),
};

/** Acknowledges all firing alerts of an incident. */
export const alertsTaken: AlertsEvent<AlertsTakenV1> = {
  type: "alerts_taken",
  version: 1,
  codec: AlertsTakenV1,
  evolve(state, { alertIds, cause }) {
    for (const alertId of alertIds) acknowledge(state, alertId, cause);
  },
};

function acknowledge(state: Alerts, alertId: string, cause: AlertTakenV1["cause"]): void {
  const alert = state.alerts.get(alertId);
  if (alert === undefined) return;
  setAlert(state, { ...alert, status: AlertStatus.ALERT_STATUS_ACKNOWLEDGED, acknowledgeCause: cause });
}

/** Plans messages about the alerts that an ended alert has inhibited. */
function planInhibited(state: Alerts, alerts: readonly KeptAlert[], changeMs: number): void {
  const ended = alerts.filter(({ status }) => status === AlertStatus.ALERT_STATUS_RESOLVED);
  if (ended.length === 0) return;
  const inhibited = new Set(inhibitedRules(state.rules, new Set(ended.map(({ ruleId }) => ruleId))));
  if (inhibited.size === 0) return;
  for (const alert of state.alerts.values())
    if (inhibited.has(alert.ruleId) && isUntold(alert)) plan(state, alert.ruleId, changeMs);
}
