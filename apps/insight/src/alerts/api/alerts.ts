/** Lists, watches and acknowledges alerts. */
import {
  type AcknowledgeAlertRequest,
  Alert,
  AlertFilter,
  type AlertSnapshotV1,
  AlertStatus,
  type KeptAlert,
  type KeptEscalation,
  type ListAlertsReply,
  type ListAlertsRequest,
  type WatchAlertsReply,
  type WatchAlertsRequest,
} from "@tutti/contracts/insight/v1";
import type { Severity } from "@tutti/contracts/types/v1";
import { changesOf, execute, type Named } from "@tutti/host/serving";
import {
  type CallContext,
  descending,
  fromTimestamp,
  labelsMatch,
  pageOf,
  type ReadOnly,
  toTimestamp,
} from "@tutti/kernel";
import { alertErrors, fingerprintOf, inhibition, labelsOf, silenceOf, takeAlert } from "@tutti/machine-alert";
import { keyOf } from "../key.ts";
import { type AlertDependencies, namespaceOf, snapshotOf } from "./dependencies.ts";

type Snapshot = ReadOnly<AlertSnapshotV1>;

/** Lists alerts, the most severe first, then the latest. */
export async function listAlerts(
  dependencies: AlertDependencies,
  { filter = AlertFilter.create(), page, ...request }: ListAlertsRequest,
  context: CallContext,
): Promise<ListAlertsReply> {
  const namespace = namespaceOf(request, context);
  const snapshot = await snapshotOf(dependencies, namespace, context);
  const matching = snapshot.alerts
    .map(showing(namespace, snapshot, dependencies.foundation.clock.now()))
    .filter((alert) => matchesFilter(alert, filter));
  const places = new Map(matching.map((alert) => [alert, placeOf(alert)]));
  const keyOfAlert = (alert: Alert) => places.get(alert) ?? "";
  matching.sort((one, other) => (keyOfAlert(one) < keyOfAlert(other) ? -1 : 1));
  const list = { list: ["alerts", namespace, AlertFilter.toJSON(filter)], keyOf: keyOfAlert };
  const { items, nextToken } = pageOf(matching, list, page);
  return { alerts: items, page: { nextToken, total: matching.length } };
}

export async function* watchAlerts(
  dependencies: AlertDependencies,
  { filter = AlertFilter.create(), cursor, ...request }: WatchAlertsRequest,
  context: CallContext,
): AsyncGenerator<WatchAlertsReply> {
  const { foundation, watches: memory } = dependencies;
  const namespace = namespaceOf(request, context);
  let alerts: ReadonlyMap<string, Alert> = new Map();
  const named: Named<Alert> = {
    async entries() {
      const snapshot = await snapshotOf(dependencies, namespace, context);
      const show = showing(namespace, snapshot, foundation.clock.now());
      alerts = new Map(snapshot.alerts.map((alert) => [alert.alertId, show(alert)]));
      return new Map([...alerts].map(([id, alert]) => [id, { events: stateOf(alert) }]));
    },
    async find(id) {
      const alert = alerts.get(id);
      return alert !== undefined && matchesFilter(alert, filter) ? alert : undefined;
    },
  };
  const about = JSON.stringify(["alerts", namespace, AlertFilter.toJSON(filter), context.principal.id]);
  const watching = { cursor, about, principal: context.principal.id, memory };
  for await (const { changed, removed, live, cursor: next } of changesOf(
    named,
    watching,
    foundation,
    context.signal,
  ))
    yield { alerts: changed, removedIds: removed, live, cursor: next };
}

export async function acknowledgeAlert(
  dependencies: AlertDependencies,
  { alertId, reason, ...request }: AcknowledgeAlertRequest,
  context: CallContext,
) {
  const namespace = namespaceOf(request, context);
  const key = keyOf(namespace);
  await execute(dependencies, key, { command: takeAlert, body: { alertId }, reason }, context);
  const snapshot = await snapshotOf(dependencies, namespace, context);
  const alert = snapshot.alerts.find((each) => each.alertId === alertId);
  if (alert === undefined) throw alertErrors.alertMissing({ id: alertId });
  return { alert: showing(namespace, snapshot, dependencies.foundation.clock.now())(alert) };
}

