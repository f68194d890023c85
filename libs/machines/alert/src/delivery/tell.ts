/** Receivers of rules hear of their alerts: one message for each receiver and rule, however many alerts there are. */
import type { AlertDelivery, KeptAlert } from "@tutti/contracts/insight/v1";
import { inhibition } from "../inhibition/inhibition.ts";
import { alertsInMessageMax, underWayMax } from "../limits.ts";
import { silenceEnded, silenceOf } from "../silence/silences.ts";
import type { AlertsStep, AlertsView } from "../state.ts";
import { isUntold } from "./due.ts";
import { deliveriesRequested, deliverySettled } from "./events.ts";

/** The timer is due: silences end, and receivers get messages. */
export function expire(state: AlertsView, step: AlertsStep): void {
  const { nowMs } = step;
  const over = [...state.silences.values()].filter(({ toMs }) => toMs <= nowMs);
  for (const { silenceId } of over) step.emit(silenceEnded, { silenceId, endMs: nowMs });
  const due = [...state.dueMs].filter(([, dueMs]) => dueMs <= nowMs).map(([ruleId]) => ruleId);
  if (due.length > 0) tell(state, due, step);
}

export function tell(state: AlertsView, ruleIds: readonly string[], step: AlertsStep): void {
  const wanted = new Map<string, KeptAlert[]>(ruleIds.map((ruleId) => [ruleId, []]));
  const inhibitorOf = inhibition(state.rules, () => state.alerts.values());
  for (const alert of state.alerts.values()) {
    if (!wanted.has(alert.ruleId) || !isUntold(alert)) continue;
    if (silenceOf(state, alert, step.nowMs) !== undefined || inhibitorOf(alert) !== undefined) continue;
    // Only read.
    wanted.get(alert.ruleId)?.push(alert as KeptAlert);
  }
  const deliveries: AlertDelivery[] = [];
  const alertIds: string[] = [];
  for (const [ruleId, alerts] of wanted) {
    if (alerts.length === 0) continue;
    alertIds.push(...alerts.map(({ alertId }) => alertId));
    for (const receiver of new Set(state.rules.get(ruleId)?.rule?.receivers))
      deliveries.push({
        ...{ number: state.lastNumber + deliveries.length + 1, receiver, ruleId, problem: "", attempt: 1 },
        ...{ alerts: alerts.slice(0, alertsInMessageMax), count: alerts.length, requestMs: step.nowMs },
      });
  }
  for (const { ruleId, receiver } of deliveries) giveUpOldest(state, ruleId, receiver, step);
  // Also without a message: the rules are no longer due.
  step.emit(deliveriesRequested, { deliveries, alertIds, ruleIds: [...ruleIds], requestMs: step.nowMs });
}

/** A receiver that is away does not collect messages without end. */
function giveUpOldest(state: AlertsView, ruleId: string, receiver: string, step: AlertsStep): void {
  const waiting = [...state.deliveries.values()].filter(
    (one) => one.problem === "" && one.ruleId === ruleId && one.receiver === receiver,
  );
  const problem = `More than ${underWayMax} messages of the rule wait for the receiver`;
  for (const { number } of waiting.slice(0, Math.max(0, waiting.length + 1 - underWayMax)))
    step.emit(deliverySettled, { number, problem });
}
