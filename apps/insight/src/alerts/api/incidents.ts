/** Incidents: listed, read with their known causes, acknowledged, resolved. */
import {
  type AlertSnapshotV1,
  type GetIncidentReply,
  type GetIncidentRequest,
  Incident,
  IncidentStatus,
  type KeptIncident,
  type ListIncidentsReply,
  type ListIncidentsRequest,
  type RepairIncidentReply,
  type RepairIncidentRequest,
  type UpdateIncidentReply,
  type UpdateIncidentRequest,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Severity, WorkReference } from "@tutti/contracts/types/v1";
import { execute } from "@tutti/host/serving";
import {
  type CallContext,
  descending,
  errorFromUnknown,
  pageOf,
  type ReadOnly,
  toTimestamp,
} from "@tutti/kernel";
import { alertErrors, changeIncident } from "@tutti/machine-alert";
import { installationNamespace } from "@tutti/mesh";
import type { FailedTask } from "../../analysis/analyse.ts";
import type { Unwell } from "../../repairs/breakers.ts";
import type { QueuedPool } from "../../repairs/scaling.ts";
import { repairsOf } from "../../repairs/suggestions.ts";
import { draftOf } from "../incidents/post-mortem.ts";
import { keyOf } from "../key.ts";
import { type AlertDependencies, namespaceOf, snapshotOf } from "./dependencies.ts";

type Snapshot = ReadOnly<AlertSnapshotV1>;

/** Failures up to this long before an incident belong to it, because rules evaluate a window and hold. */
const beforeMs = 10 * 60_000;

/** Lists incidents, unresolved ones first, then the latest. */
export async function listIncidents(
  dependencies: AlertDependencies,
  { statuses, page, ...request }: ListIncidentsRequest,
  context: CallContext,
): Promise<ListIncidentsReply> {
  const namespace = namespaceOf(request, context);
  const snapshot = await snapshotOf(dependencies, namespace, context);
  const hasStatus = ({ status }: ReadOnly<KeptIncident>) =>
    statuses.length === 0
      ? status !== IncidentStatus.INCIDENT_STATUS_RESOLVED
      : statuses.includes(status as IncidentStatus);
  const matching = snapshot.incidents.filter(hasStatus);
  const places = new Map(matching.map((incident) => [incident.incidentId, placeOf(incident)]));
  const keyOfIncident = ({ incidentId }: { readonly incidentId: string }) => places.get(incidentId) ?? "";
  const sorted = matching.toSorted((one, other) => (keyOfIncident(one) < keyOfIncident(other) ? -1 : 1));
  const list = { list: ["incidents", namespace, ...statuses.map(String)], keyOf: keyOfIncident };
  const { items, nextToken } = pageOf(sorted, list, page);
  const incidents = items.map((incident) => incidentMessage(namespace, incident, snapshot));
  return { incidents, page: { nextToken, total: sorted.length } };
}

export async function getIncident(
  dependencies: AlertDependencies,
  { incidentId, ...request }: GetIncidentRequest,
  context: CallContext,
): Promise<GetIncidentReply> {
  const namespace = namespaceOf(request, context);
  return { incident: await detailsOf(dependencies, namespace, incidentId, context) };
}

export async function updateIncident(
  dependencies: AlertDependencies,
  { namespace: named, incidentId, reason, idempotencyKey, ...body }: UpdateIncidentRequest,
  context: CallContext,
): Promise<UpdateIncidentReply> {
  const namespace = namespaceOf({ namespace: named }, context);
  const call = { command: changeIncident, body: { incidentId, ...body }, reason, idempotencyKey };
  await execute(dependencies, keyOf(namespace), call, context);
  return { incident: await detailsOf(dependencies, namespace, incidentId, context) };
}

export async function repairIncident(
  dependencies: AlertDependencies,
  { namespace: named, incidentId, dryRun, idempotencyKey, ...requested }: RepairIncidentRequest,
  context: CallContext,
): Promise<RepairIncidentReply> {
  const namespace = namespaceOf({ namespace: named }, context);
  const { repairs } = dependencies;
  const found = await incidentNamed(dependencies, namespace, incidentId, context);
  const { namespace: workNamespace, ...span } = spanOf(dependencies, namespace, found);
  const repair = { namespace, incidentId, workNamespace, ...span, ...requested };
  const preview = await repairs.preview(repair, context);
  const { summary, count, leftAlone, sample } = preview;
  const run = dryRun ? undefined : await repairs.start(repair, preview, idempotencyKey, context);
  return { summary, count, leftAlone, sample, run };
}

