import { useSyncExternalStore } from "react";
import { every, nowMs } from "./time.ts";

// One clock for all relative times: everything on the page changes at the same moment.
const listeners = new Set<() => void>();
let currentMs = nowMs();
let stop: (() => void) | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (stop === undefined) {
    currentMs = nowMs();
    stop = every(1_000, () => {
      currentMs = nowMs();
      for (const listen of listeners) listen();
    });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

/** Returns the present time, to the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => currentMs);
}
