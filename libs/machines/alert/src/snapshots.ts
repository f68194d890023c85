/** Snapshots of the alerts of a namespace. */
import { AlertSnapshotV1 } from "@tutti/contracts/insight/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { setAlert } from "./alert/fold.ts";
import { type Alerts, type AlertsView, newAlerts } from "./state.ts";

const newest = 1;

export const alertSnapshots: SnapshotCodec<Alerts> = {
  version: newest,
  encode: (state) => AlertSnapshotV1.encode(snapshotOf(state)).finish(),
  decode(bytes, version) {
    if (version === newest) return alertsOf(AlertSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "alert", version, newest });
  },
};

export function snapshotOf(view: AlertsView): AlertSnapshotV1 {
  // The cast is safe: the value is encoded, or displayed as JSON.
  const state = view as Alerts;
  return {
    rules: [...state.rules.values()],
    alerts: [...state.alerts.values()],
    silences: [...state.silences.values()],
    deliveries: [...state.deliveries.values()],
    incidents: [...state.incidents.values()],
    rotations: [...state.rotations.values()],
    policies: [...state.policies.values()],
    escalations: [...state.escalations.values()],
    lastIncident: state.lastIncident,
    lastNumber: state.lastNumber,
    lastId: state.lastId,
    dueMs: Object.fromEntries(state.dueMs),
    sinceMs: Object.fromEntries(state.sinceMs),
    toldMs: Object.fromEntries(state.toldMs),
  };
}

function alertsOf(snapshot: AlertSnapshotV1): Alerts {
  const state = newAlerts();
  for (const stored of snapshot.rules) state.rules.set(stored.rule?.ruleId ?? "", stored);
  for (const alert of snapshot.alerts) setAlert(state, alert);
  for (const silence of snapshot.silences) state.silences.set(silence.silenceId, silence);
  for (const delivery of snapshot.deliveries) state.deliveries.set(delivery.number, delivery);
  for (const [rule, ms] of Object.entries(snapshot.dueMs)) state.dueMs.set(rule, ms);
  for (const [rule, ms] of Object.entries(snapshot.sinceMs)) state.sinceMs.set(rule, ms);
  for (const [rule, ms] of Object.entries(snapshot.toldMs)) state.toldMs.set(rule, ms);
  for (const incident of snapshot.incidents) state.incidents.set(incident.incidentId, incident);
  for (const stored of snapshot.rotations) state.rotations.set(stored.rotation?.rotationId ?? "", stored);
  for (const stored of snapshot.policies) state.policies.set(stored.policy?.policyId ?? "", stored);
  for (const escalation of snapshot.escalations) state.escalations.set(escalation.ruleId, escalation);
  state.lastIncident = snapshot.lastIncident;
  state.lastNumber = snapshot.lastNumber;
  state.lastId = snapshot.lastId;
  return state;
}
