import type { Route } from "./route.ts";

const alerts = "tutti.insight.v1.AlertService";
const rule = { id: "ruleId" };
const change = { revision: "revision", reason: "reason" };

export const alertRoutes = [
  { name: "alerts.list", method: "GET", path: "/v1/alerts", rpc: `${alerts}/ListAlerts`, hoist: ["filter"] },
  {
    name: "alerts.watch",
    method: "GET",
    path: "/v1/watch/alerts",
    rpc: `${alerts}/WatchAlerts`,
    hoist: ["filter"],
    stream: "events",
  },
  {
    name: "alerts.acknowledge",
    method: "POST",
    path: "/v1/alerts/{id}/acknowledge",
    rpc: `${alerts}/AcknowledgeAlert`,
    params: { id: "alertId" },
  },
  { name: "alertRules.list", method: "GET", path: "/v1/alert-rules", rpc: `${alerts}/ListAlertRules` },
  {
    name: "alertRules.set",
    method: "PUT",
    path: "/v1/alert-rules/{id}",
    rpc: `${alerts}/SetAlertRule`,
    params: { id: "rule.ruleId" },
    query: change,
    body: "rule",
  },
  {
    name: "alertRules.delete",
    method: "DELETE",
    path: "/v1/alert-rules/{id}",
    rpc: `${alerts}/DeleteAlertRule`,
    params: rule,
  },
  { name: "alertRules.test", method: "POST", path: "/v1/alert-rules/test", rpc: `${alerts}/TestAlertRule` },
  { name: "objectives.list", method: "GET", path: "/v1/objectives", rpc: `${alerts}/ListObjectives` },
  { name: "silences.list", method: "GET", path: "/v1/silences", rpc: `${alerts}/ListSilences` },
  {
    name: "silences.create",
    method: "POST",
    path: "/v1/silences",
    rpc: `${alerts}/CreateSilence`,
    hoist: ["silence"],
  },
  {
    name: "silences.delete",
    method: "DELETE",
    path: "/v1/silences/{id}",
    rpc: `${alerts}/DeleteSilence`,
    params: { id: "silenceId" },
  },
  { name: "incidents.list", method: "GET", path: "/v1/incidents", rpc: `${alerts}/ListIncidents` },
  {
    name: "incidents.get",
    method: "GET",
    path: "/v1/incidents/{id}",
    rpc: `${alerts}/GetIncident`,
    params: { id: "incidentId" },
  },
  {
    name: "incidents.update",
    method: "PATCH",
    path: "/v1/incidents/{id}",
    rpc: `${alerts}/UpdateIncident`,
    params: { id: "incidentId" },
  },
  {
    name: "notifications.list",
    method: "GET",
    path: "/v1/notifications",
    rpc: `${alerts}/ListNotifications`,
  },
  {
    name: "notifications.retry",
    method: "POST",
    path: "/v1/notifications/retry",
    rpc: `${alerts}/RetryNotifications`,
  },
] as const satisfies readonly Route[];
