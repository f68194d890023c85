/** The message to a receiver: one JSON document for all its alerts. */
import { enumName } from "@tutti/contracts/enum";
import { type AlertDelivery, AlertStatus, type KeptAlert } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";

export interface MessageAlert {
  readonly id: string;
  readonly title: string;
  readonly advice: string;
  readonly severity: string;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly startTime: string;
  readonly endTime?: string;
}

export interface AlertMessage {
  /** The same for every attempt to send the message. */
  readonly id: string;
  readonly namespace: string;
  readonly rule: string;
  /** Number of alerts. The message contains at most 100 of them. */
  readonly count: number;
  readonly alerts: readonly MessageAlert[];
  /** The incident of the first alert that has one. */
  readonly incident?: string;
  /** The step that notifies the receiver. Set only if an escalation policy and not the rule names the receiver. */
  readonly escalation?: {
    readonly policy: string;
    readonly step: number;
    /** People who are on call. */
    readonly onCall: readonly string[];
  };
  /** Address of the alert in the dashboard. Absent if the address of the dashboard is not configured. */
  readonly url?: string;
}

export function messageOf(namespace: string, delivery: ReadOnly<AlertDelivery>): AlertMessage {
  const { number, ruleId, count, alerts, requestMs, escalation } = delivery;
  const incident = alerts.find(({ incidentId = "" }) => incidentId !== "")?.incidentId;
  return {
    // A new data directory counts from 1 again. The time distinguishes its messages.
    id: `alert_${namespace}_${number}_${Math.round(requestMs).toString(36)}`,
    namespace,
    rule: ruleId,
    count,
    alerts: alerts.map(alertIn),
    ...(incident !== undefined && { incident }),
    ...(escalation !== undefined && {
      escalation: { policy: escalation.policyId, step: escalation.step, onCall: escalation.onCall },
    }),
  };
}

/** Returns the address of the incident's page, or of the page of all alerts. */
export function pageOf({ incident, namespace }: AlertMessage, dashboardUrl: string): string {
  const base = dashboardUrl.replace(/\/+$/, "");
  if (incident === undefined) return `${base}/alerts`;
  return `${base}/incidents/${encodeURIComponent(incident)}?of=${encodeURIComponent(namespace)}`;
}

/** Describes the escalation in one line. Undefined if the rule names the receiver. */
export function escalationLine({ escalation }: AlertMessage): string | undefined {
  if (escalation === undefined) return undefined;
  const { policy, step, onCall } = escalation;
  const people = onCall.length === 0 ? "" : `, on call: ${onCall.join(", ")}`;
  return `Escalation ${policy}, step ${step}${people}`;
}

function severityName(severity: number): string {
  // The cast: the number was one of the contract.
  return shortName(enumName(Severity, severity as Severity), "SEVERITY_");
}

function statusName(status: AlertStatus): string {
  return shortName(enumName(AlertStatus, status), "ALERT_STATUS_");
}

function alertIn(alert: ReadOnly<KeptAlert>): MessageAlert {
  const { alertId, title, advice, severity, status, labels, values, startMs, endMs } = alert;
  return {
    id: alertId,
    title,
    advice,
    labels,
    values,
    severity: severityName(severity),
    status: statusName(status),
    startTime: new Date(startMs).toISOString(),
    ...(endMs > 0 && { endTime: new Date(endMs).toISOString() }),
  };
}

function shortName(name: string, prefix: string): string {
  return name.replace(prefix, "").toLowerCase();
}
