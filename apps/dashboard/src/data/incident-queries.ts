import { queryOptions } from "@tanstack/react-query";
import type { Incident, Routes } from "@tutti/rest/types";
import { currentNamespace } from "../effects/namespace.ts";
import { pathOf } from "../elements/spelled.ts";
import { installationNamespace } from "./in-namespace.ts";
import { read } from "./queries.ts";
import { CallFailed, send } from "./send.ts";

/** The service keeps no more than these. */
const size = 200;
const status = ["open", "mitigated", "resolved"] as const;
/** Alerts that fire and end have events. Changes by other users have none. */
const refetchInterval = 10_000;
/** Each answer about one incident analyses the failures of its time. */
const itemPollMs = 20_000;

export const incidentsPath = (namespace: string): string =>
  pathOf(["incidents"], { namespace, status, size });

/** Incidents of the namespace, and those of the installation, which built-in rules open. */
export const incidentsQuery = () =>
  queryOptions({
    queryKey: ["incidents"],
    queryFn: async ({ signal }) => {
      const own = currentNamespace();
      const list = async (namespace: string) =>
        (await read<Routes["incidents.list"]["reply"]>(incidentsPath(namespace), signal)).incidents;
      const [mine, shared] = await Promise.all([
        list(own),
        own === installationNamespace ? [] : list(installationNamespace).catch(emptyIfForbidden),
      ]);
      return [...mine, ...shared];
    },
    // A platform without insight is polled less often.
    refetchInterval: ({ state }) => (state.error === null ? refetchInterval : 6 * refetchInterval),
  });

/** A user of one namespace sees no incidents of the installation. */
function emptyIfForbidden(error: unknown): readonly Incident[] {
  if (error instanceof CallFailed && error.error.status === 403) return [];
  throw error;
}

export const incidentQuery = (incidentId: string, namespace: string) =>
  queryOptions({
    queryKey: ["incidents", { incidentId, namespace }],
    queryFn: ({ signal }) => read<Incident>(pathOf(["incidents", incidentId], { namespace }), signal),
    refetchInterval: ({ state }) => (state.data?.status === "resolved" ? false : itemPollMs),
  });

/** Alerts of a namespace that are not over. */
export const alertsInQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { namespace }],
    queryFn: ({ signal }) =>
      read<Routes["alerts.list"]["reply"]>(pathOf(["alerts"], { namespace, size }), signal),
    refetchInterval,
  });

export const repairPath = (incidentId: string, namespace: string): string =>
  pathOf(["incidents", incidentId, "repairs"], { namespace });

/** The preview of a repair: its affected runs and agents. */
export const repairPreviewQuery = (
  incidentId: string,
  namespace: string,
  repair: Routes["incidents.repair"]["body"],
) =>
  queryOptions({
    queryKey: ["incident-repairs", { incidentId, namespace, repair }],
    queryFn: async ({ signal }) => {
      const body = { ...repair, dryRun: true };
      const call = { method: "POST", path: repairPath(incidentId, namespace), body } as const;
      return (await send(call, signal)) as Routes["incidents.repair"]["reply"];
    },
    // Each answer is about this moment.
    gcTime: 0,
  });

/** Runs that repair an incident, the latest first. */
export const repairRunsQuery = (incidentId: string, namespace: string) =>
  queryOptions({
    queryKey: ["runs", { repairing: incidentId, namespace }],
    queryFn: ({ signal }) =>
      read<Routes["runs.list"]["reply"]>(
        pathOf(["runs"], { namespace, label: [`incident=${incidentId}`, "repair"], size: 20 }),
        signal,
      ),
  });
