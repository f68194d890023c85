import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { pathOf } from "../../elements/spelled.ts";
import type { History } from "../live/history.ts";
import { useHistory, useRunHandle, useStore } from "../live/run-context.tsx";
import { useAddress, useGo } from "../live/use-address.ts";
import { exactMoment, type PastPage } from "./exact.ts";
import { nextOfReplay, pauseOfReplay } from "./moments.ts";

export interface TimeTravel {
  /** Number of the event that is shown. That of the latest in the present. */
  readonly event: number;
  readonly total: number;
  readonly isPast: boolean;
  readonly isPlaying: boolean;
  /** Shows a moment at once, as folded in the browser. */
  readonly drag: (event: number) => void;
  /** Selects a moment: the address has it, and the platform returns its exact state. */
  readonly settle: (event: number) => void;
  readonly step: (by: number) => void;
  readonly play: () => void;
  readonly present: () => void;
  /** Loads the history, because the user reaches for it. */
  readonly requestHistory: () => void;
}

/** Events that are loaded at once. More are loaded when the user reaches for the slider. */
const initialEventsMax = 20_000;
const settleMs = 120;

/** The moment that is shown without being in the address: while the slider is dragged, and during a replay. */
interface Moving {
  readonly at: number;
  readonly isPlaying: boolean;
}

export function useTimeTravel(): TimeTravel {
  const { event: targetEvent } = useAddress();
  const go = useGo();
  const total = useStore(({ run }) => run?.eventCount ?? 0);
  const [isRequested, setIsRequested] = useState(false);
  const [moving, setMoving] = useState<Moving>();
  const loadsAll = isRequested || targetEvent !== undefined;
  const history = useHistory(loadsAll ? undefined : initialEventsMax);
  const showPast = useShowPast(history);
  const event = moving?.at ?? targetEvent ?? total;
  const latest = useRef({ total, event });
  latest.current = { total, event };
  const settle = useCallback(
    (to: number) => {
      setMoving(undefined);
      go({ event: to >= latest.current.total ? 0 : Math.max(1, to) });
    },
    [go],
  );
  const drag = useCallback(
    (at: number) => {
      setIsRequested(true);
      setMoving({ at, isPlaying: false });
      showPast(at);
    },
    [showPast],
  );
  const step = useCallback(
    (by: number) => {
      setIsRequested(true);
      settle(latest.current.event + by);
    },
    [settle],
  );
  const play = useCallback(() => {
    setIsRequested(true);
    const { event: from, total: until } = latest.current;
    setMoving((before) => {
      if (before?.isPlaying === true) return { ...before, isPlaying: false };
      return { at: from >= until ? 1 : from, isPlaying: true };
    });
  }, []);
  useAddressed({ targetEvent, isMoving: moving !== undefined, history, showPast });
  useReplay({ moving, setMoving, history, showPast, settle, latest });
  const isPlaying = moving?.isPlaying === true;
  const present = useCallback(() => settle(latest.current.total), [settle]);
  const requestHistory = useCallback(() => setIsRequested(true), []);
  return {
    event,
    total,
    isPast: event < total,
    isPlaying,
    drag,
    settle,
    step,
    play,
    present,
    requestHistory,
  };
}

/** Shows a moment as it is folded here. False where the history is not known so far. */
function useShowPast(history: History): (event: number) => boolean {
  const { store } = useRunHandle();
  return useCallback(
    (event) => {
      const { tasks, places, shape } = store.table;
      const moment = history.momentAt(event, {
        tasks,
        places,
        shape,
        isSequence: store.run?.kind === "states",
      });
      if (moment === undefined) return false;
      store.showPast({ ...moment, event, atMs: history.events[event - 1]?.timeMs ?? 0, isExact: false });
      return true;
    },
    [store, history],
  );
}

interface Addressed {
  /** The moment in the address. Undefined is the present. */
  readonly targetEvent: number | undefined;
  readonly isMoving: boolean;
  readonly history: History;
  readonly showPast: (event: number) => boolean;
}

/** The moment of the address is shown as soon as it can be folded, and then exactly. */
function useAddressed({ targetEvent, isMoving, history, showPast }: Addressed): void {
  const { runId, store } = useRunHandle();
  const shape = useStore(({ table }) => table.shape);
  const { version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: tasks that came, and events that were loaded, change what can be shown
  useEffect(() => {
    if (isMoving) return;
    if (targetEvent === undefined) {
      store.showPast(undefined);
      return;
    }
    if (store.past?.isExact === true && store.past.event === targetEvent) return;
    showPast(targetEvent);
    const stop = new AbortController();
    const off = after(settleMs, () => {
      void readExactly(runId, targetEvent, store.table.places, stop.signal).then((moment) => {
        if (moment === undefined || stop.signal.aborted) return;
        store.showPast({
          ...moment,
          event: targetEvent,
          atMs: history.events[targetEvent - 1]?.timeMs ?? 0,
          isExact: true,
        });
      });
    });
    return () => {
      off();
      stop.abort();
    };
  }, [targetEvent, version, shape, isMoving, showPast, runId, store, history]);
}

async function readExactly(
  runId: string,
  event: number,
  places: ReadonlyMap<string, number>,
  signal: AbortSignal,
) {
  const readPage = async (token: string) => {
    const path = pathOf(["runs", runId, "state"], { event, size: 1_000, token: token || undefined });
    return (await send({ method: "GET", path }, signal)) as PastPage;
  };
  return exactMoment(places, readPage).catch(() => undefined);
}

interface Replay {
  readonly moving: Moving | undefined;
  readonly setMoving: (moving: Moving) => void;
  readonly history: History;
  readonly showPast: (event: number) => boolean;
  readonly settle: (event: number) => void;
  readonly latest: RefObject<{ readonly total: number }>;
}

/** Each frame of a replay schedules the next. A paused replay stays at its moment. */
function useReplay({ moving, setMoving, history, showPast, settle, latest }: Replay): void {
  const { version } = history;
  const wasPlaying = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a replay waits for events that are not loaded yet
  useEffect(() => {
    const isStopped = wasPlaying.current && moving?.isPlaying === false;
    wasPlaying.current = moving?.isPlaying === true;
    if (isStopped) settle(moving?.at ?? 0);
    if (moving?.isPlaying !== true || !showPast(moving.at)) return;
    const { total } = latest.current;
    return after(pauseOfReplay(total), () => {
      if (moving.at >= total) settle(total);
      else setMoving({ at: nextOfReplay(moving.at, total), isPlaying: true });
    });
  }, [moving, version, showPast, settle]);
}
