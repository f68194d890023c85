import type { Flip, PreviewImpactReply, Problem } from "@tutti/rest/types";
import { useCallback, useEffect, useRef, useState } from "react";
import { client } from "../../data/live.ts";
import { type PageError, pageError } from "../../data/send.ts";
import type { changeOf } from "./draft.ts";

export interface Impact {
  /** The change that was previewed, as it was sent. */
  readonly of: string;
  readonly flips: readonly Flip[];
  readonly examined: number;
  readonly total: number;
  readonly problems: readonly Problem[];
  readonly isComplete: boolean;
  readonly failure?: PageError;
}

/** The recorded decisions that a change would turn. Requested and followed while it is shown. */
export function useImpact() {
  const [impact, setImpact] = useState<Impact | undefined>();
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const preview = useCallback(async (change: ReturnType<typeof changeOf>) => {
    stop.current?.abort();
    const current = new AbortController();
    stop.current = current;
    const { signal } = current;
    let known: Impact = {
      of: JSON.stringify(change),
      flips: [],
      examined: 0,
      total: 0,
      problems: [],
      isComplete: false,
    };
    setImpact(known);
    try {
      for await (const message of client.follow("policies.impact", { body: { change } }, { signal })) {
        if (message.kind === "ready" || message.kind === "gap") continue;
        const { flips = [], problems = [], examined, total }: Partial<PreviewImpactReply> = message.value;
        known = {
          ...known,
          flips: [...known.flips, ...flips],
          problems: [...known.problems, ...problems],
          examined: examined ?? known.examined,
          total: total ?? known.total,
        };
        setImpact(known);
        if (problems.length > 0) break;
      }
      if (!signal.aborted) setImpact({ ...known, isComplete: true });
    } catch (error) {
      if (signal.aborted) return;
      setImpact({ ...known, failure: pageError(error) });
    }
  }, []);
  return { impact, preview };
}
