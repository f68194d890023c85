/** Alerts from other systems, and the configured receivers. */
import {
  AlertReported,
  type ListAlertReceiversReply,
  type ReportAlertsReply,
  type ReportAlertsRequest,
} from "@tutti/contracts/insight/v1";
import { execute } from "@tutti/host/serving";
import { type CallContext, fromTimestamp } from "@tutti/kernel";
import { takeAlertReports } from "@tutti/machine-alert";
import { keyOf } from "../key.ts";
import { type AlertDependencies, namespaceOf } from "./dependencies.ts";

export async function reportAlerts(
  dependencies: AlertDependencies,
  { alerts: reports, ...request }: ReportAlertsRequest,
  context: CallContext,
): Promise<ReportAlertsReply> {
  const namespace = namespaceOf(request, context);
  const alerts = reports.map(({ startTime, endTime, ...reported }) =>
    AlertReported.fromPartial({
      ...reported,
      startMs: startTime === undefined ? 0 : fromTimestamp(startTime),
      endMs: endTime === undefined ? 0 : fromTimestamp(endTime),
    }),
  );
  const key = keyOf(namespace);
  const result = await execute(dependencies, key, { command: takeAlertReports, body: { alerts } }, context);
  dependencies.droppedReports.add(result.leftOut);
  return result;
}

export function listReceivers({ receivers }: AlertDependencies): ListAlertReceiversReply {
  return { receivers: receivers.kinds.map(([name, kind]) => ({ name, kind })) };
}
