import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";

const route = getRouteApi("/runs/$runId");

const views = ["graph", "chart", "trace", "history", "trajectory", "values"] as const;
export type View = (typeof views)[number] | "task";

export interface Address {
  readonly runId: string;
  readonly view: View;
  /** Empty for none. */
  readonly task: string;
  /** Undefined for the present. */
  readonly event: number | undefined;
}

/** The view is in the address, so that it can be shared. */
export function useAddress(): Address {
  const { runId } = route.useParams();
  const { view = "graph", task = "", event } = route.useSearch();
  const known: View = view === "task" ? "task" : (views.find((each) => each === view) ?? "graph");
  return { runId, view: known, task, event };
}

export interface Go {
  readonly view?: View | undefined;
  /** Empty closes the panel. */
  readonly task?: string | undefined;
  /** 0 is the present. */
  readonly event?: number | undefined;
}

export function useGo(): (to: Go) => void {
  const navigate = route.useNavigate();
  return useCallback(
    (to: Go) => {
      void navigate({
        search: (before) => {
          const { view, task, event } = { ...before, ...to };
          return {
            ...(view === undefined || view === "graph" ? {} : { view }),
            ...(task === undefined || task === "" ? {} : { task }),
            ...(event === undefined || event === 0 ? {} : { event }),
          };
        },
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
}
