import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { send } from "../../data/send.ts";
import { nowMs } from "../../effects/time.ts";
import { pathOf } from "../../elements/spelled.ts";
import { trendQueries } from "./changes.ts";
import { type Join, type MetricsSearch, pointsOf, type Range, ranges } from "./search.ts";

export const metricsQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["metrics", namespace],
    queryFn: ({ signal }) =>
      read<Routes["metrics.list"]["reply"]>(pathOf(["metrics"], { namespace }), signal),
    refetchInterval: 60_000,
  });

export interface RangeRequest {
  readonly namespace: string;
  readonly name: readonly string[];
  readonly range: Range;
  readonly label?: readonly string[];
  readonly by?: readonly string[];
  readonly over?: Join;
}

/** Not refetched: values of a past time range do not change. */
export const rangeQuery = (request: RangeRequest) =>
  queryOptions({
    queryKey: ["range", request],
    queryFn: ({ signal }) => {
      const { range, ...rest } = request;
      const fromMs = nowMs() - ranges[range].ms;
      const path = pathOf(["metrics", "series"], { ...rest, fromMs, points: pointsOf(range) });
      return read<Routes["metrics.series"]["reply"]>(path, signal);
    },
    refetchInterval: ranges[request.range].againMs,
    placeholderData: (before) => before,
  });

export interface TrendsQuery {
  readonly metric: string;
  readonly namespace: string;
  readonly figures: readonly string[];
  readonly search: Pick<MetricsSearch, "range" | "process" | "over" | "by">;
}

export const trendsQuery = ({ metric, namespace, figures, search }: TrendsQuery) => {
  const { range = "1h" } = search;
  const queries = trendQueries(metric, figures, search);
  return queryOptions({
    queryKey: ["trends", { namespace, range, queries }],
    queryFn: async ({ signal }) => {
      const body = { queries, span: { fromMs: nowMs() - ranges[range].ms } };
      const call = { method: "POST", path: pathOf(["analysis", "trends"], { namespace }), body } as const;
      // The cast: as the description of the routes says.
      return (await send(call, signal)) as Routes["analysis.trends"]["reply"];
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
};
