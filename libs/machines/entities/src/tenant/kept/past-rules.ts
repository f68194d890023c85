/** Rules as they were: what can be gone back to, and what findings were found by. */
import { type AdmissionRule, PastRule } from "@tutti/contracts/governance/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { type Kept, weightOf } from "../../index.ts";
import { pastRulesMax, pastRulesWeightMax } from "../limits.ts";
import type { Tenant } from "../state.ts";
import { byOf } from "./since.ts";

export interface Passing {
  readonly timeMs: number;
  readonly cause: Cause | undefined;
  readonly isRemoved: boolean;
}

export function passed(
  { pastRules }: Tenant,
  before: Kept<AdmissionRule>,
  { timeMs, cause, isRemoved }: Passing,
): void {
  const kept = { rule: before.value, by: byOf(before) };
  pastRules.push({ kept, endMs: timeMs, endCause: cause, removed: isRemoved });
  let weight = pastRules.reduce((sum, one) => sum + weightOf(PastRule, one), 0);
  while (pastRules.length > pastRulesMax || (weight > pastRulesWeightMax && pastRules.length > 1)) {
    const oldest = pastRules.shift();
    if (oldest !== undefined) weight -= weightOf(PastRule, oldest);
  }
}
