import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(max-width: 46rem)");

function subscribe(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

/** Returns whether the page is as narrow as a phone: what lays rows out by hand must know. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches);
}
