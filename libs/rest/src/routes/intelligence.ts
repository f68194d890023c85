import type { Route } from "./route.ts";

const estimates = "tutti.intelligence.v1.EstimateService";
const service = "master";
const id = { id: "modelId" } as const;

export const intelligenceRoutes = [
  {
    name: "estimates.predict",
    method: "POST",
    path: "/v1/estimates/predict",
    rpc: `${estimates}/Predict`,
    service,
  },
  {
    name: "estimates.watch",
    method: "GET",
    path: "/v1/watch/estimates",
    rpc: `${estimates}/WatchEstimates`,
    service,
    stream: "events",
  },
  { name: "models.list", method: "GET", path: "/v1/models", rpc: `${estimates}/ListModels`, service },
  {
    name: "models.get",
    method: "GET",
    path: "/v1/models/{id}",
    rpc: `${estimates}/GetModel`,
    service,
    params: id,
  },
  {
    name: "models.reset",
    method: "POST",
    path: "/v1/models/{id}/reset",
    rpc: `${estimates}/ResetModel`,
    service,
    params: id,
  },
] as const satisfies readonly Route[];
