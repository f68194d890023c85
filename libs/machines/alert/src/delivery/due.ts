/**
 * When receivers get messages: alerts of one rule that change together are one message. A message waits while further
 * alerts change, for a limited time.
 */
import { AlertStatus, type KeptAlert } from "@tutti/contracts/insight/v1";
import type { Outstanding, ReadOnly } from "@tutti/kernel";
import { groupIntervalMs, groupWaitMaxMs, groupWaitMs } from "../limits.ts";
import { type Alerts, type AlertsView, clockTimer, type DeliverAlerts } from "../state.ts";

/** Returns whether receivers must get the current status. An end counts only if they know of the start. */
export function isUntold({ status, told }: ReadOnly<KeptAlert>): boolean {
  if (status === AlertStatus.ALERT_STATUS_FIRING) return told !== status;
  return status === AlertStatus.ALERT_STATUS_RESOLVED && told === AlertStatus.ALERT_STATUS_FIRING;
}

export function plan(state: Alerts, ruleId: string, nowMs: number): void {
  const dueMs = state.dueMs.get(ruleId);
  if (dueMs !== undefined) {
    if (nowMs + groupWaitMs <= dueMs) return;
    const sinceMs = state.sinceMs.get(ruleId) ?? dueMs - groupWaitMs;
    state.sinceMs.set(ruleId, sinceMs);
    state.dueMs.set(ruleId, Math.max(dueMs, Math.min(nowMs + groupWaitMs, sinceMs + groupWaitMaxMs)));
    return;
  }
  const lastMs = state.toldMs.get(ruleId);
  const freeMs = lastMs === undefined ? 0 : lastMs + groupIntervalMs;
  state.dueMs.set(ruleId, Math.max(nowMs + groupWaitMs, freeMs));
}

/**
 * Returns the time of the next message, step of an escalation, or end of a silence or of a reported alert. 0
 * for never.
 */
function dueOf(state: AlertsView): number {
  let dueMs = 0;
  for (const ms of state.dueMs.values()) if (dueMs === 0 || ms < dueMs) dueMs = ms;
  for (const { toMs } of state.silences.values()) if (dueMs === 0 || toMs < dueMs) dueMs = toMs;
  for (const { dueMs: ms } of state.escalations.values())
    if (ms > 0 && (dueMs === 0 || ms < dueMs)) dueMs = ms;
  for (const id of state.reported) {
    const ms = state.alerts.get(id)?.report?.expiryMs ?? 0;
    if (ms > 0 && (dueMs === 0 || ms < dueMs)) dueMs = ms;
  }
  return dueMs;
}

export function setTimer(state: AlertsView, outstanding: Outstanding<DeliverAlerts>): void {
  const dueMs = dueOf(state);
  if (dueMs > 0) outstanding.timer(clockTimer, dueMs);
  else outstanding.cleared(clockTimer);
}

export function recover(state: AlertsView, outstanding: Outstanding<DeliverAlerts>): void {
  const dueMs = dueOf(state);
  if (dueMs > 0) outstanding.timer(clockTimer, dueMs);
  for (const delivery of state.deliveries.values())
    if (delivery.problem === "")
      outstanding.effect(delivery.number, delivery.attempt, { kind: "deliver_alerts", delivery });
}
