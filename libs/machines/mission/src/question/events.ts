import { QuestionAskedV1, QuestionDecidedV1 } from "@tutti/contracts/swarm/v1";
import { Verdict } from "@tutti/contracts/types/v1";
import { blobsOf } from "@tutti/machine-run/siblings";
import { questionsKept } from "../limits.ts";
import type { Mission, MissionEvent } from "../state.ts";

export const questionAsked: MissionEvent<QuestionAskedV1> = {
  type: "question_asked",
  version: 1,
  codec: QuestionAskedV1,
  described: true,
  evolve(mission, { question }) {
    if (question === undefined) return;
    // What is decided about it is kept with it, and not in the event.
    mission.questions.set(question.number, { ...question, decisions: [...question.decisions] });
    mission.questionNumber = question.number;
    mission.openQuestions += 1;
    forget(mission);
  },
};

/** Those that were decided first go first. */
function forget({ questions }: Mission): void {
  if (questions.size <= questionsKept) return;
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
    question.verdict = verdict;
    mission.openQuestions -= 1;
    if (question.kind === 3 && verdict === Verdict.VERDICT_REJECTED) mission.denied.add(question.subject);
  },
};
