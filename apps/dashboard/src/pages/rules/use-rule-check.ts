import type { AdmissionRuleInput, TestRuleReply } from "@tutti/rest/types";
import { send } from "../../data/send.ts";
import { type Check, type Checked, useChecked } from "../drafting/use-checked.ts";

/** Checks a rule while it is written. */
export function useRuleCheck(rule: AdmissionRuleInput): Checked {
  return useChecked(JSON.stringify(rule), checkRule);
}

const checkRule: Check = async (text, signal) => {
  const { ruleId, ...rule } = JSON.parse(text) as AdmissionRuleInput;
  // That it has no name yet is said beside the field.
  const body = { rule: { ...rule, ruleId: ruleId || "written" }, subjects: [{}] };
  const reply = await send({ method: "POST", path: "/v1/rules/test", body }, signal);
  return (reply as TestRuleReply).problems;
};
