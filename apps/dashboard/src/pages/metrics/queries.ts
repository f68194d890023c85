import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { pathOf } from "../../elements/spelled.ts";
import { type Join, pointsOf, type Range, ranges } from "./search.ts";

export const metricsQuery = (namespace: string) =>
  queryOptions({
    queryKey: ["metrics", namespace],
    queryFn: ({ signal }) =>
      read<Routes["metrics.list"]["reply"]>(pathOf(["metrics"], { namespace }), signal),
    refetchInterval: 60_000,
  });

export interface Asked {
  readonly namespace: string;
  readonly name: readonly string[];
  readonly range: Range;
  readonly label?: readonly string[];
  readonly by?: readonly string[];
  readonly over?: Join;
}

/** The query client asks again by itself: values of a past span change with the time alone. */
export const rangeQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ["range", asked],
    queryFn: ({ signal }) => {
      const { range, ...rest } = asked;
      const fromMs = nowMs() - ranges[range].ms;
      const path = pathOf(["metrics", "series"], { ...rest, fromMs, points: pointsOf(range) });
      return read<Routes["metrics.series"]["reply"]>(path, signal);
    },
    refetchInterval: ranges[asked.range].againMs,
    placeholderData: (before) => before,
  });
