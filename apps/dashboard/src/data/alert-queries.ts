import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { read } from "./queries.ts";

const size = 1_000;
/** Alerts that fire and end have events. Pending ones, and notifications, have none. */
const refetchInterval = 10_000;

/** The queries of the page of alerts are about one namespace: metrics of processes, and built-in rules, are in `system`. */
export const alertsQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "alerts", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["alerts.list"]["reply"]>(pathOf(["alerts"], { namespace, size: 200 }), signal),
    refetchInterval,
  });

export const silencesQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "silences", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["silences.list"]["reply"]>(pathOf(["silences"], { namespace, size }), signal),
  });

export const notificationsQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "notifications", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["notifications.list"]["reply"]>(
        pathOf(["notifications"], { namespace, size: 200 }),
        signal,
      ),
    refetchInterval,
  });

export const objectivesQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "objectives", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["objectives.list"]["reply"]>(pathOf(["objectives"], { namespace, size: 200 }), signal),
    refetchInterval: 60_000,
  });

export const onCallQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "on-call", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["onCall.list"]["reply"]>(pathOf(["on-call"], { namespace, size: 200, shifts: 5 }), signal),
    refetchInterval: 60_000,
  });

export const rotationsQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "rotations", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["rotations.list"]["reply"]>(pathOf(["rotations"], { namespace, size }), signal),
  });

export const escalationPoliciesQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "escalation-policies", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["escalationPolicies.list"]["reply"]>(
        pathOf(["escalation-policies"], { namespace, size }),
        signal,
      ),
  });

export const alertRulesQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["alerts", { part: "rules", namespace }],
    queryFn: ({ signal }) =>
      read<Routes["alertRules.list"]["reply"]>(pathOf(["alert-rules"], { namespace, size }), signal),
  });
