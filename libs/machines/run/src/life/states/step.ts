/**
 * The next step of a run of states. A transition executes actions in sequence: those of the old state, of the
 * transition, and of the new state. In a state, transitions that are always open come first. Then come its
 * activity and the end of that, signals in their order, and expired times.
 */

import type { PlanState } from "@tutti/definitions";
import { textOfJson } from "@tutti/expressions";
import { detailOfRefusal, noBytes, ofTask } from "@tutti/machine-work";
import { evaluate } from "../../core/evaluate/evaluate.ts";
import { nodesMax } from "../../core/state/limits.ts";
import { taskIdOf } from "../../core/state/places.ts";
import type { RunStep, RunView } from "../../core/state/state.ts";
import { activityOf, nextMove, parts, stateOf } from "../../core/state/transition-progress.ts";
import { runErrors } from "../../errors.ts";
import { sceneOfRun } from "../entry/scene.ts";
import { concludeWith, failRun } from "../run/end.ts";
import { actionsBegun, stateEntered, stateTimePassed } from "./events.ts";
import {
  type Stepping,
  tryActivity,
  tryFailure,
  trySignals,
  tryTimes,
  tryTransitions,
} from "./transitions.ts";

/** Executes the next step. Returns false if there is none now. */
export function stepStates(stepping: Stepping): boolean {
  const { run, step, budget } = stepping;
  const move = nextMove(run);
  budget.count();
  if (move === undefined) return rest(stepping);
  switch (move.kind) {
    case "wait":
      return false;
    case "fail":
      failRun(run, step, ofTask(run.nodes[move.node]?.error, taskIdOf(run, move.node)));
      return true;
    case "enter":
      step.emit(stateEntered, { state: move.state, enterMs: step.nowMs });
      return true;
    case "actions":
      startActions(stepping, move.scope, move.part);
      return true;
  }
}

function rest(stepping: Stepping): boolean {
  const { run, step } = stepping;
  const state = stateOf(run);
  if (state === undefined) return false;
  if (state.final) {
    if (run.alone > 0) return false;
    finishIn(stepping, state);
    return true;
  }
  if (tryTransitions(stepping, state.always, { kind: "always" })) return true;
  const activity = activityOf(run);
  if (state.run >= 0 && activity === undefined) {
    startActions(stepping, run.plan?.task(state.run).scope ?? -1, parts.activity);
    return true;
  }
  if (activity !== undefined && tryActivity(stepping, activity)) return true;
  const hasFailed =
    activity !== undefined && activity.failed >= 0 && run.more?.states?.isActivityTaken !== true;
  if (hasFailed && activity.remaining === 0) {
    const { failed } = activity;
    if (!tryFailure(stepping, activity))
      failRun(run, step, ofTask(run.nodes[failed]?.error, taskIdOf(run, failed)));
    return true;
  }
  return trySignals(stepping) || tryTimes(stepping);
}

function startActions({ run, step }: Stepping, scope: number, part: number): void {
  const count = run.plan?.plan.scopes[scope]?.count ?? 0;
  if (run.nodeCount + count > nodesMax) {
    const task = `the state ${stateOf(run)?.name ?? ""}`;
    failRun(run, step, detailOfRefusal(runErrors.tooManyTasks.refusal({ task, count, max: nodesMax })));
    return;
  }
  step.emit(actionsBegun, { scope, event: noBytes, beginMs: step.nowMs, part });
}

/** Ends the run in a final state: with its output, or as failed. */
function finishIn({ run, step, budget }: Stepping, { name, fail, output }: PlanState): void {
  const scene = sceneOfRun(run, {}, budget);
  if (fail < 0) {
    concludeWith(run, step, scene, output >= 0 ? output : (run.plan?.plan.output ?? -1));
    return;
  }
  const result = evaluate(scene, fail, `\`fail\` of ${name}`);
  if (!result.ok) {
    failRun(run, step, result.error);
    return;
  }
  const message = textOfJson(result.value);
  failRun(run, step, detailOfRefusal(runErrors.stateFailed.refusal({ state: name, message })));
}

/** Records that a time of the state has expired. */
export function passTime(run: RunView, step: RunStep): void {
  step.emit(stateTimePassed, { passed: (run.more?.states?.timesPassed ?? 0) + 1, passMs: step.nowMs });
}
