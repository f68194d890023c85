import type { Problem } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { type PageError, pageError } from "../../data/send.ts";
import { after } from "../../effects/time.ts";

const checkAfterMs = 400;

export interface Checked {
  /** The problem. Undefined until this text was checked. */
  readonly problems: readonly Problem[] | undefined;
  readonly failure: PageError | undefined;
}

/** Checks a text. The same function for all texts of a page. */
export type Check = (text: string, signal: AbortSignal) => Promise<readonly Problem[]>;

/** Checks a text while it is written. The result of an earlier text is not shown for this one. */
export function useChecked(text: string, check: Check): Checked {
  const [latest, setLatest] = useState<{ text: string; checked: Checked } | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    const callOff = after(checkAfterMs, () => {
      check(text, stop.signal).then(
        (problems) => setLatest({ text, checked: { problems, failure: undefined } }),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          setLatest({ text, checked: { problems: undefined, failure: pageError(error) } });
        },
      );
    });
    return () => {
      callOff();
      stop.abort();
    };
  }, [text, check]);
  return latest?.text === text ? latest.checked : { problems: undefined, failure: undefined };
}
