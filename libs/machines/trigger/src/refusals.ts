/** Refusals that several nouns share. Each function returns the refusal, or undefined. */
import { Singleton, type TriggerPlan } from "@tutti/contracts/workflow/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { triggerErrors } from "./errors.ts";
import { idLengthMax, labelsMax, runBytesMax, textLengthMax } from "./limits.ts";
import { isCollecting, policyOf, type TriggerView } from "./state.ts";

/** Refuses if the trigger does not exist or has ended. */
export function notThere({ status }: TriggerView, id: string): Refusal | undefined {
  return status === "absent" || status === "removed" ? triggerErrors.missing.refusal({ id }) : undefined;
}

export function notAPlan(plan: ReadOnly<TriggerPlan> | undefined, id: string): Refusal | undefined {
  const problem = planProblem(plan, id);
  return problem === undefined ? undefined : triggerErrors.planInvalid.refusal({ problem });
}

function planProblem(plan: ReadOnly<TriggerPlan> | undefined, id: string): string | undefined {
  if (plan?.source?.kind === undefined) return "source: expected one, got none";
  if (id.length > idLengthMax)
    return `triggerId: expected at most ${idLengthMax} characters, got ${id.length}`;
  const { run, description, labels, windowMs } = plan;
  if (run.length < 1 || run.length > runBytesMax)
    return `run: expected 1 to ${runBytesMax} bytes, got ${run.length}`;
  if (description.length > textLengthMax)
    return `description: expected at most ${textLengthMax} characters, got ${description.length}`;
  const count = Object.keys(labels).length;
  if (count > labelsMax) return `labels: expected at most ${labelsMax}, got ${count}`;
  if (!(Number.isFinite(windowMs) && windowMs >= 0)) return `windowMs: expected at least 0, got ${windowMs}`;
  return policyProblem(plan);
}

function policyProblem(plan: ReadOnly<TriggerPlan>): string | undefined {
  const policy = policyOf(plan);
  const { debounceMs, debounceMaxMs, batchSize, batchWaitMs, throttlePerMs, signal, singleton } = policy;
  for (const duration of [debounceMs, debounceMaxMs, batchWaitMs, throttlePerMs])
    if (!(Number.isFinite(duration) && duration >= 0))
      return `policy: expected spans of at least 0 ms, got ${duration}`;
  if (debounceMs > 0 && batchSize > 1) return "policy: expected either debounceMs or batchSize, got both";
  if (signal === "") return undefined;
  if (plan.runId === "") return "policy.signal: expected runId, which names the run, got none";
  if (isCollecting(policy) || singleton !== Singleton.SINGLETON_UNSPECIFIED)
    return "policy.signal: expected no debounce, batch or singleton with it";
  return undefined;
}
