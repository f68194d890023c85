/**
 * A person owns an incident, adds notes, resolves it and writes its post-mortem.
 *
 * 1. A new owner acknowledges the firing alerts of the incident. Alerts that join later are not acknowledged.
 */
import {
  AlertStatus,
  AlertsDone,
  ChangeIncident,
  IncidentEntryKind,
  IncidentStatus,
} from "@tutti/contracts/insight/v1";
import { alertsTaken } from "../alert/events.ts";
import { alertErrors } from "../errors.ts";
import type { AlertsCommand, AlertsView } from "../state.ts";
import { changeOf, incidentsChanged } from "./events.ts";

export const changeIncident: AlertsCommand<ChangeIncident, AlertsDone> = {
  type: "change_incident",
  codec: ChangeIncident,
  reply: AlertsDone,
  decide(state, { incidentId, owner, note, resolution, postMortem }, step) {
    const known = state.incidents.get(incidentId);
    if (known === undefined) return alertErrors.incidentMissing.refusal({ id: incidentId });
    const incident = changeOf(known);
    const add = (kind: IncidentEntryKind, text: string) =>
      incident.timeline.push({ timeMs: step.nowMs, kind, text, ruleId: "", count: 0, cause: step.cause });
    if (owner !== "" && owner !== known.owner) {
      incident.owner = owner;
      add(IncidentEntryKind.INCIDENT_ENTRY_KIND_OWNED, owner);
    }
    if (note !== "") add(IncidentEntryKind.INCIDENT_ENTRY_KIND_NOTE, note);
    if (resolution !== "" && resolution !== known.resolution) {
      incident.resolution = resolution;
      incident.status = IncidentStatus.INCIDENT_STATUS_RESOLVED;
      if (known.endMs === 0) incident.endMs = step.nowMs;
      add(IncidentEntryKind.INCIDENT_ENTRY_KIND_RESOLVED, resolution);
    }
    if (postMortem !== "" && postMortem !== known.postMortem) {
      incident.postMortem = postMortem;
      add(IncidentEntryKind.INCIDENT_ENTRY_KIND_POST_MORTEM, "");
    }
    const acknowledged = incident.owner === known.owner ? [] : firingOf(state, incidentId);
    if (acknowledged.length > 0) step.emit(alertsTaken, { alertIds: acknowledged, cause: step.cause });
    if (incident.timeline.length > 0) step.emit(incidentsChanged, { incidents: [incident] });
    return {};
  },
};

function firingOf(state: AlertsView, incidentId: string): string[] {
  const ids: string[] = [];
  for (const id of state.open.values()) {
    const alert = state.alerts.get(id);
    if (alert?.incidentId === incidentId && alert.status === AlertStatus.ALERT_STATUS_FIRING) ids.push(id);
  }
  return ids;
}
