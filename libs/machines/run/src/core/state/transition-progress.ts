/** Progress of a run of states between two states. Follows from the state alone. */

import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { PlanState } from "@tutti/definitions";
import { runNode, runTimers, timerNumber } from "./numbers.ts";
import { type RangeView, type Run, type RunOutstanding, type RunView, statesOf } from "./state.ts";

/** Lists of actions, in the order of their execution. */
export const parts = { taken: 0, exit: 1, way: 2, entry: 3, activity: 4 } as const;

/** Next action on the way from state to state. */
export type Move =
  | { readonly kind: "wait" }
  | { readonly kind: "fail"; readonly node: number }
  | { readonly kind: "actions"; readonly part: number; readonly scope: number }
  | { readonly kind: "enter"; readonly state: number };

const wait: Move = { kind: "wait" };

/** Returns the next move. Undefined if the run rests in a state. */
export function nextMove(run: RunView): Move | undefined {
  const plan = run.plan?.plan;
  const { transition: moving, state = -1 } = run.more?.states ?? {};
  if (plan === undefined) return wait;
  if (state < 0) return { kind: "enter", state: plan.initial };
  if (moving === undefined) return undefined;
  const range = moving.range > 0 ? run.ranges[moving.range - 1] : undefined;
  if (range !== undefined && range.remaining > 0) return wait;
  if (range !== undefined && range.failed >= 0) return { kind: "fail", node: range.failed };
  const { to, do: actions } = plan.transitions[moving.transition - 1] ?? { to: -1, do: -1 };
  const { exit = -1, entry = -1 } = plan.states[state] ?? {};
  const { part } = moving;
  if (part < parts.exit && to >= 0 && exit >= 0) return { kind: "actions", part: parts.exit, scope: exit };
  if (part < parts.way && actions >= 0) return { kind: "actions", part: parts.way, scope: actions };
  if (part < parts.entry && to >= 0) return { kind: "enter", state: to };
  if (part === parts.entry && moving.range === 0 && entry >= 0)
    return { kind: "actions", part: parts.entry, scope: entry };
  return undefined;
}

export function stateOf({ plan, more }: RunView): PlanState | undefined {
  return plan?.plan.states[more?.states?.state ?? -1] as PlanState | undefined;
}

/** Returns the times of a state, the shortest first. */
export function timesOf(state: PlanState | undefined) {
  return [...(state?.after ?? [])].sort((a, b) => a.ms - b.ms);
}

/** Returns the range of the activity of the state. Undefined before the activity has started. */
export function activityOf({ ranges, more }: RunView): RangeView | undefined {
  return ranges[more?.states?.activity ?? -1];
}

/** Returns whether a range belongs to a state or a transition that has ended. */
export function isPast({ plan, more }: RunView, place: number): boolean {
  if (plan?.plan.kind !== "states") return false;
  return place !== more?.states?.activity && place !== (more?.states?.transition?.range ?? 0) - 1;
}

const timer = timerNumber(runNode, runTimers.state);

/** Returns when the next time of the state expires. 0 for never. */
export function stateDueMs(run: RunView): number {
  const { more, phase, plan } = run;
  const progress = more?.states;
  if (phase !== RunPhase.RUN_PHASE_GOING || progress === undefined || progress.state < 0) return 0;
  const { transition } = progress;
  const isLeaving =
    transition !== undefined &&
    transition.part < parts.entry &&
    (plan?.plan.transitions[transition.transition - 1]?.to ?? -1) >= 0;
  const next = isLeaving ? undefined : timesOf(stateOf(run))[progress.timesPassed];
  return next === undefined ? 0 : progress.stateMs + next.ms;
}

/** Sets the timer of the state. For folds, after every change of it. */
export function watchState(run: Run, outstanding: RunOutstanding): void {
  const dueMs = stateDueMs(run);
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}

/** Restarts the times of the state: a resumed run has just entered its state. */
export function restartState(run: Run, atMs: number, outstanding: RunOutstanding): void {
  if (run.plan?.plan.kind !== "states" || (run.more?.states?.state ?? -1) < 0) return;
  Object.assign(statesOf(run), { stateMs: atMs, timesPassed: 0, timesTaken: 0 });
  watchState(run, outstanding);
}
