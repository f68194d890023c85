import type { CheckPoliciesReply, Problem } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { type PageError, pageError, send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";

const checkAfterMs = 400;

export interface Checked {
  /** What is wrong; undefined until this text was checked. */
  readonly problems: readonly Problem[] | undefined;
  readonly failure: PageError | undefined;
}

/** Checks a text while it is written. What was said of an earlier text is not said of this one. */
export function useCheck(text: string): Checked {
  const [said, setSaid] = useState<{ text: string; checked: Checked } | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    const body = { change: { set: [{ policyId: "written", text }] } };
    const callOff = after(checkAfterMs, () => {
      send({ method: "POST", path: "/v1/policies/check", body }, stop.signal).then(
        (reply) => {
          const { problems } = reply as CheckPoliciesReply;
          setSaid({ text, checked: { problems, failure: undefined } });
        },
        (error: unknown) => {
          if (stop.signal.aborted) return;
          setSaid({ text, checked: { problems: undefined, failure: pageError(error) } });
        },
      );
    });
    return () => {
      callOff();
      stop.abort();
    };
  }, [text]);
  return said?.text === text ? said.checked : { problems: undefined, failure: undefined };
}
