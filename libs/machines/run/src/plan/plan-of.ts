import type { RunOrder } from "@tutti/contracts/workflow/v1";
import type { Plan } from "@tutti/definitions";
import type { ReadOnly } from "@tutti/kernel";
import { RunPlan, type RunPlans } from "./run-plan.ts";

/** The plan that a run is started with: that of its definition, or the one that it brought along. */
export function planOf(plans: RunPlans, { hash, plan }: Pick<ReadOnly<RunOrder>, "hash" | "plan">): RunPlan {
  return plan.length > 0 ? readPlan(plan) : plans.plan(hash);
}

const decoder = new TextDecoder();
/** The one that was read last: who decides about a plan folds it next. */
let latest: { readonly bytes: Uint8Array; readonly plan: RunPlan } | undefined;

export function readPlan(bytes: Uint8Array): RunPlan {
  if (latest?.bytes === bytes) return latest.plan;
  // What stands in an event was checked before it came there.
  const plan = new RunPlan(JSON.parse(decoder.decode(bytes)) as Plan, "");
  latest = { bytes, plan };
  return plan;
}
