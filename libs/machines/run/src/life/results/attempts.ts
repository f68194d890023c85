/** Results of attempts, and notes about running attempts. An attempt is identified by its token. */
import { type Amounts, type ErrorDetail, type Payload, TaskStatus } from "@tutti/contracts/types/v1";
import {
  CompleteTask,
  FailTask,
  NoteAttempt,
  NoteModelCalls,
  NoteProgress,
  ReturnTask,
  RunDone,
  TaskAnswered,
} from "@tutti/contracts/workflow/v1";
import { type ReadOnly, type Refusal, retryAfterMaxMs } from "@tutti/kernel";
import {
  bounded,
  boundedCalls,
  contentIn,
  dataOf,
  detailOfRefusal,
  isStoredValue,
  lossLengthMax,
  lostCode,
  lostMax,
  messageLengthMax,
  StepBudget,
  savedBytesMax,
  truncate,
} from "@tutti/machine-work";
import { undoCompleted } from "../../core/attempt/compensation-events.ts";
import { attemptStarted, modelCallsNoted, offerReturned, progressSaved } from "../../core/attempt/events.ts";
import { failAttempt, failLost, policyOf } from "../../core/attempt/outcome.ts";
import { idOf, type Place, placeOf } from "../../core/node/task-kind.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { effectTags, nodeOfEffect, tagOfEffect } from "../../core/state/numbers.ts";
import { hasEnded, type RunCommand, type RunStep, type RunView } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { forgetUnreadable, releaseWaiters } from "../../kinds/cache/cache.ts";
import { recordTurn } from "../../kinds/function/turn.ts";
import { finish } from "../../kinds/gate/checks.ts";
import { advance } from "../advance/advance.ts";
import { recomputeUnreadable } from "../repair/commands.ts";
import { endingOf } from "../run/end.ts";

const answered: TaskAnswered = { ending: undefined };

export const completeTask: RunCommand<CompleteTask, TaskAnswered> = {
  type: "complete_task",
  codec: CompleteTask,
  reply: TaskAnswered,
  decide(run, { output, outputPayload, agent, runMs, used, questions }, step) {
    const place = settledPlace(run, step);
    if (place === undefined) return unnamed(step);
    if (isReadHere(place, outputPayload))
      return runErrors.valueWanted.refusal({ task: idOf(place) }, contentIn(run.key.namespace));
    if (isUndo(step)) {
      const undone = { node: place.number, endMs: step.nowMs, agent, used: usedOf(used) };
      step.emit(undoCompleted, undone);
      return advanceAndReply(run, step);
    }
    const attemptReport = { agent, runMs, used: usedOf(used), questions };
    if (place.task.kind === "function") {
      recordTurn(place, dataOf(output, outputPayload), attemptReport);
      return advanceAndReply(run, step);
    }
    if (questions.length > 0 && step.behaviour < behaviours.holdsResults)
      failAttempt(
        place,
        detailOfRefusal(runErrors.resultNotHeld.refusal({ task: idOf(place) })),
        attemptReport,
      );
    else finish(place, dataOf(output, outputPayload), attemptReport);
    return advanceAndReply(run, step);
  },
};

export const failTask: RunCommand<FailTask, TaskAnswered> = {
  type: "fail_task",
  codec: FailTask,
  reply: TaskAnswered,
  decide(run, { error, agent, runMs, used }, step) {
    const place = settledPlace(run, step);
    if (place === undefined) return unnamed(step);
    const problem = bounded(error);
    failAttempt(place, problem, { agent, used: usedOf(used) });
    forgetUnreadable(place, problem);
    const node = run.nodes[place.number];
    if (node?.status === TaskStatus.TASK_STATUS_FAILED)
      releaseWaiters(place, bounded(node.error), { agent, runMs });
    recomputeUnreadable(place, problem);
    return advanceAndReply(run, step);
  },
};

/**
 * Requeues a task whose worker was busy or lost: the attempt does not count, and the task is offered again after a pause.
 * A task that runs at most once, or has lost too many workers, fails instead.
 */
export const returnTask: RunCommand<ReturnTask, TaskAnswered> = {
  type: "return_task",
  codec: ReturnTask,
  reply: TaskAnswered,
  decide(run, { retryAfterMs, message, lost, agent }, step) {
    const place = settledPlace(run, step);
    const node = place === undefined ? undefined : run.nodes[place.number];
    if (place === undefined || node === undefined) return unnamed(step);
    // The use of a lost attempt is unknown: all reserved amounts count.
    const used = lost ? (node.more?.reserved as Amounts | undefined) : undefined;
    const error = lost
      ? lossError(place, { agent, reason: truncate(message || unknownLoss, lossLengthMax) })
      : undefined;
    if (error !== undefined) failLost(place, error, { used });
    else {
      const retryMs = step.nowMs + Math.min(Math.max(0, retryAfterMs), retryAfterMaxMs);
      const { attempt } = node;
      const event = {
        node: place.number,
        attempt,
        message: truncate(message, messageLengthMax),
        retryMs,
        lost,
      };
      step.emit(offerReturned, { ...event, agent, used: used && { ...used } });
    }
    return advanceAndReply(run, step);
  },
};

