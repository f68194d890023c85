import type { AdmissionRuleInput, TestRuleReply } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { pageError, send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import type { Checked } from "../policies/use-check.ts";

const checkAfterMs = 400;

/** Checks a rule while it is written. What was said of an earlier one is not said of this one. */
export function useRuleCheck(rule: AdmissionRuleInput): Checked {
  const [said, setSaid] = useState<{ text: string; checked: Checked } | undefined>();
  const text = JSON.stringify(rule);
  useEffect(() => {
    const stop = new AbortController();
    const callOff = after(checkAfterMs, () => {
      const body = { rule: JSON.parse(text) as AdmissionRuleInput, subjects: [{}] };
      send({ method: "POST", path: "/v1/rules/test", body }, stop.signal).then(
        (reply) => {
          const { problems } = reply as TestRuleReply;
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
