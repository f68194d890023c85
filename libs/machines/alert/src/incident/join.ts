/**
 * Alerts of one cause fold into one incident.
 *
 * 1. An alert joins when it fires, and stays. It joins the incident with alerts of its rule, otherwise an incident with
 *    the same value of one of its labels. An alert without labels covers everything that its rule reads: it shares an
 *    incident with alerts whose rules read the same metric. Otherwise it opens one if it is an error or worse.
 * 2. A silenced alert neither opens nor joins: maintenance is no incident. An inhibited alert opens none, and joins the
 *    incident of the inhibiting alert.
 * 3. When all alerts of an incident have ended, it is resolved. An incident with an owner waits for the owner.
 * 4. A resolved incident opens again when an alert joins it soon after.
 */
import {
  AlertStatus,
  IncidentEntryKind,
  IncidentStatus,
  type KeptAlert,
  KeptIncident,
  KeptIncidentEntry,
} from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { type Inhibition, inhibition } from "../inhibition/inhibition.ts";
import { incidentPartsMax, incidentReopenMs } from "../limits.ts";
import { silenceOf } from "../silence/silences.ts";
import type { AlertsView } from "../state.ts";
import { changeOf } from "./events.ts";

const { INCIDENT_STATUS_OPEN, INCIDENT_STATUS_MITIGATED, INCIDENT_STATUS_RESOLVED } = IncidentStatus;
const {
  INCIDENT_ENTRY_KIND_OPENED,
  INCIDENT_ENTRY_KIND_JOINED,
  INCIDENT_ENTRY_KIND_ENDED,
  INCIDENT_ENTRY_KIND_MITIGATED,
  INCIDENT_ENTRY_KIND_RESOLVED,
  INCIDENT_ENTRY_KIND_REOPENED,
} = IncidentEntryKind;

/** Sets the incidents of firing alerts, and returns the changed incidents. Their timelines have only new entries. */
export function joinIncidents(state: AlertsView, alerts: KeptAlert[], nowMs: number): KeptIncident[] {
  const inhibitorOf = inhibition(state.rules, () => afterwards(state, alerts));
  const changed = new Changed(state, nowMs, inhibitorOf);
  const inhibited: KeptAlert[] = [];
  for (const alert of alerts) {
    if (alert.status === AlertStatus.ALERT_STATUS_RESOLVED) changed.recordEnd(alert);
    else if (alert.status === AlertStatus.ALERT_STATUS_FIRING && alert.incidentId === undefined)
      if (inhibitorOf(alert) === undefined) changed.join(alert);
      else inhibited.push(alert);
  }
  // Inhibiting alerts may have joined in the loop above.
  for (const alert of inhibited) changed.join(alert);
  return changed.settled(alerts);
}

function* afterwards(state: AlertsView, alerts: readonly KeptAlert[]): Generator<ReadOnly<KeptAlert>> {
  const changed = new Set(alerts.map(({ alertId }) => alertId));
  yield* alerts;
  for (const id of state.open.values()) {
    const alert = state.alerts.get(id);
    if (alert !== undefined && !changed.has(id)) yield alert;
  }
}

class Changed {
  readonly #state: AlertsView;
  readonly #nowMs: number;
  readonly #inhibitorOf: Inhibition;
  readonly #incidents = new Map<string, KeptIncident>();
  /** Candidates, the latest first. */
  readonly #live: string[];
  #opened = 0;

  constructor(state: AlertsView, nowMs: number, inhibitorOf: Inhibition) {
    this.#state = state;
    this.#nowMs = nowMs;
    this.#inhibitorOf = inhibitorOf;
    this.#live = [...state.incidents.values()]
      .filter(({ status, endMs }) => status !== INCIDENT_STATUS_RESOLVED || nowMs - endMs < incidentReopenMs)
      .map(({ incidentId }) => incidentId)
      .reverse();
  }

