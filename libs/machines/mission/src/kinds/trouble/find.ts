/** Detects loops and standstills by counters, and asks a person. */
import { QuestionKind, type SentMessage } from "@tutti/contracts/swarm/v1";
import { type TaskSpec, Verdict } from "@tutti/contracts/types/v1";
import { loopThresholdDefault } from "../../core/state/limits.ts";
import { type MissionEventStep, type MissionView, specOf } from "../../core/state/state.ts";
import { askQuestion, openQuestion } from "../question/ask.ts";
import { questionDecided } from "../question/events.ts";
import { troubleEnded, troubleFound } from "./events.ts";
import { handoffKey, messageKey, targetText, taskKey } from "./repetitions.ts";

/** Counts tasks that agents add. */
export function checkRepeated(
  mission: MissionView,
  step: MissionEventStep,
  specs: readonly TaskSpec[],
): void {
  const often = specs.find((spec) => isOften(mission, taskKey(spec)));
  if (often !== undefined)
    found(mission, step, `the task ${often.id} was added to the board repeatedly`, true);
}

export function checkMessages(
  mission: MissionView,
  step: MissionEventStep,
  agent: string,
  messages: readonly SentMessage[],
): void {
  const often = messages.find((message) => isOften(mission, messageKey(agent, message)));
  if (often !== undefined)
    found(mission, step, `${agent} sent the same message to ${targetText(often.to)} repeatedly`, true);
}

export function checkHandoff(
  mission: MissionView,
  step: MissionEventStep,
  { task, from, to }: { task: string; from: string; to: string },
): void {
  if (isOften(mission, handoffKey(task, from, to)))
    found(mission, step, `${from} handed ${task} on to ${to} again and again`, true);
}

function isOften(mission: MissionView, key: string): boolean {
  return (mission.repetitions.get(key) ?? 0) > (specOf(mission).loopThreshold || loopThresholdDefault);
}

/** Handles a mission in which nothing has ended for too long. */
export function checkStuck(mission: MissionView, step: MissionEventStep): void {
  const { stuckAfterMs } = specOf(mission);
  found(mission, step, `for ${stuckAfterMs} ms no task was completed and no entry changed`, false);
}

/** Ends a standstill without a decision: the mission progresses again. */
export function endStandstill(mission: MissionView, step: MissionEventStep): void {
  if (mission.trouble === "" || mission.troubleHolds) return;
  const question = openQuestion(mission, QuestionKind.QUESTION_KIND_TROUBLE, "");
  if (question === undefined || mission.progressMs <= question.requestMs) return;
  const { number } = question;
  const verdict = Verdict.VERDICT_WITHDRAWN;
  step.emit(questionDecided, { number, decision: undefined, verdict, decideMs: step.nowMs });
  step.emit(troubleEnded, { endMs: step.nowMs });
}

function found(mission: MissionView, step: MissionEventStep, trouble: string, holds: boolean): void {
  if (mission.trouble !== "") return;
  step.emit(troubleFound, { trouble, holds, findMs: step.nowMs });
  askQuestion(mission, step, {
    kind: QuestionKind.QUESTION_KIND_TROUBLE,
    subject: "",
    title: holds
      ? "The mission repeats itself. May it continue?"
      : "The mission makes no progress. May it continue?",
    message: trouble,
  });
}