/**
 * Returns whether the run reads an output that arrived as a reference. A decision cannot wait for the store,
 * so the result is refused, and sent again with its content. An output that is only passed on stays in the
 * store.
 */
function isReadHere({ range, number }: Place, output: ReadOnly<Payload> | undefined): boolean {
  return isStoredValue(output) && !range.plan.isPassThrough(range.firstTask + number - range.first);
}

const unknownLoss = "its worker is lost";

interface Loss {
  readonly agent: string;
  readonly reason: string;
}

/** Returns why a loss ends the task. Undefined if another worker gets the task. */
function lossError(place: Place, loss: Loss): ErrorDetail | undefined {
  const { more } = place.run.nodes[place.number] ?? {};
  const task = idOf(place);
  if (policyOf(place).failWhenLost === true)
    return detailOfRefusal(runErrors.attemptLost.refusal({ task, loss: lossText(loss) }));
  const count = (more?.lost ?? 0) + 1;
  if (count < lostMax) return undefined;
  const known = (more?.failures ?? [])
    .filter(({ error }) => error?.code === lostCode)
    .map(({ agent, error }) => lossText({ agent, reason: error?.message ?? "" }))
    .slice(1 - count);
  // A loss without a known worker was not recorded.
  const unknown = Array<string>(count - 1 - known.length).fill(unknownLoss);
  return detailOfRefusal(
    runErrors.agentLost.refusal({ task, losses: [...unknown, ...known, lossText(loss)] }),
  );
}

function lossText({ agent, reason }: Loss): string {
  return agent === "" ? reason : `${agent}: ${reason}`;
}

/** Leaves the attempt outstanding. */
export const noteAttempt: RunCommand<NoteAttempt, RunDone> = {
  type: "note_attempt",
  codec: NoteAttempt,
  reply: RunDone,
  decide(run, { agent, startMs }, step) {
    const place = settledPlace(run, step);
    const node = place === undefined ? undefined : run.nodes[place.number];
    if (node === undefined) return unnamed(step);
    if (node.startAt >= 0 && node.agent === agent) return {};
    const { number, attempt } = node;
    step.emit(attemptStarted, { node: number, attempt, agent, startMs: Math.min(startMs, step.nowMs) });
    return {};
  },
};

/** Leaves the attempt outstanding. */
export const noteProgress: RunCommand<NoteProgress, RunDone> = {
  type: "note_progress",
  codec: NoteProgress,
  reply: RunDone,
  decide(run, { saved, fraction, message }, step) {
    const place = settledPlace(run, step);
    if (place === undefined) return unnamed(step);
    if (saved.length > savedBytesMax) {
      const parameters = { subject: "what an attempt saves", bytes: saved.length, bytesMax: savedBytesMax };
      return runErrors.valueTooLarge.refusal(parameters);
    }
    const text = truncate(message, messageLengthMax);
    step.emit(progressSaved, { node: place.number, saved, fraction: clamped(fraction), message: text });
    return {};
  },
};

/** Leaves the attempt outstanding. */
export const noteModelCalls: RunCommand<NoteModelCalls, RunDone> = {
  type: "note_model_calls",
  codec: NoteModelCalls,
  reply: RunDone,
  decide(run, { agent, calls }, step) {
    const place = settledPlace(run, step);
    const node = place === undefined ? undefined : run.nodes[place.number];
    if (node === undefined) return unnamed(step);
    const { number, attempt } = node;
    const fields = { node: number, attempt, agent, endMs: step.nowMs };
    step.emit(modelCallsNoted, { ...fields, calls: boundedCalls(calls) });
    return {};
  },
};

function clamped(fraction: number): number {
  return Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
}

/** Returns the place of a result. Undefined if it names none, which only happens in manual calls. */
function settledPlace(run: RunView, step: RunStep): Place | undefined {
  const number = step.settles?.number;
  if (number === undefined) return undefined;
  const node = nodeOfEffect(number);
  return run.nodes[node] === undefined ? undefined : placeOf(run, node, step, new StepBudget());
}

function unnamed(step: RunStep): Refusal {
  return runErrors.taskMissing.refusal({ id: step.key.id, task: "of the result" });
}

function isUndo(step: RunStep): boolean {
  return tagOfEffect(step.settles?.number ?? 0) === effectTags.undo;
}

function usedOf(used: Amounts | undefined): Amounts | undefined {
  return used !== undefined && (used.tokens > 0 || used.money > 0 || used.timeMs > 0) ? used : undefined;
}

function advanceAndReply(run: RunView, step: RunStep): TaskAnswered {
  advance(run, step);
  return hasEnded(run) ? { ending: endingOf(run) } : answered;
}