  join(alert: KeptAlert): void {
    if (silenceOf(this.#state, alert, this.#nowMs) !== undefined) return;
    const inhibitor = this.#inhibitorOf(alert);
    const found =
      inhibitor === undefined
        ? (this.#match(alert) ?? this.#open(alert))
        : this.#draft(inhibitor.incidentId ?? "");
    if (found === undefined) return;
    const { incidentId, ruleIds, alertIds, labels } = found;
    alert.incidentId = incidentId;
    found.alerts += 1;
    found.severity = Math.max(found.severity, alert.severity);
    if (!ruleIds.includes(alert.ruleId) && ruleIds.length < incidentPartsMax) ruleIds.push(alert.ruleId);
    if (alertIds.length < incidentPartsMax) alertIds.push(alert.alertId);
    for (const [name, value] of Object.entries(alert.labels))
      if (
        labels.length < incidentPartsMax &&
        !labels.some((label) => label.name === name && label.value === value)
      )
        labels.push({ name, value });
    if (found.status !== INCIDENT_STATUS_OPEN) {
      found.status = INCIDENT_STATUS_OPEN;
      found.endMs = 0;
      found.resolution = "";
      this.#addEntry(found, INCIDENT_ENTRY_KIND_REOPENED, { text: alert.title, ruleId: alert.ruleId });
    }
    this.#count(found, INCIDENT_ENTRY_KIND_JOINED, alert);
  }

  recordEnd(alert: KeptAlert): void {
    const found = this.#draft(alert.incidentId ?? "");
    if (found !== undefined) this.#count(found, INCIDENT_ENTRY_KIND_ENDED, alert);
  }

  settled(alerts: readonly KeptAlert[]): KeptIncident[] {
    const after = new Map(alerts.map((alert) => [alert.alertId, alert]));
    const firing = new Set<string | undefined>(alerts.filter(isOpen).map(({ incidentId }) => incidentId));
    if (this.#incidents.size > 0)
      for (const id of this.#state.open.values()) {
        const before = this.#state.alerts.get(id);
        if (before !== undefined && !after.has(id)) firing.add(before.incidentId);
      }
    for (const incident of this.#incidents.values())
      if (incident.status === INCIDENT_STATUS_OPEN && !firing.has(incident.incidentId)) this.#close(incident);
    return [...this.#incidents.values()];
  }

  #close(incident: KeptIncident): void {
    incident.endMs = this.#nowMs;
    if (incident.owner === "") {
      incident.status = INCIDENT_STATUS_RESOLVED;
      incident.resolution = "All alerts ended.";
      this.#addEntry(incident, INCIDENT_ENTRY_KIND_RESOLVED, { text: incident.resolution });
    } else {
      incident.status = INCIDENT_STATUS_MITIGATED;
      this.#addEntry(incident, INCIDENT_ENTRY_KIND_MITIGATED, {});
    }
  }

  #match(alert: KeptAlert): KeptIncident | undefined {
    const alertLabels = Object.entries(alert.labels);
    const isOfRule = ({ ruleIds }: ReadOnly<KeptIncident>) => ruleIds.includes(alert.ruleId);
    const hasLabel = ({ labels }: ReadOnly<KeptIncident>) =>
      labels.some((label) =>
        alertLabels.some(([name, value]) => label.name === name && label.value === value),
      );
    const metrics = new Set(this.#metricsOf(alert.ruleId));
    const isOfMetric = ({ ruleIds, labels }: ReadOnly<KeptIncident>) =>
      (alertLabels.length === 0 || labels.length === 0) &&
      ruleIds.some((id) => this.#metricsOf(id).some((metric) => metrics.has(metric)));
    for (const isMatch of [isOfRule, hasLabel, isOfMetric])
      for (const id of this.#live) {
        const known = this.#incidents.get(id) ?? this.#state.incidents.get(id);
        if (known !== undefined && isMatch(known)) return this.#draft(id);
      }
    return undefined;
  }

  #metricsOf(ruleId: string): readonly string[] {
    return this.#state.rules.get(ruleId)?.rule?.queries.map(({ metric }) => metric) ?? [];
  }

  #open(alert: KeptAlert): KeptIncident | undefined {
    if (alert.severity < Severity.SEVERITY_ERROR) return undefined;
    const incidentId = `i${this.#state.lastIncident + ++this.#opened}`;
    const status = INCIDENT_STATUS_OPEN;
    const { title } = alert;
    const incident = KeptIncident.fromPartial({ incidentId, title, status, startMs: this.#nowMs });
    this.#addEntry(incident, INCIDENT_ENTRY_KIND_OPENED, { text: title, ruleId: alert.ruleId });
    this.#incidents.set(incidentId, incident);
    this.#live.unshift(incidentId);
    return incident;
  }

  #draft(id: string): KeptIncident | undefined {
    const draft = this.#incidents.get(id);
    const known = this.#state.incidents.get(id);
    if (draft !== undefined || known === undefined) return draft;
    const copy = changeOf(known);
    this.#incidents.set(id, copy);
    return copy;
  }

  /** Adds one entry for all alerts of a rule. */
  #count(incident: KeptIncident, kind: IncidentEntryKind, { ruleId, title }: KeptAlert): void {
    const known = incident.timeline.find((entry) => entry.kind === kind && entry.ruleId === ruleId);
    if (known === undefined) this.#addEntry(incident, kind, { ruleId, text: title, count: 1 });
    else known.count += 1;
  }

  #addEntry(incident: KeptIncident, kind: IncidentEntryKind, fields: Partial<KeptIncidentEntry>): void {
    incident.timeline.push(KeptIncidentEntry.fromPartial({ timeMs: this.#nowMs, kind, ...fields }));
  }
}

function isOpen({ status, incidentId }: KeptAlert): boolean {
  return status !== AlertStatus.ALERT_STATUS_RESOLVED && incidentId !== undefined;
}