async function incidentNamed(
  dependencies: AlertDependencies,
  namespace: string,
  id: string,
  context: CallContext,
): Promise<ReadOnly<KeptIncident>> {
  const snapshot = await snapshotOf(dependencies, namespace, context);
  const found = snapshot.incidents.find(({ incidentId }) => incidentId === id);
  if (found === undefined) throw alertErrors.incidentMissing({ id });
  return found;
}

/** Returns the namespace and the time in which work of an incident failed. */
function spanOf({ foundation }: AlertDependencies, namespace: string, found: ReadOnly<KeptIncident>) {
  return {
    namespace: namespaceOfWork(namespace, found),
    fromMs: found.startMs - beforeMs,
    toMs: found.endMs === 0 ? foundation.clock.now() + 1 : found.endMs,
  };
}

async function detailsOf(
  dependencies: AlertDependencies,
  namespace: string,
  id: string,
  context: CallContext,
): Promise<Incident> {
  const snapshot = await snapshotOf(dependencies, namespace, context);
  const found = snapshot.incidents.find(({ incidentId }) => incidentId === id);
  if (found === undefined) throw alertErrors.incidentMissing({ id });
  const incident = incidentMessage(namespace, found, snapshot);
  const span = spanOf(dependencies, namespace, found);
  const known: {
    tasks: readonly FailedTask[];
    queued: readonly QueuedPool[];
    unwell: readonly Unwell[];
  } = { tasks: [], queued: [], unwell: [] };
  try {
    const { causes, count, latest, tasks } = await dependencies.explain(span);
    incident.causes = causes.slice(0, 10);
    incident.failedCount = count;
    incident.failed = latest.map((work) => WorkReference.fromPartial({ ...work, namespace: span.namespace }));
    known.tasks = tasks;
    if (found.endMs === 0) {
      known.queued = await dependencies.repairs.queued(span.namespace, context);
      // Other namespaces must not see the processes of the installation.
      if (namespace === installationNamespace) known.unwell = await dependencies.repairs.unwell(context);
    }
  } catch (thrown) {
    // The timeline must be readable even if facts are not.
    incident.problem = errorFromUnknown(thrown).message;
  }
  incident.repairs = repairsOf(incident, known);
  incident.timeline = found.timeline.map(({ timeMs, kind, ruleId, count, text, cause }) => ({
    time: toTimestamp(timeMs),
    kind,
    ruleId,
    count,
    text,
    // The cast: only read.
    cause: cause as Incident["timeline"][number]["cause"],
  }));
  incident.advice = adviceOf(found, snapshot);
  incident.draft = found.postMortem === "";
  incident.postMortem = incident.draft ? draftOf(incident) : found.postMortem;
  return incident;
}

/** Returns the namespace of the work. Rules of the installation see all namespaces, and their labels may name one. */
function namespaceOfWork(namespace: string, { labels }: ReadOnly<KeptIncident>): string {
  if (namespace !== installationNamespace) return namespace;
  return labels.find(({ name }) => name === "namespace")?.value ?? defaultNamespace;
}

function adviceOf({ incidentId }: ReadOnly<KeptIncident>, { alerts }: Snapshot): string[] {
  const own = alerts.filter((alert) => alert.incidentId === incidentId && alert.advice !== "");
  return [...new Map(own.map(({ ruleId, advice }) => [ruleId, advice])).values()].slice(0, 20);
}

function incidentMessage(
  namespace: string,
  incident: ReadOnly<KeptIncident>,
  { alerts: all }: Pick<Snapshot, "alerts">,
): Incident {
  const { incidentId, title, severity, status, owner, startMs, endMs, alerts, ruleIds, alertIds } = incident;
  const firing = all.filter((alert) => alert.incidentId === incidentId && alert.endMs === 0).length;
  return Incident.fromPartial({
    namespace,
    incidentId,
    title,
    status,
    owner,
    alerts,
    firing,
    resolution: incident.resolution,
    // The cast: the rule had a severity of the contract.
    severity: severity as Severity,
    ruleIds: [...ruleIds],
    alertIds: [...alertIds],
    labels: incident.labels.map((label) => ({ ...label })),
    startTime: toTimestamp(startMs),
    endTime: endMs === 0 ? undefined : toTimestamp(endMs),
  });
}

/** Returns a sort key as text. Times are inverted. */
function placeOf({ status, startMs, incidentId }: ReadOnly<KeptIncident>): string {
  const isOver = Number(status === IncidentStatus.INCIDENT_STATUS_RESOLVED);
  return `${isOver}/${descending(startMs)}/${incidentId}`;
}
