/**
 * Results of attempts that were offered to a pool, and notes about running ones. An attempt is identified by
 * its token.
 */
import { MissionDone } from "@tutti/contracts/swarm/v1";
import {
  CompleteTask,
  FailTask,
  NoteAttempt,
  NoteModelCalls,
  NoteProgress,
  ReturnTask,
} from "@tutti/contracts/workflow/v1";
import { retryAfterMaxMs } from "@tutti/kernel";
import {
  bounded,
  boundedCalls,
  contentIn,
  dataOf,
  isStoredValue,
  messageLengthMax,
  savedBytesMax,
  truncate,
} from "@tutti/machine-work";
import { nodeOfEffect } from "../../core/state/numbers.ts";
import type { MissionCommand, MissionEventStep, MissionView, TaskView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import {
  attemptBegun,
  attemptProgressed,
  attemptReturned,
  modelCallsNoted,
} from "../../kinds/claim/events.ts";
import { failAttempt, finish, loseAttempt } from "../../kinds/task/outcome.ts";
import { goingOn } from "../step.ts";

export const completeTask: MissionCommand<CompleteTask, MissionDone> = {
  type: "complete_task",
  codec: CompleteTask,
  reply: MissionDone,
  decide(mission, { output, outputPayload, agent, used, questions }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    // Checks and conditions of a mission read the outputs of its tasks. A decision cannot wait for the store.
    if (isStoredValue(outputPayload))
      return missionErrors.valueWanted.refusal({ task: task.spec.id }, contentIn(mission.key.namespace));
    const attemptReport = { agent: agent || task.agent, used, questions };
    return goingOn(mission, step, () => {
      finish({ mission, step, task }, dataOf(output, outputPayload), attemptReport);
      return {};
    });
  },
};

export const failTask: MissionCommand<FailTask, MissionDone> = {
  type: "fail_task",
  codec: FailTask,
  reply: MissionDone,
  decide(mission, { error, agent, used }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    const attemptReport = { agent: agent || task.agent, used };
    return goingOn(mission, step, () => {
      failAttempt({ mission, step, task }, bounded(error), attemptReport);
      return {};
    });
  },
};

/**
 * Handles a busy or lost agent: the attempt does not count, except if the task runs at most once or has lost
 * too many.
 */
export const returnTask: MissionCommand<ReturnTask, MissionDone> = {
  type: "return_task",
  codec: ReturnTask,
  reply: MissionDone,
  decide(mission, { retryAfterMs, message, lost, agent }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    return goingOn(mission, step, () => {
      const retryMs = step.nowMs + Math.max(1, Math.min(Math.max(0, retryAfterMs), retryAfterMaxMs));
      const reason = truncate(message, messageLengthMax);
      if (lost) loseAttempt(mission, step, task, { agent, reason, retryMs });
      else {
        const { number, attempt } = task;
        step.emit(attemptReturned, {
          node: number,
          attempt,
          reason,
          lost,
          agent: "",
          retryMs,
          endMs: step.nowMs,
        });
      }
      return {};
    });
  },
};

/** Leaves the attempt outstanding. */
export const noteAttempt: MissionCommand<NoteAttempt, MissionDone> = {
  type: "note_attempt",
  codec: NoteAttempt,
  reply: MissionDone,
  decide(mission, { agent, startMs }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    if (agent === "" || (task.beginMs > 0 && task.agent === agent)) return {};
    return goingOn(mission, step, () => {
      const { number, attempt } = task;
      const beginMs = Math.max(1, Math.min(startMs || step.nowMs, step.nowMs));
      step.emit(attemptBegun, { node: number, attempt, agent, beginMs });
      return {};
    });
  },
};

/** Leaves the attempt outstanding. */
export const noteProgress: MissionCommand<NoteProgress, MissionDone> = {
  type: "note_progress",
  codec: NoteProgress,
  reply: MissionDone,
  decide(mission, { saved, fraction, message }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    if (saved.length > savedBytesMax)
      return missionErrors.tooLarge.refusal({
        items: "bytes that an attempt saves",
        found: saved.length,
        max: savedBytesMax,
      });
    const share = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
    const progress = { saved, fraction: share, message: truncate(message, messageLengthMax) };
    step.emit(attemptProgressed, { node: task.number, ...progress });
    return {};
  },
};

/** Leaves the attempt outstanding. */
export const noteModelCalls: MissionCommand<NoteModelCalls, MissionDone> = {
  type: "note_model_calls",
  codec: NoteModelCalls,
  reply: MissionDone,
  decide(mission, { agent, calls }, step) {
    const task = settledTask(mission, step);
    if (task === undefined) return unnamed(step);
    const { number, attempt } = task;
    const fields = { node: number, attempt, agent, endMs: step.nowMs };
    step.emit(modelCallsNoted, { ...fields, calls: boundedCalls(calls) });
    return {};
  },
};

/** Returns the task of a result. Undefined if it names none, which only happens in manual calls. */
export function settledTask(mission: MissionView, step: MissionEventStep): TaskView | undefined {
  const number = step.settles?.number;
  return number === undefined ? undefined : mission.tasks[nodeOfEffect(number)];
}

export function unnamed(step: MissionEventStep) {
  return missionErrors.taskMissing.refusal({ id: step.key.id, task: "of the result" });
}
