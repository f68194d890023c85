import type { Route } from "./route.ts";

const scalers = "tutti.swarm.v1.ScalerService";
const id = { id: "scalerId" } as const;

export const scalerRoutes = [
  { name: "scalers.list", method: "GET", path: "/v1/scalers", rpc: `${scalers}/ListScalers` },
  {
    name: "scalers.create",
    method: "POST",
    path: "/v1/scalers",
    rpc: `${scalers}/CreateScaler`,
    body: "scaler",
  },
  { name: "scalers.get", method: "GET", path: "/v1/scalers/{id}", rpc: `${scalers}/GetScaler`, params: id },
  {
    name: "scalers.update",
    method: "PATCH",
    path: "/v1/scalers/{id}",
    rpc: `${scalers}/UpdateScaler`,
    params: { id: "scaler.scalerId" },
    query: { reason: "reason" },
    body: "scaler",
    merge: { field: "scaler", mask: "update.fields", revision: "update.revision" },
  },
  {
    name: "scalers.delete",
    method: "DELETE",
    path: "/v1/scalers/{id}",
    rpc: `${scalers}/DeleteScaler`,
    params: id,
  },
  {
    name: "scalers.log",
    method: "GET",
    path: "/v1/scalers/{id}/scalings",
    rpc: `${scalers}/ListScalings`,
    params: id,
  },
] as const satisfies readonly Route[];
