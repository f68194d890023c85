/** Sends alerts to the receivers of rules: one message for each receiver and rule, for any number of alerts. */
import { isDeepStrictEqual } from "node:util";
import {
  type AlertDelivery,
  AlertStatus,
  type KeptAlert,
  type KeptEscalation,
} from "@tutti/contracts/insight/v1";
import { changeAlerts } from "../alert/commands.ts";
import { climb, type EscalationMessage } from "../escalation/climb.ts";
import { escalationsChanged } from "../escalation/events.ts";
import { inhibition } from "../inhibition/inhibition.ts";
import { alertsInMessageMax, pendingMessagesMax } from "../limits.ts";
import { expiredReports } from "../report/commands.ts";
import { nextOf, silenceAdded, silenceEnded, silenceOf } from "../silence/silences.ts";
import type { AlertsStep, AlertsView } from "../state.ts";
import { isUntold } from "./due.ts";
import { deliveriesRequested, deliverySettled } from "./events.ts";

/** The timer is due: silences and reported alerts end, receivers get messages, and escalations climb. */
export function expire(state: AlertsView, step: AlertsStep): void {
  const { nowMs } = step;
  const over = [...state.silences.values()].filter(({ toMs }) => toMs <= nowMs);
  for (const silence of over) {
    step.emit(silenceEnded, { silenceId: silence.silenceId, endMs: nowMs });
    const next = nextOf(silence, nowMs);
    if (next !== undefined) step.emit(silenceAdded, { silence: next });
  }
  changeAlerts(state, { alerts: expiredReports(state, nowMs), droppedIds: [] }, step);
  const due = new Set([...state.dueMs].filter(([, dueMs]) => dueMs <= nowMs).map(([ruleId]) => ruleId));
  for (const { ruleId, dueMs } of state.escalations.values())
    if (dueMs > 0 && dueMs <= nowMs) due.add(ruleId);
  if (due.size > 0) sendMessages(state, [...due], step);
}

/** Alerts of a rule that receivers may learn of. */
interface PendingAlerts {
  readonly unsent: KeptAlert[];
  readonly waiting: KeptAlert[];
  isSuppressed: boolean;
  /** Whether receivers know of an open alert afterwards. */
  isKnown: boolean;
}

export function sendMessages(state: AlertsView, ruleIds: readonly string[], step: AlertsStep): void {
  const deliveries: AlertDelivery[] = [];
  const alertIds: string[] = [];
  const escalations: KeptEscalation[] = [];
  const endedRuleIds: string[] = [];
  for (const [ruleId, alerts] of pendingAlertsOf(state, ruleIds, step.nowMs)) {
    const { unsent } = alerts;
    alertIds.push(...unsent.map(({ alertId }) => alertId));
    const { escalation, messages } = climb(state, ruleId, alerts, step.nowMs);
    const policyId = escalation?.policyId ?? "";
    const receivers = new Map<string, EscalationMessage>();
    if (unsent.length > 0)
      for (const receiver of state.rules.get(ruleId)?.rule?.receivers ?? [])
        receivers.set(receiver, { alerts: unsent, step: 0, onCall: [] });
    for (const [receiver, message] of messages) {
      // A receiver of the rule is notified of ends as well.
      const known = receivers.get(receiver)?.alerts ?? [];
      receivers.set(receiver, { ...message, alerts: [...new Set([...known, ...message.alerts])] });
    }
    for (const [receiver, { alerts: all, step: number, onCall }] of receivers)
      deliveries.push({
        number: state.lastNumber + deliveries.length + 1,
        receiver,
        ruleId,
        problem: "",
        attempt: 1,
        alerts: all.slice(0, alertsInMessageMax),
        count: all.length,
        requestMs: step.nowMs,
        escalation: number === 0 ? undefined : { policyId, step: number, onCall: [...onCall] },
      });
    const known = state.escalations.get(ruleId);
    if (escalation !== undefined && alerts.isKnown) {
      if (!isDeepStrictEqual(known, escalation)) escalations.push(escalation);
    } else if (known !== undefined) endedRuleIds.push(ruleId);
  }
  for (const { ruleId, receiver } of deliveries) dropOldest(state, ruleId, receiver, step);
  // Emitted even without a message: the rules are no longer due.
  step.emit(deliveriesRequested, { deliveries, alertIds, ruleIds: [...ruleIds], requestMs: step.nowMs });
  if (escalations.length + endedRuleIds.length > 0)
    step.emit(escalationsChanged, { escalations, endedRuleIds });
}

function pendingAlertsOf(
  state: AlertsView,
  ruleIds: readonly string[],
  nowMs: number,
): Map<string, PendingAlerts> {
  const pending = new Map<string, PendingAlerts>(
    ruleIds.map((ruleId) => [ruleId, { unsent: [], waiting: [], isSuppressed: false, isKnown: false }]),
  );
  const inhibitorOf = inhibition(state.rules, () => state.alerts.values());
  for (const view of state.alerts.values()) {
    const alerts = pending.get(view.ruleId);
    if (alerts === undefined) continue;
    // The cast is safe: the value is only read.
    const alert = view as KeptAlert;
    const isFiring = alert.status === AlertStatus.ALERT_STATUS_FIRING;
    const isUnsent = isUntold(alert);
    const knowsStart = alert.told === AlertStatus.ALERT_STATUS_FIRING;
    if (!isUnsent && !isFiring) {
      alerts.isKnown ||= knowsStart;
      continue;
    }
    const isSuppressed = silenceOf(state, alert, nowMs) !== undefined || inhibitorOf(alert) !== undefined;
    alerts.isKnown ||= isSuppressed ? knowsStart : isFiring;
    alerts.isSuppressed ||= isSuppressed && isFiring;
    if (isSuppressed) continue;
    if (isUnsent) alerts.unsent.push(alert);
    if (isFiring) alerts.waiting.push(alert);
  }
  return pending;
}

/** Drops the oldest message, so that a receiver that is down does not collect messages without end. */
function dropOldest(state: AlertsView, ruleId: string, receiver: string, step: AlertsStep): void {
  const waiting = [...state.deliveries.values()].filter(
    (delivery) => delivery.problem === "" && delivery.ruleId === ruleId && delivery.receiver === receiver,
  );
  const problem = `More than ${pendingMessagesMax} messages of the rule wait for the receiver`;
  for (const { number } of waiting.slice(0, Math.max(0, waiting.length + 1 - pendingMessagesMax)))
    step.emit(deliverySettled, { number, problem });
}
