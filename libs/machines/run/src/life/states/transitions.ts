/** Transitions of a state: the first one whose guard is true is taken. */

import type { RunSignal } from "@tutti/contracts/workflow/v1";
import type { Json, Value } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import {
  dataOfPayload,
  detailOfRefusal,
  encodeJson,
  noBytes,
  parsed,
  type StepBudget,
  UnreadableData,
} from "@tutti/machine-work";
import { evaluateCondition } from "../../core/evaluate/evaluate.ts";
import { hasOutput, outputValue } from "../../core/evaluate/outputs.ts";
import { errorValue } from "../../core/evaluate/scene.ts";
import { transitionsAtOnceMax } from "../../core/state/limits.ts";
import { nodeOfTask } from "../../core/state/places.ts";
import type { RangeView, RunStep, RunView } from "../../core/state/state.ts";
import { activityOf, stateOf, timesOf } from "../../core/state/transition-progress.ts";
import { runErrors } from "../../errors.ts";
import { stopChildrenIn } from "../../kinds/child/stopping.ts";
import { sceneOfRun } from "../entry/scene.ts";
import { assigned } from "../entry/variables.ts";
import { failRun } from "../run/end.ts";
import { transitionTaken } from "./events.ts";

export interface Stepping {
  readonly run: RunView;
  readonly step: RunStep;
  readonly budget: StepBudget;
}

interface TransitionTrigger {
  readonly kind: "done" | "failed" | "signal" | "after" | "always";
  /** Value of `event` in expressions. Undefined keeps the former value. */
  readonly event?: Value;
  readonly names?: Readonly<Record<string, Value>>;
  /** Number of the signal that it consumes. */
  readonly signal?: number;
}

/** Tries transitions in their order. Returns true if one was taken, or if an error has failed the run. */
export function tryTransitions(
  stepping: Stepping,
  transitions: readonly number[],
  trigger: TransitionTrigger,
): boolean {
  const { run, step, budget } = stepping;
  const { event, names = {} } = trigger;
  const scene = sceneOfRun(run, event === undefined ? names : { ...names, event }, budget);
  const name = stateOf(run)?.name ?? "";
  for (const transition of transitions) {
    const guard = run.plan?.plan.transitions[transition]?.when ?? -1;
    const result = evaluateCondition(scene, guard, `the guard of a transition out of ${name}`);
    if (!result.ok) {
      failRun(run, step, result.error);
      return true;
    }
    if (!result.value) continue;
    emitTransition(stepping, transition, trigger, scene);
    return true;
  }
  return false;
}

function emitTransition(
  { run, step, budget }: Stepping,
  transition: number,
  trigger: TransitionTrigger,
  scene: ReturnType<typeof sceneOfRun>,
): void {
  const name = stateOf(run)?.name ?? "";
  const planned = run.plan?.plan.transitions[transition];
  const isByItself = trigger.kind !== "signal" && trigger.kind !== "after";
  budget.transitions = isByItself ? budget.transitions + 1 : 0;
  if (budget.transitions > transitionsAtOnceMax) {
    const refusal = runErrors.statesEndless.refusal({ state: name, max: transitionsAtOnceMax });
    failRun(run, step, detailOfRefusal(refusal));
    return;
  }
  const result = assigned(scene, planned?.set ?? {}, `a transition out of ${name}`);
  if (!result.ok) {
    failRun(run, step, result.error);
    return;
  }
  const activity = activityOf(run);
  if ((planned?.to ?? -1) >= 0 && activity !== undefined && activity.remaining > 0)
    stopChildrenIn(run, step, budget, activity, "cancel");
  const event = trigger.event === undefined ? noBytes : encodeJson(trigger.event as Json);
  budget.spend(event.length);
  step.emit(transitionTaken, {
    transition,
    event,
    vars: result.vars,
    takeMs: step.nowMs,
    way: trigger.kind,
    signal: trigger.signal ?? 0,
    atOnce: budget.transitions,
  });
}

/**
 * Handles the end of the activity of the state. Without a transition for its failure the run fails with it.
 */
export function tryActivity(stepping: Stepping, activity: RangeView): boolean {
  const { run, step } = stepping;
  const state = stateOf(run);
  if (state === undefined || activity.remaining > 0 || run.more?.states?.isActivityTaken === true)
    return false;
  if (activity.failed >= 0) return false;
  const node = nodeOfTask(activity, state.run);
  const output = hasOutput(run, node) ? readable(() => outputValue(run, node)) : null;
  const event = eventOf("done", output, step.nowMs);
  return tryTransitions(stepping, state.onDone, { kind: "done", event, names: { output } });
}

/** Handles a failed activity. Returns false if no transition handles the failure. */
export function tryFailure(stepping: Stepping, activity: RangeView): boolean {
  const { run, step } = stepping;
  const error = errorValue(run.nodes[activity.failed]?.error);
  const event = eventOf("failed", error, step.nowMs);
  return tryTransitions(stepping, stateOf(run)?.onFailed ?? [], { kind: "failed", event, names: { error } });
}

/** Tries the oldest signal that a transition accepts. The others are kept. */
export function trySignals(stepping: Stepping): boolean {
  const on = stateOf(stepping.run)?.on ?? [];
  if (on.length === 0) return false;
  for (const buffered of stepping.run.more?.signals ?? []) {
    const handler = on.find(({ signal }) => signal === buffered.signal);
    if (handler === undefined) continue;
    const event = eventOf(buffered.signal, payloadOf(buffered), buffered.receiveMs);
    if (tryTransitions(stepping, handler.transitions, { kind: "signal", event, signal: buffered.number }))
      return true;
  }
  return false;
}

/** Tries the expired times of the state. */
export function tryTimes(stepping: Stepping): boolean {
  const { run, step } = stepping;
  const { timesTaken = 0, timesPassed = 0, stateMs = 0 } = run.more?.states ?? {};
  for (const { ms, transitions } of timesOf(stateOf(run)).slice(timesTaken, timesPassed)) {
    const event = eventOf("after", null, Math.min(step.nowMs, stateMs + ms));
    if (tryTransitions(stepping, transitions, { kind: "after", event })) return true;
  }
  return false;
}

function eventOf(name: string, payload: Value, atMs: number): Value {
  return { name, payload, time: new Date(atMs).toISOString() };
}

function payloadOf({ payload }: ReadOnly<RunSignal>): Value {
  return readable(() => parsed(dataOfPayload(payload as RunSignal["payload"])));
}

/** Returns a value. Data that is not JSON is null to expressions of states. */
function readable(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableData) return null;
    throw error;
  }
}
