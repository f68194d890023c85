import {
  AlertDeliveriesRequestedV1,
  AlertDeliveriesRetriedV1,
  AlertDeliverySettledV1,
} from "@tutti/contracts/insight/v1";
import { deadMax } from "../limits.ts";
import type { Alerts, AlertsEvent } from "../state.ts";
import { setTimer } from "./due.ts";

export const deliveriesRequested: AlertsEvent<AlertDeliveriesRequestedV1> = {
  type: "alert_deliveries_requested",
  version: 1,
  codec: AlertDeliveriesRequestedV1,
  evolve(state, { deliveries, alertIds, ruleIds, requestMs }, outstanding) {
    for (const ruleId of ruleIds) {
      state.dueMs.delete(ruleId);
      state.sinceMs.delete(ruleId);
    }
    for (const delivery of deliveries) {
      state.lastNumber = Math.max(state.lastNumber, delivery.number);
      state.deliveries.set(delivery.number, delivery);
      state.toldMs.set(delivery.ruleId, requestMs);
      outstanding.effect(delivery.number, 1, { kind: "deliver_alerts", delivery });
    }
    for (const id of alertIds) {
      const alert = state.alerts.get(id);
      if (alert !== undefined) state.alerts.set(id, { ...alert, told: alert.status });
    }
    setTimer(state, outstanding);
  },
};

export const deliverySettled: AlertsEvent<AlertDeliverySettledV1> = {
  type: "alert_delivery_settled",
  version: 1,
  codec: AlertDeliverySettledV1,
  evolve(state, { number, problem }, outstanding) {
    const delivery = state.deliveries.get(number);
    if (delivery === undefined) return;
    outstanding.settled(number);
    state.deliveries.delete(number);
    if (problem === "") return;
    state.deliveries.set(number, { ...delivery, problem });
    trimDead(state);
  },
};

export const deliveriesRetried: AlertsEvent<AlertDeliveriesRetriedV1> = {
  type: "alert_deliveries_retried",
  version: 1,
  codec: AlertDeliveriesRetriedV1,
  evolve(state, { numbers }, outstanding) {
    for (const number of numbers) {
      const dead = state.deliveries.get(number);
      if (dead === undefined) continue;
      const delivery = { ...dead, problem: "", attempt: dead.attempt + 1 };
      state.deliveries.set(number, delivery);
      outstanding.effect(number, delivery.attempt, { kind: "deliver_alerts", delivery });
    }
  },
};

function trimDead({ deliveries }: Alerts): void {
  const dead = [...deliveries.values()].filter(({ problem }) => problem !== "");
  for (const { number } of dead.slice(0, Math.max(0, dead.length - deadMax))) deliveries.delete(number);
}
