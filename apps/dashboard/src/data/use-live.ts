import type { Followed } from "@tutti/rest/client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { after } from "../effects/time.ts";
import { followInto, type LiveStore } from "./live-store.ts";

/** No person reads faster. */
const tellMs = 250;

type Later = (tell: () => void) => void;

/** State of a stream while it is shown. Another key is another stream, with an empty state. */
export function useLive<Value, Picture extends object>(
  key: string,
  make: (later: Later) => LiveStore<Value, Picture>,
  open: (signal: AbortSignal) => AsyncIterable<Followed<Value>>,
) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is made and opened follows from the key
  const store = useMemo(() => make((tell) => void after(tellMs, tell)), [key]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is new with each key
  useEffect(() => {
    const stop = new AbortController();
    void followInto(open(stop.signal), store, stop.signal);
    return () => stop.abort();
  }, [store]);
  return useSyncExternalStore(store.subscribe, store.known);
}
