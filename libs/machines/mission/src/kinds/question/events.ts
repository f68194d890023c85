import { QuestionAskedV1, QuestionDecidedV1, QuestionKind } from "@tutti/contracts/swarm/v1";
import { Verdict } from "@tutti/contracts/types/v1";
import { blobsOf } from "@tutti/machine-work";
import { retainedQuestionsMax } from "../../core/state/limits.ts";
import { taskTimers, timerNumber } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, MissionOutstanding, Task } from "../../core/state/state.ts";

export const questionAsked: MissionEvent<QuestionAskedV1> = {
  type: "question_asked",
  version: 1,
  codec: QuestionAskedV1,
  described: true,
  evolve(mission, { question }, outstanding) {
    if (question === undefined) return;
    // Decisions are kept with the question, and not in the event.
    mission.questions.set(question.number, { ...question, decisions: [...question.decisions] });
    mission.questionNumber = question.number;
    mission.openQuestions += 1;
    const task = mission.tasks[mission.byId.get(question.subject) ?? -1];
    // Another rule asks about an output that waits already.
    if (question.kind === QuestionKind.QUESTION_KIND_RULE && task !== undefined && task.question > 0)
      awaitAnswer(mission, task, question.number, outstanding);
    forget(mission);
  },
};

/** Lets the output of a task wait for a question, until the question expires. */
export function awaitAnswer(
  { questions }: Mission,
  task: Task,
  number: number,
  outstanding: MissionOutstanding,
): void {
  const timer = timerNumber(task.number, taskTimers.question);
  const expireMs = questions.get(number)?.expireMs ?? 0;
  task.question = number;
  if (expireMs > 0) outstanding.timer(timer, expireMs);
  else outstanding.cleared(timer);
}

/** Drops the questions that were decided first. */
function forget({ questions }: Mission): void {
  if (questions.size <= retainedQuestionsMax) return;
  for (const [number, { verdict }] of questions) {
    if (verdict === Verdict.VERDICT_UNSPECIFIED) continue;
    questions.delete(number);
    return;
  }
}

export const questionDecided: MissionEvent<QuestionDecidedV1> = {
  type: "question_decided",
  version: 1,
  codec: QuestionDecidedV1,
  described: true,
  blobs: ({ decision }) => blobsOf(decision?.data),
  evolve(mission, { number, decision, verdict }) {
    const question = mission.questions.get(number);
    if (question === undefined) return;
    if (decision !== undefined) question.decisions.push(decision);
    // Other people must decide too.
    if (verdict === Verdict.VERDICT_UNSPECIFIED) return;
    question.verdict = verdict;
    mission.openQuestions -= 1;
    if (question.kind === 3 && verdict === Verdict.VERDICT_REJECTED) mission.denied.add(question.subject);
  },
};
