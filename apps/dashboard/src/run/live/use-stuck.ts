import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { send } from "../../data/send.ts";
import { after, nowMs } from "../../effects/time.ts";
import { explanationOf } from "../actions/actions.ts";
import { stillSince } from "../graph/stuck.ts";
import { numberOfState } from "../model/task-state.ts";
import { useStore } from "./run-context.tsx";

/** An available worker starts a task within milliseconds. */
const patienceMs = 3_000;
const pollMs = 5_000;
const paused = numberOfState("paused");

/**
 * Explains why a run does not make progress, while its present is shown. Requested if a task is paused, if a task
 * stays queued for a while, or if all tasks wait. Approvals are shown elsewhere. Undefined if nothing is stuck.
 */
export function useStuckExplanation(): Partial<Explanation> | undefined {
  const run = useStore((each) => each.run);
  const isLive = useStore(({ past, streamStatus }) => past === undefined && streamStatus === "live");
  const isPaused = useStore(({ states }) => states.includes(paused));
  const since = useStore(stillSince);
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    setIsLong(false);
    if (since === undefined) return undefined;
    return after(Math.max(0, since + patienceMs - nowMs()), () => setIsLong(true));
  }, [since]);
  const isEnabled = isLive && (isPaused || isLong) && run !== undefined;
  const { data } = useQuery({
    queryKey: ["run", run?.id ?? "", "stuck"],
    queryFn: async ({ signal }) =>
      run === undefined ? {} : ((await send(explanationOf(run, "").call, signal)) as Partial<Explanation>),
    enabled: isEnabled,
    refetchInterval: pollMs,
  });
  return isEnabled ? data : undefined;
}
