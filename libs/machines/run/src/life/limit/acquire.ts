/** Requests limits one after the other. */
import { RunPhase } from "@tutti/contracts/workflow/v1";
import { runLimitAsked } from "../../core/limit/events.ts";
import { acquire } from "../../core/limit/limits.ts";
import type { RunStep, RunView } from "../../core/state/state.ts";
import { startNow } from "../advance/advance.ts";

/** Requests the first limit when the delayed start is due. */
export function acquireFirst(run: RunView, step: RunStep): void {
  const [first] = run.more?.limits ?? [];
  if (first === undefined) return;
  step.emit(runLimitAsked, { node: undefined, limit: first.limit });
  acquire(run, step, first.limit);
}

/** Requests limits again whose retry is due. */
export function acquireDue(run: RunView, step: RunStep): void {
  const due = (run.more?.limits ?? []).filter(({ retryMs }) => retryMs > 0 && retryMs <= step.nowMs);
  for (const { limit } of due) {
    step.emit(runLimitAsked, { node: undefined, limit });
    acquire(run, step, limit);
  }
}

/** Requests the next limit. If none is left, the run starts. */
export function acquireNext(run: RunView, step: RunStep): void {
  if (run.phase !== RunPhase.RUN_PHASE_WAITING) return;
  const next = run.more?.limits.find(({ ticket }) => ticket === 0);
  if (next === undefined) startNow(run, step);
  else if (next.retryMs === 0) acquire(run, step, next.limit);
}
