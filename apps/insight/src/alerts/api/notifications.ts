/** Lists undelivered notifications, and sends dead ones again. */
import type {
  ListNotificationsReply,
  ListNotificationsRequest,
  Notification,
  RetryNotificationsRequest,
} from "@tutti/contracts/insight/v1";
import { execute } from "@tutti/host/serving";
import { type CallContext, pageOf, toTimestamp } from "@tutti/kernel";
import { retryDeliveries } from "@tutti/machine-alert";
import { keyOf } from "../key.ts";
import { type AlertDependencies, namespaceOf, snapshotOf } from "./dependencies.ts";

export async function listNotifications(
  dependencies: AlertDependencies,
  { deadOnly, page, ...request }: ListNotificationsRequest,
  context: CallContext,
): Promise<ListNotificationsReply> {
  const namespace = namespaceOf(request, context);
  const { deliveries } = await snapshotOf(dependencies, namespace, context);
  const notifications = deliveries
    .filter(({ problem }) => !deadOnly || problem !== "")
    .map(({ number, receiver, ruleId, alerts, count, requestMs, attempt, problem }): Notification => {
      const dead = problem !== "";
      return {
        number,
        receiver,
        ruleId,
        alerts: count,
        attempt,
        dead,
        title: alerts[0]?.title ?? "",
        requestTime: toTimestamp(requestMs),
        problem: dead ? problem : dependencies.notifications.failureOf({ namespace }, number),
      };
    });
  const keyOfNumber = ({ number }: Notification) => String(number).padStart(10, "0");
  notifications.sort((one, other) => one.number - other.number);
  const list = { list: ["notifications", namespace, deadOnly], keyOf: keyOfNumber };
  const { items, nextToken } = pageOf(notifications, list, page);
  return { notifications: items, page: { nextToken, total: notifications.length } };
}

export function retryNotifications(
  dependencies: AlertDependencies,
  { numbers, reason, ...request }: RetryNotificationsRequest,
  context: CallContext,
) {
  const key = keyOf(namespaceOf(request, context));
  return execute(dependencies, key, { command: retryDeliveries, body: { numbers }, reason }, context);
}
