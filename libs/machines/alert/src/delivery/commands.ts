import {
  AlertDeliveriesRetried,
  AlertsDone,
  RetryAlertDeliveries,
  SettleAlertDelivery,
} from "@tutti/contracts/insight/v1";
import { alertErrors } from "../errors.ts";
import type { AlertsCommand } from "../state.ts";
import { deliveriesRetried, deliverySettled } from "./events.ts";

/** A result. */
export const settleDelivery: AlertsCommand<SettleAlertDelivery, AlertsDone> = {
  type: "settle_delivery",
  codec: SettleAlertDelivery,
  reply: AlertsDone,
  decide(state, { delivered, message }, step) {
    const number = step.settles?.number ?? 0;
    if (state.deliveries.get(number)?.problem !== "") return alertErrors.deliveryUnknown.refusal();
    const problem = delivered ? "" : message || "The receiver rejected the message";
    step.emit(deliverySettled, { number, problem });
    return {};
  },
};

export const retryDeliveries: AlertsCommand<RetryAlertDeliveries, AlertDeliveriesRetried> = {
  type: "retry_deliveries",
  codec: RetryAlertDeliveries,
  reply: AlertDeliveriesRetried,
  decide(state, { numbers: requested }, step) {
    const selected = new Set(requested);
    const numbers = [...state.deliveries.values()]
      .filter(({ number, problem }) => problem !== "" && (selected.size === 0 || selected.has(number)))
      .map(({ number }) => number);
    if (numbers.length > 0) step.emit(deliveriesRetried, { numbers });
    return { count: numbers.length };
  },
};
