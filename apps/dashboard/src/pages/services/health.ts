/** When services and components were not ready in the last day. */
import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { pathOf } from "../../elements/spelled.ts";

type Reply = Routes["health.history"]["reply"];
type HealthSpan = Reply["spans"][number];

const everyMs = 60_000;
const listedMax = 50;
export const healthPath = pathOf(["health-history"], { namespace: "system", size: 1_000 });

export const healthQuery = () =>
  queryOptions({
    queryKey: ["health-history"],
    queryFn: ({ signal }) => read<Reply>(healthPath, signal),
    refetchInterval: everyMs,
  });

/** Spans without `ready`, the latest first. Undefined if nothing is recorded. */
export function unreadyIn(spans: readonly HealthSpan[]): readonly HealthSpan[] | undefined {
  if (spans.length === 0) return undefined;
  return spans
    .filter(({ state }) => state !== "ready")
    .sort((one, other) => (other.startTimeMs ?? 0) - (one.startTimeMs ?? 0))
    .slice(0, listedMax);
}

/** The state as people read it. */
export const healthText = (state = ""): string => state.replace("_", " ");
