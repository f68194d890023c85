import type { Route } from "./route.ts";

const resources = "tutti.session.v1.ResourceService";
const service = "master";
const quota = { quota: "quotaId" } as const;
const reservation = { reservation: "reservationId" } as const;
const session = { session: "sessionId" } as const;

export const resourceRoutes = [
  {
    name: "resources.list",
    method: "GET",
    path: "/v1/resources",
    rpc: `${resources}/ListResources`,
    service,
  },
  { name: "quotas.list", method: "GET", path: "/v1/quotas", rpc: `${resources}/ListQuotas`, service },
  {
    name: "quotas.get",
    method: "GET",
    path: "/v1/quotas/{quota}",
    rpc: `${resources}/GetQuota`,
    service,
    params: quota,
  },
  {
    name: "quotas.set",
    method: "PUT",
    path: "/v1/quotas/{quota}",
    rpc: `${resources}/SetQuota`,
    service,
    params: { quota: "quota.quotaId" },
    query: { revision: "revision", reason: "reason" },
    body: "quota",
  },
  {
    name: "quotas.delete",
    method: "DELETE",
    path: "/v1/quotas/{quota}",
    rpc: `${resources}/DeleteQuota`,
    service,
    params: quota,
  },
  {
    name: "reservations.list",
    method: "GET",
    path: "/v1/reservations",
    rpc: `${resources}/ListReservations`,
    service,
  },
  {
    name: "reservations.create",
    method: "POST",
    path: "/v1/reservations",
    rpc: `${resources}/CreateReservation`,
    service,
    body: "reservation",
  },
  {
    name: "reservations.get",
    method: "GET",
    path: "/v1/reservations/{reservation}",
    rpc: `${resources}/GetReservation`,
    service,
    params: reservation,
  },
  {
    name: "reservations.delete",
    method: "DELETE",
    path: "/v1/reservations/{reservation}",
    rpc: `${resources}/DeleteReservation`,
    service,
    params: reservation,
  },
  {
    name: "allocations.list",
    method: "GET",
    path: "/v1/allocations",
    rpc: `${resources}/ListAllocations`,
    service,
  },
  {
    name: "allocations.explain",
    method: "GET",
    path: "/v1/allocations/{session}",
    rpc: `${resources}/ExplainAllocation`,
    service,
    params: session,
  },
  {
    name: "dependencies.list",
    method: "GET",
    path: "/v1/sessions/{session}/dependencies",
    rpc: `${resources}/ListDependencies`,
    service,
    params: session,
  },
  {
    name: "dependencies.add",
    method: "POST",
    path: "/v1/sessions/{session}/dependencies",
    rpc: `${resources}/AddDependency`,
    service,
    params: session,
  },
  {
    name: "dependencies.remove",
    method: "POST",
    path: "/v1/sessions/{session}/dependencies/remove",
    rpc: `${resources}/RemoveDependency`,
    service,
    params: session,
  },
] as const satisfies readonly Route[];
