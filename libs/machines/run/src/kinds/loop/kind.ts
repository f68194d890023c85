/**
 * Rounds: the same tasks repeatedly, while a condition holds or until one does. A round ends when all of its
 * tasks have ended. A failed round fails the loop.
 */

import { TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import type { Work } from "@tutti/definitions";
import type { Value } from "@tutti/expressions";
import { bounded, type Data, detailOfRefusal, noBytes, parsed, valueBytesMax } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { evaluate, evaluateCondition, evaluateInFull } from "../../core/evaluate/evaluate.ts";
import { outputsOf } from "../../core/evaluate/outputs.ts";
import type { Scene } from "../../core/evaluate/scene.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { nodesMax } from "../../core/state/limits.ts";
import { nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { partsOf, taskIdIn } from "../../core/state/places.ts";
import type { RangeView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { roundBegun, roundEnded } from "./events.ts";

type LoopWork = Extract<Work, { kind: "loop" }>;

export const loop: TaskKind = {
  start(place) {
    const work = workOf(place);
    if (work === undefined) return;
    if (work.initial < 0) {
      nextRound(place, work, 1, noBytes);
      return;
    }
    const initial = evaluateInFull(sceneOf(place), work.initial, "`initial`");
    if (!initial.ok) failForGood(place, initial.error);
    else nextRound(place, work, 1, initial.bytes);
  },

  partsEnded(place) {
    const work = workOf(place);
    const range = partsOf(place.run, place.run.nodes[place.number]);
    if (work === undefined || range === undefined) return;
    const { isRoundOver = false } = stateOfKind(place.run.nodes[place.number], "loop") ?? {};
    if (isRoundOver) nextRound(place, work, range.round + 1, noBytes);
    else if (range.failed >= 0) failWithRound(place, range);
    else finishRound(place, work, range);
  },

  expire(place, timer) {
    const work = workOf(place);
    const round = stateOfKind(place.run.nodes[place.number], "loop")?.round ?? 0;
    if (timer === nodeTimers.round && work !== undefined) nextRound(place, work, round + 1, noBytes);
  },

  recover(_, { status, number, more }, outstanding) {
    if (status !== TaskStatus.TASK_STATUS_WAITING || more === undefined || more.dueMs === 0) return;
    outstanding.timer(timerNumber(number, nodeTimers.round), more.dueMs);
  },

  explain(_, node) {
    if (node.status !== TaskStatus.TASK_STATUS_WAITING) return undefined;
    const round = (stateOfKind(node, "loop")?.round ?? 0) + 1;
    return { cause: WaitCause.WAIT_CAUSE_TIMER, message: `it waits for the time of round ${round}` };
  },
};

function workOf({ range, task }: Place): LoopWork | undefined {
  const work = range.plan.work(task);
  return work.kind === "loop" ? work : undefined;
}

/** Handles a successful round: ends the loop, or starts another round, immediately or after a pause. */
function finishRound(place: Place, work: LoopWork, range: RangeView): void {
  const { run, step, number, budget } = place;
  const scene: Scene = { run, range, node: number, budget };
  const output = outputOfRound(place, work, scene);
  if (output === undefined) return;
  const isOver =
    work.until < 0
      ? ({ ok: true, value: false } as const)
      : evaluateCondition(scene, work.until, `\`until\` of ${idOf(place)}`);
  if (!isOver.ok) {
    failForGood(place, isOver.error);
    return;
  }
  if (isOver.value) {
    complete(place, output);
    return;
  }
  const { round } = range;
  const waits = work.everyMs > 0 && round < work.max;
  budget.spend(output.length);
  step.emit(roundEnded, {
    node: number,
    round,
    output: work.output < 0 ? noBytes : output,
    nextMs: waits ? step.nowMs + work.everyMs : 0,
  });
  if (!waits) nextRound(place, work, round + 1, noBytes);
}

/** Returns the output of a round. Undefined if its evaluation has failed the loop. */
function outputOfRound(place: Place, work: LoopWork, scene: Scene): Uint8Array | undefined {
  const subject = `the output of round ${scene.range.round} of ${idOf(place)}`;
  if (work.output >= 0) {
    const result = evaluateInFull(scene, work.output, subject);
    if (result.ok) return result.bytes;
    failForGood(place, result.error);
    return undefined;
  }
  const bytes = outputsOf(place.run, scene.range);
  if (bytes.length <= valueBytesMax) return bytes;
  const parameters = { subject, bytes: bytes.length, bytesMax: valueBytesMax };
  failForGood(place, detailOfRefusal(runErrors.valueTooLarge.refusal(parameters)));
  return undefined;
}

/** Starts a round, unless the loop is over. */
function nextRound(place: Place, work: LoopWork, round: number, initial: Uint8Array): void {
  const { run, step, number, range, budget } = place;
  const last: Data | undefined =
    round === 1
      ? initial.length === 0
        ? undefined
        : initial
      : (stateOfKind(run.nodes[number], "loop")?.last as Data | undefined);
  if (work.while >= 0) {
    // Expressions read the tasks of the previous round.
    const before = round === 1 ? range : (partsOf(run, run.nodes[number]) ?? range);
    const names: Record<string, Value> = { round: { number: round, last: parsed(last) } };
    const result = evaluate(
      { run, range: before, node: number, names, budget },
      work.while,
      `\`while\` of ${idOf(place)}`,
    );
    if (!result.ok) {
      failForGood(place, result.error);
      return;
    }
    if (result.value !== true) {
      complete(place, last);
      return;
    }
  }
  const refusal = roundRefusal(place, work, round);
  if (refusal !== undefined) {
    failForGood(place, detailOfRefusal(refusal));
    return;
  }
  budget.spend(initial.length);
  const keepsLast = mayBeUndone(range.plan, work.scope);
  step.emit(roundBegun, { node: number, round, beginMs: step.nowMs, initial, keepsLast });
}

/** Returns whether a task of a round has a compensation, which may run after other rounds. */
function mayBeUndone(plan: RangeView["plan"], scope: number): boolean {
  const { first = 0, count = 0 } = plan.plan.scopes[scope] ?? {};
  for (let task = first; task < first + count; task++)
    if (plan.policy(plan.task(task)).compensate !== null) return true;
  return false;
}

function roundRefusal(place: Place, work: LoopWork, round: number) {
  const task = idOf(place);
  if (round > work.max) return runErrors.loopEndless.refusal({ task, max: work.max });
  const count = place.range.plan.plan.scopes[work.scope]?.count ?? 0;
  const remaining = nodesMax - place.run.nodeCount;
  return count <= remaining ? undefined : runErrors.tooManyTasks.refusal({ task, count, max: nodesMax });
}

/** Fails the loop with the error of the first failed task of the round. */
function failWithRound(place: Place, range: RangeView): void {
  const error = bounded(place.run.nodes[range.failed]?.error);
  const part = taskIdIn(place.run, range, range.failed);
  failForGood(place, { ...error, details: { ...error.details, part } });
}
