import { useCallback, useEffect, useRef, useState } from "react";
import { send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { pathOf } from "../../elements/spelled.ts";
import { useHistory, useRunHandle, useStore } from "../live/run-context.tsx";
import { useAddress, useGo } from "../live/use-address.ts";
import { exactMoment, type PastPage } from "./exact.ts";
import { nextOfReplay, pauseOfReplay } from "./moments.ts";

export interface TimeTravel {
  /** Number of the event that is shown; that of the latest in the present. */
  readonly event: number;
  readonly total: number;
  readonly isPast: boolean;
  readonly isPlaying: boolean;
  /** Shows a moment at once, as it can be folded here. */
  readonly drag: (event: number) => void;
  /** Stays at a moment: from now on it is in the address, and the platform is asked how it was exactly. */
  readonly settle: (event: number) => void;
  readonly step: (by: number) => void;
  readonly play: () => void;
  readonly present: () => void;
  /** The history is wanted, because somebody reaches for it. */
  readonly reach: () => void;
}

/** Histories up to this length are loaded before anybody asks. */
const loadedAtOnce = 2_000;
const settleMs = 120;

export function useTimeTravel(): TimeTravel {
  const { runId, store } = useRunHandle();
  const { event: wanted } = useAddress();
  const go = useGo();
  const total = useStore(({ run }) => run?.eventCount ?? 0);
  const isOver = useStore(({ standing }) => standing === "ended");
  const shape = useStore(({ table }) => table.shape);
  const [isReached, setIsReached] = useState(false);
  const [dragged, setDragged] = useState<number>();
  const [isPlaying, setIsPlaying] = useState(false);
  const isWanted = isReached || wanted !== undefined || (isOver && total <= loadedAtOnce);
  const history = useHistory(isWanted);
  const { version } = history;
  const lookAt = useCallback(
    (event: number): boolean => {
      const { tasks, places, shape: of } = store.table;
      const moment = history.momentAt(event, { tasks, places, shape: of });
      if (moment === undefined) return false;
      store.lookAt({ ...moment, event, atMs: history.events[event - 1]?.timeMs ?? 0, isExact: false });
      return true;
    },
    [store, history],
  );
  // Where the address says a moment, that is shown as soon as it is known, and then as it was exactly.
  // biome-ignore lint/correctness/useExhaustiveDependencies: tasks that came, and events that were loaded, change what can be shown
  useEffect(() => {
    if (wanted === undefined || isPlaying || dragged !== undefined) return;
    if (store.past?.isExact !== true || store.past.event !== wanted) lookAt(wanted);
    if (store.past?.isExact === true && store.past.event === wanted) return;
    const stop = new AbortController();
    const off = after(settleMs, () => void askExactly(wanted, stop.signal));
    return () => {
      off();
      stop.abort();
    };
  }, [wanted, version, shape, isPlaying, dragged, lookAt]);
  useEffect(() => {
    if (wanted === undefined && dragged === undefined && !isPlaying) store.lookAt(undefined);
  }, [wanted, dragged, isPlaying, store]);
  const askExactly = async (event: number, signal: AbortSignal) => {
    const readPage = async (token: string) => {
      const path = pathOf(["runs", runId, "state"], { event, size: 1_000, token: token || undefined });
      return (await send({ method: "GET", path }, signal)) as PastPage;
    };
    const moment = await exactMoment(store.table.places, readPage).catch(() => undefined);
    if (moment === undefined || signal.aborted) return;
    store.lookAt({ ...moment, event, atMs: history.events[event - 1]?.timeMs ?? 0, isExact: true });
  };
  const latest = useRef({ total, event: 0 });
  const event = dragged ?? wanted ?? total;
  latest.current = { total, event };
  const drag = useCallback(
    (to: number) => {
      setIsReached(true);
      setIsPlaying(false);
      setDragged(to);
      lookAt(to);
    },
    [lookAt],
  );
  const settle = useCallback(
    (to: number) => {
      setDragged(undefined);
      go({ event: to >= latest.current.total ? 0 : Math.max(1, to) });
    },
    [go],
  );
  const step = useCallback(
    (by: number) => {
      setIsReached(true);
      setIsPlaying(false);
      settle(latest.current.event + by);
    },
    [settle],
  );
  const present = useCallback(() => {
    setIsPlaying(false);
    setDragged(undefined);
    go({ event: 0 });
  }, [go]);
  const play = useCallback(() => {
    setIsReached(true);
    setIsPlaying((before) => !before);
    setDragged((before) => {
      const { event: from, total: until } = latest.current;
      return before ?? (from >= until ? 1 : from);
    });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each picture of a replay brings about the next
  useEffect(() => {
    if (!isPlaying || dragged === undefined) return;
    if (!lookAt(dragged)) return;
    return after(pauseOfReplay(latest.current.total), () => {
      if (dragged >= latest.current.total) present();
      else setDragged(nextOfReplay(dragged, latest.current.total));
    });
  }, [isPlaying, dragged, version]);
  useEffect(() => {
    // A replay that was stopped stays where it is.
    if (!isPlaying && dragged !== undefined && store.past?.event === dragged && !isDragging())
      settle(dragged);
  }, [isPlaying, dragged, settle, store]);
  const reach = useCallback(() => setIsReached(true), []);
  return { event, total, isPast: event < total, isPlaying, drag, settle, step, play, present, reach };
}

/** Whether the slider is held, be it by a pointer or by keys. */
function isDragging(): boolean {
  return document.activeElement instanceof HTMLInputElement && document.activeElement.type === "range";
}
