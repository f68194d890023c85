import type { Route } from "./route.ts";

const estimates = "tutti.intelligence.v1.EstimateService";
const advice = "tutti.intelligence.v1.AdviceService";
const planning = "tutti.intelligence.v1.PlanningService";
const service = "master";
const id = { id: "modelId" } as const;
const recommendation = { id: "recommendationId" } as const;

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
    name: "models.compare",
    method: "GET",
    path: "/v1/models/{id}/compare",
    rpc: `${estimates}/CompareModels`,
    service,
    params: id,
  },
  {
    name: "models.promote",
    method: "POST",
    path: "/v1/models/{id}/promote",
    rpc: `${estimates}/PromoteModel`,
    service,
    params: id,
  },
  {
    name: "models.rollback",
    method: "POST",
    path: "/v1/models/{id}/rollback",
    rpc: `${estimates}/RollBackModel`,
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
  { name: "advice.list", method: "GET", path: "/v1/advice", rpc: `${advice}/ListRecommendations`, service },
  { name: "advice.find", method: "POST", path: "/v1/advice", rpc: `${advice}/FindRecommendations`, service },
  {
    name: "advice.get",
    method: "GET",
    path: "/v1/advice/{id}",
    rpc: `${advice}/GetRecommendation`,
    service,
    params: recommendation,
  },
  {
    name: "advice.apply",
    method: "POST",
    path: "/v1/advice/{id}/apply",
    rpc: `${advice}/ApplyRecommendation`,
    service,
    params: recommendation,
  },
  {
    name: "advice.dismiss",
    method: "POST",
    path: "/v1/advice/{id}/dismiss",
    rpc: `${advice}/DismissRecommendation`,
    service,
    params: recommendation,
  },
  {
    name: "advice.watch",
    method: "GET",
    path: "/v1/watch/advice",
    rpc: `${advice}/WatchRecommendations`,
    service,
    stream: "events",
  },
  { name: "forecasts.make", method: "POST", path: "/v1/forecasts", rpc: `${advice}/Forecast`, service },
  { name: "plans.make", method: "POST", path: "/v1/plans", rpc: `${planning}/Plan`, service },
  { name: "choices.list", method: "GET", path: "/v1/choices", rpc: `${planning}/ListChoices`, service },
  { name: "choices.make", method: "POST", path: "/v1/choices", rpc: `${planning}/ChooseMode`, service },
  {
    name: "choices.record",
    method: "POST",
    path: "/v1/choices/outcomes",
    rpc: `${planning}/RecordChoices`,
    service,
  },
] as const satisfies readonly Route[];
