import { type EventJson, eventOf } from "@tutti/rest/history";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { client } from "../../data/live.ts";
import { send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { pathOf } from "../../elements/spelled.ts";
import { followRun } from "./follow-run.ts";
import { History } from "./history.ts";
import { RunStore } from "./run-store.ts";

/** State that all parts of the page of one run share. */
export interface RunHandle {
  readonly runId: string;
  readonly store: RunStore;
  readonly history: History;
  /** Starts to watch again, because an ended run was resumed. */
  readonly follow: () => void;
}

const RunContext = createContext<RunHandle | undefined>(undefined);

const pageSize = 500;
const gatherMs = 400;

async function readHistory(runId: string, afterEvent: number) {
  const path = pathOf(["runs", runId, "history"], { afterEvent, size: pageSize });
  const reply = (await send({ method: "GET", path })) as {
    readonly events?: readonly EventJson[];
    readonly nextToken?: string;
  };
  return { events: (reply.events ?? []).map(eventOf), hasMore: (reply.nextToken ?? "") !== "" };
}

export function RunProvider({ runId, children }: { runId: string; children: ReactNode }) {
  const [generation, setGeneration] = useState(0);
  const parts = useMemo(
    () => ({
      store: new RunStore({ soon: (call) => void after(16, call) }),
      history: new History({
        read: (afterEvent) => readHistory(runId, afterEvent),
        soon: (call) => void after(gatherMs, call),
      }),
    }),
    [runId],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round subscribes again
  useEffect(() => {
    const stop = new AbortController();
    void followRun(client, runId, parts.store, stop.signal);
    return () => stop.abort();
  }, [parts, runId, generation]);
  const handle = useMemo(
    () => ({ runId, ...parts, follow: () => setGeneration((before) => before + 1) }),
    [runId, parts],
  );
  return <RunContext value={handle}>{children}</RunContext>;
}

export function useRunHandle(): RunHandle {
  const handle = useContext(RunContext);
  if (handle === undefined) throw new Error("expected to be inside of the page of a run");
  return handle;
}

/**
 * Returns a selected value of the store. It must be a plain value, or the same object until it changes, because a new
 * value causes a new rendering.
 */
export function useStore<Chosen>(choose: (store: RunStore) => Chosen): Chosen {
  const { store } = useRunHandle();
  return useSyncExternalStore(store.subscribe, () => choose(store));
}

/** Returns the loaded events. Loads up to `most` events of the run, also those that come later. */
export function useHistory(most = Number.POSITIVE_INFINITY): History {
  const { history } = useRunHandle();
  const count = useStore(({ run }) => Math.min(most, run?.eventCount ?? 0));
  useSyncExternalStore(history.subscribe, () => history.version);
  useEffect(() => {
    if (count > 0) history.keepUp(count);
  }, [history, count]);
  return history;
}
