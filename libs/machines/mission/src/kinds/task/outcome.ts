/** Decides how tasks end: with an output that passes its checks, with an error, or with another attempt. */

import { QuestionKind } from "@tutti/contracts/swarm/v1";
import {
  ActorKind,
  type Amounts,
  CheckFailure,
  type ErrorDetail,
  type QualityCheck,
  type TaskSpec,
} from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import type { Value } from "@tutti/expressions";
import { type ReadOnly, type RetryPolicy, retryFromMessage, singleAttempt } from "@tutti/kernel";
import {
  afterFailure,
  amountsOrNone,
  bytesOf,
  cleaned,
  conditionText,
  type Data,
  detailOfRefusal,
  encodeJson,
  expressionOf,
  lossLengthMax,
  lostMax,
  parsed,
  payloadOf,
  truncate,
  UnreadableData,
} from "@tutti/machine-work";
import { inputOf } from "../../core/board/input.ts";
import { limitOf } from "../../core/budget/accounting.ts";
import { evaluate } from "../../core/evaluate/evaluate.ts";
import { behaviours } from "../../core/state/behaviours.ts";
import { conditionStepsMax, storedBytesMax } from "../../core/state/limits.ts";
import {
  isChild,
  type MissionEventStep,
  type MissionView,
  type Task,
  type TaskView,
} from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { attemptFailed, attemptReturned, outputQuestioned } from "../claim/events.ts";
import { messagesSent } from "../message/events.ts";
import { stopPartsWork } from "../mission/stop.ts";
import { askQuestion, askRuleQuestions } from "../question/ask.ts";
import { taskCompleted, taskFailed, taskPaused } from "./events.ts";

export interface AttemptReport {
  readonly agent: string;
  readonly used: Readonly<Amounts> | undefined;
  /** Questions that rules ask people before the output counts. */
  readonly questions?: ReadOnly<ResultQuestion[]>;
}

export interface Place {
  readonly mission: MissionView;
  readonly step: MissionEventStep;
  readonly task: TaskView;
}

/** Runs the checks of the task on the output of an attempt. */
export function finish(place: Place, output: Data | undefined, attemptReport: AttemptReport): void {
  const { mission, step, task } = place;
  const check = failedCheck(place, output);
  const { id } = task.spec;
  const { questions: next = [] } = attemptReport;
  if (next.length > 0 && step.behaviour < behaviours.holdsResults) {
    failAttempt(place, detailOfRefusal(missionErrors.resultNotHeld.refusal({ task: id })), attemptReport);
    return;
  }
  if (check === undefined) {
    if (next.length === 0) complete(place, output, attemptReport);
    else
      holdOutput(
        place,
        askRuleQuestions(mission, step, { task: id, agent: attemptReport.agent, questions: next }),
        output,
        attemptReport,
      );
    return;
  }
  const error = detailOfRefusal(missionErrors.checkFailed.refusal({ task: id, check: check.name }));
  if (check.onFailure === CheckFailure.CHECK_FAILURE_SEND_BACK && task.sentBack < check.maxSendBacks) {
    const { number, attempt } = task;
    const event = { node: number, attempt, error, endMs: step.nowMs, retryMs: step.nowMs, sentBack: true };
    step.emit(attemptFailed, { ...event, lost: task.lost, ...reportFields(place, attemptReport) });
  } else if (check.onFailure === CheckFailure.CHECK_FAILURE_APPROVAL) {
    const question = askQuestion(mission, step, {
      kind: QuestionKind.QUESTION_KIND_CHECK,
      subject: id,
      title: `Does the output of ${id} count?`,
      message: `the check ${check.name} does not hold: ${check.condition}`,
      next,
    });
    holdOutput(place, question, output, attemptReport);
  } else failAttempt(place, error, attemptReport);
}

/** Lets the output wait for the decision of people. */
function holdOutput(
  place: Place,
  question: number,
  output: Data | undefined,
  attemptReport: AttemptReport,
): void {
  const { step, task } = place;
  step.emit(outputQuestioned, {
    node: task.number,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    question,
    endMs: step.nowMs,
    ...reportFields(place, attemptReport),
  });
}

function failedCheck(
  { mission, step, task }: Place,
  output: Data | undefined,
): ReadOnly<QualityCheck> | undefined {
  const { checks } = task.spec;
  return checks.find(({ condition, name }) => {
    const compiled = expressionOf(conditionText(condition), "check", true);
    if (!compiled.ok) return true;
    const names: Record<string, Value> = {};
    try {
      names["output"] = parsed(output);
      names["input"] = parsed(inputOf(task as Task));
    } catch (error) {
      if (error instanceof UnreadableData) return true;
      throw error;
    }
    const evaluating = { mission, nowMs: step.nowMs, names, stepsMax: conditionStepsMax };
    const result = evaluate(evaluating, compiled.program, `the check ${name}`);
    return !result.ok || result.value !== true;
  });
}

export function complete(place: Place, output: Data | undefined, attemptReport: AttemptReport): void {
  const { mission, step, task } = place;
  const found = mission.storedBytes + bytesOf(output).length;
  if (found > storedBytesMax) {
    const refusal = missionErrors.tooLarge.refusal({ items: "stored bytes", found, max: storedBytesMax });
    failForGood(place, detailOfRefusal(refusal), attemptReport);
    return;
  }
  stopPartsWork(mission, step, task);
  step.emit(taskCompleted, {
    node: task.number,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    endMs: step.nowMs,
    ...reportFields(place, attemptReport),
  });
  notifyDelegator(place, { output: output instanceof Uint8Array ? output : encodeJson(null) });
}

