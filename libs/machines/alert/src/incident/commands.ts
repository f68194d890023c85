/** A person owns an incident, adds notes, resolves it and writes its post-mortem. */
import { AlertsDone, ChangeIncident, IncidentEntryKind, IncidentStatus } from "@tutti/contracts/insight/v1";
import { alertErrors } from "../errors.ts";
import type { AlertsCommand } from "../state.ts";
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
    if (incident.timeline.length > 0) step.emit(incidentsChanged, { incidents: [incident] });
    return {};
  },
};
