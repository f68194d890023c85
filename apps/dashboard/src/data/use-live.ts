import type { Followed } from "@tutti/rest/client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { after } from "../effects/time.ts";
import { followInto, type LiveStore } from "./live-store.ts";

/** No person reads faster. */
const notifyDelayMs = 250;

type Later = (notify: () => void) => void;

/** State of a stream while it is shown. Another key is another stream, with an empty state. */
export function useLive<Value, Picture extends object>(
  key: string,
  create: (later: Later) => LiveStore<Value, Picture>,
  open: (signal: AbortSignal) => AsyncIterable<Followed<Value>>,
) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is made and opened follows from the key
  const store = useMemo(() => create((notify) => void after(notifyDelayMs, notify)), [key]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is new with each key
  useEffect(() => {
    const stop = new AbortController();
    void followInto(open(stop.signal), store, stop.signal);
    return () => stop.abort();
  }, [store]);
  return useSyncExternalStore(store.subscribe, store.known);
}