export function failForGood(place: Place, error: ErrorDetail, attemptReport: AttemptReport): void {
  const { mission, step, task } = place;
  stopPartsWork(mission, step, task);
  step.emit(taskFailed, {
    node: task.number,
    error,
    endMs: step.nowMs,
    ...reportFields(place, attemptReport),
  });
  notifyDelegator(place, { error });
}

/** Handles a failed attempt: schedules another one, asks a person, or fails the task. */
export function failAttempt(place: Place, error: ErrorDetail, attemptReport: AttemptReport): void {
  const { step, task } = place;
  const { number, attempt, tries, spec } = task;
  const policy = policyOf(spec);
  const after = afterFailure({ policy, error, tries, attempt }, step, (max) =>
    missionErrors.attemptsExhausted.refusal({ task: spec.id, max }),
  );
  if (after.kind === "retry") {
    // A pause is at least 1 ms: another attempt never starts at the time at which the previous one ended.
    const retryMs = step.nowMs + Math.max(1, after.pauseMs);
    const event = { node: number, attempt, error, endMs: step.nowMs, retryMs, sentBack: false };
    step.emit(attemptFailed, { ...event, lost: task.lost, ...reportFields(place, attemptReport) });
  } else if (after.kind === "fail") failForGood(place, after.error, attemptReport);
  else
    step.emit(taskPaused, {
      node: number,
      error,
      pauseMs: step.nowMs,
      ...reportFields(place, attemptReport),
    });
}

/** Work of agents is retried by default. A child retries its own tasks. */
function policyOf({ retry, work }: ReadOnly<TaskSpec>): RetryPolicy {
  return retry === undefined && (work?.$case === "workflow" || work?.$case === "mission")
    ? singleAttempt
    : retryFromMessage(retry);
}

/**
 * The agent of an attempt is lost. Another agent gets the task, except if it runs at most once or has lost
 * too many.
 */
export function loseAttempt(
  mission: MissionView,
  step: MissionEventStep,
  task: TaskView,
  { agent, reason, retryMs }: { readonly agent: string; readonly reason: string; readonly retryMs: number },
): void {
  const loss = reason || unknownLoss;
  const error = lossError(task, truncate(agent === "" ? loss : `${agent}: ${loss}`, lossLengthMax));
  if (error === undefined) {
    const { number: node, attempt } = task;
    step.emit(attemptReturned, { node, attempt, reason, lost: true, agent, retryMs, endMs: step.nowMs });
    return;
  }
  // The usage of a lost agent is unknown: all reserved amounts count.
  const attemptReport = { agent: "", used: task.reserved === undefined ? undefined : { ...task.reserved } };
  failLost({ mission, step, task }, error, attemptReport);
}

const unknownLoss = "its agent is lost";

/** Returns why a loss ends the task. Undefined if another agent gets the task. */
function lossError({ spec, lost, losses: before }: TaskView, loss: string): ErrorDetail | undefined {
  const task = spec.id;
  if (spec.retry?.failWhenLost === true)
    return detailOfRefusal(missionErrors.attemptLost.refusal({ task, loss }));
  const count = lost + 1;
  if (count < lostMax) return undefined;
  // A loss without a known agent was not recorded.
  const losses = [...Array<string>(lost - before.length).fill(unknownLoss), ...before, loss];
  return detailOfRefusal(missionErrors.claimExpired.refusal({ task, losses }));
}

/** Ends a task whose agent is lost, even if attempts remain. A person is asked if the policy requires it. */
function failLost(place: Place, error: ErrorDetail, attemptReport: AttemptReport): void {
  const { step, task } = place;
  if (task.spec.retry?.pauseWhenExhausted === true)
    step.emit(taskPaused, {
      node: task.number,
      error,
      pauseMs: step.nowMs,
      ...reportFields(place, attemptReport),
    });
  else failForGood(place, error, attemptReport);
}

/** If time is limited, it counts even if the agent does not report the duration. */
function reportFields({ mission, step, task }: Place, { agent, used }: AttemptReport) {
  const usage = cleaned(used);
  const isTimed = limitOf(mission).timeMs > 0 && task.beginMs > 0 && !isChild(task);
  if (isTimed && usage.timeMs === 0) usage.timeMs = Math.max(0, step.nowMs - task.beginMs);
  return { agent, used: amountsOrNone(usage) };
}

/** Sends the outcome of a part to its delegator. */
function notifyDelegator(
  { mission, step, task }: Place,
  result: { output?: Uint8Array; error?: ErrorDetail },
): void {
  const { fromAgent, spec, parent } = task;
  if (fromAgent === "" || !mission.participants.has(fromAgent)) return;
  const body =
    result.error === undefined
      ? Buffer.concat([
          Buffer.from(`{"task":${JSON.stringify(spec.id)},"status":"completed","output":`),
          result.output === undefined || result.output.length === 0 ? Buffer.from("null") : result.output,
          Buffer.from("}"),
        ])
      : Buffer.from(
          JSON.stringify({
            task: spec.id,
            status: "failed",
            error: { code: result.error.code, message: result.error.message },
          }),
        );
  const message = {
    to: { target: { $case: "agentId" as const, value: fromAgent } },
    body: { body: { $case: "inline" as const, value: body }, mediaType: "" },
    answers: 0,
    taskId: mission.tasks[parent]?.spec.id ?? spec.id,
  };
  const sender = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "swarm" };
  step.emit(messagesSent, { sender, agent: "", messages: [message], sendMs: step.nowMs });
}
