import { IncidentStatus, IncidentsChangedV1, KeptIncident } from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { incidentEntriesMax, incidentsMax } from "../limits.ts";
import type { Alerts, AlertsEvent } from "../state.ts";

export const incidentsChanged: AlertsEvent<IncidentsChangedV1> = {
  type: "incidents_changed",
  version: 1,
  codec: IncidentsChangedV1,
  evolve(state, { incidents }) {
    for (const incident of incidents) {
      const known = state.incidents.get(incident.incidentId);
      if (known === undefined) state.lastIncident += 1;
      const [first, ...rest] = [...(known?.timeline ?? []), ...incident.timeline];
      const timeline = first === undefined ? [] : [first, ...rest.slice(1 - incidentEntriesMax)];
      state.incidents.set(incident.incidentId, { ...incident, timeline });
    }
    forgetResolved(state);
  },
};

/** Returns a copy to change and emit. Its timeline has only new entries. */
export function changeOf(known: ReadOnly<KeptIncident>): KeptIncident {
  // The cast is safe: the value is only read and copied.
  return KeptIncident.fromPartial({ ...(known as KeptIncident), timeline: [] });
}

function forgetResolved({ incidents }: Alerts): void {
  let excess = incidents.size - incidentsMax;
  for (const [id, { status }] of incidents) {
    if (excess <= 0) return;
    if (status !== IncidentStatus.INCIDENT_STATUS_RESOLVED) continue;
    incidents.delete(id);
    excess--;
  }
}