/** Returns a function that converts alerts for readers, with the silences and alerts that suppress them. */
export function showing(
  namespace: string,
  { silences, rules, alerts, escalations }: Pick<Snapshot, "silences" | "rules" | "alerts" | "escalations">,
  nowMs: number,
): (alert: ReadOnly<KeptAlert>) => Alert {
  const silencing = { silences: new Map(silences.map((silence) => [silence.silenceId, silence])) };
  const inhibitorOf = inhibition(new Map(rules.map((rule) => [rule.rule?.ruleId ?? "", rule])), () => alerts);
  const escalationOf = new Map(escalations.map((escalation) => [escalation.ruleId, escalation]));
  return (alert) => {
    const { alertId, ruleId, title, advice, status, labels, values, startMs, endMs } = alert;
    const isOver = status === AlertStatus.ALERT_STATUS_RESOLVED;
    return Alert.fromPartial({
      namespace,
      alertId,
      ruleId,
      title,
      advice,
      status,
      labels,
      values,
      // The casts: the rule had a severity of the contract, and the rest is only read.
      severity: alert.severity as Severity,
      incidentId: alert.incidentId ?? "",
      acknowledgeCause: alert.acknowledgeCause as Alert["acknowledgeCause"],
      startTime: toTimestamp(startMs),
      report: reportMessage(alert),
      fingerprint: fingerprintOf(labelsOf(alert)),
      endTime: endMs === 0 ? undefined : toTimestamp(endMs),
      silenceId: silenceOf(silencing, alert, nowMs) ?? "",
      inhibitedBy: isOver ? "" : (inhibitorOf(alert)?.alertId ?? ""),
      escalation:
        status === AlertStatus.ALERT_STATUS_FIRING ? escalationMessage(escalationOf.get(ruleId)) : undefined,
    });
  };
}

function reportMessage({ report }: ReadOnly<KeptAlert>): Alert["report"] {
  if (report === undefined) return undefined;
  const { annotations, generatorUrl, expiryMs, updateMs } = report;
  const times = { expiryTime: toTimestamp(expiryMs), updateTime: toTimestamp(updateMs) };
  return { annotations: { ...annotations }, generatorUrl, ...times };
}

function escalationMessage(escalation: ReadOnly<KeptEscalation> | undefined): Alert["escalation"] {
  if (escalation === undefined) return undefined;
  const { policyId, reached, dueMs, receivers } = escalation;
  const nextTime = dueMs > 0 ? toTimestamp(dueMs) : undefined;
  return { policyId, step: reached, nextTime, receivers: [...receivers] };
}

function matchesFilter(alert: Alert, { statuses, severity, ruleId, labels, started }: AlertFilter): boolean {
  const { status } = alert;
  const isStatus =
    statuses.length === 0 ? status !== AlertStatus.ALERT_STATUS_RESOLVED : statuses.includes(status);
  if (!isStatus || alert.severity < severity || (ruleId !== "" && ruleId !== alert.ruleId)) return false;
  if (labels !== undefined && !labelsMatch(alert.labels, labels)) return false;
  const startMs = alert.startTime === undefined ? 0 : fromTimestamp(alert.startTime);
  if (started?.from !== undefined && startMs < fromTimestamp(started.from)) return false;
  return started?.to === undefined || startMs < fromTimestamp(started.to);
}

/** Returns a sort key as text. Severities and times are inverted. */
function placeOf({ severity, startTime, alertId }: Alert): string {
  const ms = startTime === undefined ? 0 : fromTimestamp(startTime);
  return `${descending(severity)}/${descending(ms)}/${alertId}`;
}

/** Returns a number that differs after every visible change. */
function stateOf({ status, silenceId, inhibitedBy, startTime, escalation, report }: Alert): number {
  const changeTime = report?.updateTime ?? startTime;
  const ms = changeTime === undefined ? 0 : fromTimestamp(changeTime);
  const suppressed = Number(silenceId !== "") + 2 * Number(inhibitedBy !== "");
  const steps = escalation === undefined ? 0 : escalation.receivers.length + escalation.step * 256;
  return (((Math.round(ms) % 1e9) * 8 + status) * 4 + suppressed) * 4_096 + steps;
}
