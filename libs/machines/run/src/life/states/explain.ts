/** What a run of states waits for. */
import { type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import type { RunView } from "../../core/state/state.ts";
import { nextMove, stateDueMs, stateOf } from "../../core/state/transition-progress.ts";

export function waitOfState(run: RunView): Partial<Wait>[] {
  const state = stateOf(run);
  if (state === undefined || run.phase !== RunPhase.RUN_PHASE_GOING || nextMove(run) !== undefined) return [];
  const signals = state.on.map(({ signal }) => signal);
  const dueMs = stateDueMs(run);
  const ways = [
    ...(signals.length > 0 ? [`a signal ${signals.join(" or ")}`] : []),
    ...(dueMs > 0 ? ["its time"] : []),
    ...(state.run >= 0 ? ["the end of its activity"] : []),
    ...(state.always.length > 0 ? ["a guard that holds"] : []),
  ];
  const [subject = ""] = signals;
  return [
    {
      cause: signals.length > 0 || dueMs === 0 ? WaitCause.WAIT_CAUSE_SIGNAL : WaitCause.WAIT_CAUSE_TIMER,
      message: `it is in the state ${state.name} and waits for ${ways.join(", or ") || "nothing: no way leads out"}`,
      subject,
      startTime: toTimestamp(run.more?.states?.stateMs ?? 0),
      ...(dueMs > 0 ? { endTime: toTimestamp(dueMs) } : {}),
      present: true,
    },
  ];
}
