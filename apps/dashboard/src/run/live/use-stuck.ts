import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { whyOf } from "../actions/actions.ts";
import { numberOfState } from "../model/task-state.ts";
import { useStore } from "./run-context.tsx";

/** A worker that is there takes a task within milliseconds. */
const patienceMs = 3_000;
const againMs = 5_000;
const queued = numberOfState("queued");
const held = numberOfState("held");
const paused = numberOfState("paused");

/**
 * Why tasks of a run are stuck, while its present is shown. Asked if a task is paused, or stays queued for a while.
 * Undefined if none is.
 */
export function useStuckExplanation(): Partial<Explanation> | undefined {
  const run = useStore((each) => each.run);
  const isLive = useStore(({ past, standing }) => past === undefined && standing === "live");
  const isQueued = useStore(({ states }) => states.includes(queued) || states.includes(held));
  const isPaused = useStore(({ states }) => states.includes(paused));
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (isQueued) return after(patienceMs, () => setIsLong(true));
    setIsLong(false);
    return undefined;
  }, [isQueued]);
  const isAsked = isLive && (isPaused || (isQueued && isLong)) && run !== undefined;
  const { data } = useQuery({
    queryKey: ["run", run?.id ?? "", "stuck"],
    queryFn: async ({ signal }) =>
      run === undefined ? {} : ((await send(whyOf(run, "").call, signal)) as Partial<Explanation>),
    enabled: isAsked,
    refetchInterval: againMs,
  });
  return isAsked ? data : undefined;
}
