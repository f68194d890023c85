import type { CheckPoliciesReply } from "@tutti/rest/types";
import { send } from "../../data/send.ts";
import { type Check, type Checked, useChecked } from "../drafting/use-checked.ts";

export function useCheck(text: string): Checked {
  return useChecked(text, checkPolicies);
}

const checkPolicies: Check = async (text, signal) => {
  const body = { change: { set: [{ policyId: "written", text }] } };
  const reply = await send({ method: "POST", path: "/v1/policies/check", body }, signal);
  return (reply as CheckPoliciesReply).problems;
};
