import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(max-width: 46rem)");

function subscribe(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

/** Returns true if the page is as narrow as a phone, for components that lay out rows themselves. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches);
}
