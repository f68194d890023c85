import { ReportRunEnd, SettleStarts, TriggerDone } from "@tutti/contracts/workflow/v1";
import { triggerErrors } from "../errors.ts";
import type { TriggerCommand } from "../state.ts";
import { startsSettled, triggeredRunEnded } from "./events.ts";
import { release } from "./release.ts";

/** A result. */
export const settleStarts: TriggerCommand<SettleStarts, TriggerDone> = {
  type: "settle_starts",
  codec: SettleStarts,
  reply: TriggerDone,
  decide(trigger, { results }, step) {
    const batch = step.settles?.number ?? 0;
    const starting = trigger.starting.get(batch);
    if (starting === undefined || starting.starts.length !== results.length)
      return triggerErrors.resultUnasked.refusal({ id: step.key.id });
    step.emit(startsSettled, { batch, results, settleMs: step.nowMs });
    release(trigger, step);
    return {};
  },
};

/** A message. A message about a run that nothing waits for is ignored. */
export const reportRunEnd: TriggerCommand<ReportRunEnd, TriggerDone> = {
  type: "report_run_end",
  codec: ReportRunEnd,
  reply: TriggerDone,
  decide(trigger, { runId }, step) {
    if (!trigger.live.has(runId)) return {};
    step.emit(triggeredRunEnded, { runId });
    release(trigger, step);
    return {};
  },
};
