import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "@tutti/rest/types";
import { useEffect, useRef, useState } from "react";
import { send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { whyOf } from "../actions/actions.ts";
import { useStore } from "../live/run-context.tsx";
import { numberOfState } from "../model/task-state.ts";
import { type Stuck, sameStuck, stuckIn } from "./stuck.ts";

/** A worker that is there takes a task within milliseconds. */
const patienceMs = 3_000;
const againMs = 5_000;
const queued = numberOfState("queued");
const held = numberOfState("held");

/** Tasks that no worker can take, while the present of a run is shown. Asked only if a task stays queued for a while. */
export function useStuck(): ReadonlyMap<string, Stuck> {
  const run = useStore((each) => each.run);
  const isQueued = useStore(
    ({ past, standing, states }) =>
      past === undefined && standing === "live" && (states.includes(queued) || states.includes(held)),
  );
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (isQueued) return after(patienceMs, () => setIsLong(true));
    setIsLong(false);
    return undefined;
  }, [isQueued]);
  const isAsked = isQueued && isLong && run !== undefined;
  const { data } = useQuery({
    queryKey: ["run", run?.id ?? "", "stuck"],
    queryFn: async ({ signal }) =>
      run === undefined ? {} : ((await send(whyOf(run, "").call, signal)) as Partial<Explanation>),
    enabled: isAsked,
    refetchInterval: againMs,
  });
  const before = useRef(none);
  before.current = sameStuck(
    before.current,
    isAsked && data !== undefined ? stuckIn({ parts: data.parts ?? [] }) : none,
  );
  return before.current;
}

const none: ReadonlyMap<string, Stuck> = new Map();
