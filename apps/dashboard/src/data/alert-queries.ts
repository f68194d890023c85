import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { read } from "./queries.ts";

const size = 1_000;
/** Events tell of alerts that fire and end. Pending ones, and notifications, have none. */
const refetchInterval = 10_000;

export const alertsQuery = () =>
  queryOptions({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => read<Routes["alerts.list"]["reply"]>(pathOf(["alerts"], { size: 200 }), signal),
    refetchInterval,
  });

export const silencesQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "silences" }],
    queryFn: ({ signal }) => read<Routes["silences.list"]["reply"]>(pathOf(["silences"], { size }), signal),
  });

export const notificationsQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "notifications" }],
    queryFn: ({ signal }) =>
      read<Routes["notifications.list"]["reply"]>(pathOf(["notifications"], { size: 200 }), signal),
    refetchInterval,
  });

export const objectivesQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "objectives" }],
    queryFn: ({ signal }) =>
      read<Routes["objectives.list"]["reply"]>(pathOf(["objectives"], { size: 200 }), signal),
    refetchInterval: 60_000,
  });

export const onCallQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "on-call" }],
    queryFn: ({ signal }) =>
      read<Routes["onCall.list"]["reply"]>(pathOf(["on-call"], { size: 200, shifts: 5 }), signal),
    refetchInterval: 60_000,
  });

export const rotationsQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "rotations" }],
    queryFn: ({ signal }) => read<Routes["rotations.list"]["reply"]>(pathOf(["rotations"], { size }), signal),
  });

export const escalationPoliciesQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "escalation-policies" }],
    queryFn: ({ signal }) =>
      read<Routes["escalationPolicies.list"]["reply"]>(pathOf(["escalation-policies"], { size }), signal),
  });

export const alertRulesQuery = () =>
  queryOptions({
    queryKey: ["alerts", { part: "rules" }],
    queryFn: ({ signal }) =>
      read<Routes["alertRules.list"]["reply"]>(pathOf(["alert-rules"], { size }), signal),
  });
