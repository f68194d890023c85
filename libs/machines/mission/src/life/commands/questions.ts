/** Decisions of people, and their effects. */
import { DecideMissionQuestion, type MissionQuestion, QuestionKind } from "@tutti/contracts/swarm/v1";
import { ActorKind, type Amounts, Approval, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { type Json, writeExactly } from "@tutti/expressions";
import { isRefusal, type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import {
  type Data,
  dataOfPayload,
  detailOfRefusal,
  isNothing,
  kinds,
  noAmounts,
  parsed,
  reasonOf,
  rounded,
  UnreadableData,
} from "@tutti/machine-work";
import type { MissionCommand, MissionEventStep, MissionView } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { budgetRaised } from "../../kinds/budget/events.ts";
import { stopMission } from "../../kinds/mission/stop.ts";
import { askRuleQuestions } from "../../kinds/question/ask.ts";
import { questionDecided } from "../../kinds/question/events.ts";
import { complete, failForGood } from "../../kinds/task/outcome.ts";
import { troubleEnded } from "../../kinds/trouble/events.ts";
import { voteClosed } from "../../kinds/vote/events.ts";
import { approvalMessage, approvalsNeededBy } from "../queries/approvals.ts";
import { commandOf } from "../step.ts";

/** A repetition of the same decision by the same person changes nothing. */
export const decideQuestion: MissionCommand<DecideMissionQuestion, Approval> = commandOf({
  type: "decide_mission_question",
  codec: DecideMissionQuestion,
  reply: Approval,
  decide(mission, body, step) {
    const { approvalId, approved } = body;
    const number = Number(/^q(\d{1,9})$/.exec(approvalId)?.[1] ?? 0);
    const question = mission.questions.get(number);
    if (question === undefined) return missionErrors.approvalMissing.refusal({ id: approvalId });
    const verdict = approved ? Verdict.VERDICT_APPROVED : Verdict.VERDICT_REJECTED;
    const decider = step.cause.actor?.id || body.roles[0] || "";
    if (question.verdict !== Verdict.VERDICT_UNSPECIFIED) {
      const isSame = question.decisions.some(
        (each) => each.verdict === verdict && each.cause?.actor?.id === decider,
      );
      if (isSame) return approvalMessage(mission, question);
      return missionErrors.approvalClosed.refusal({
        id: approvalId,
        verdict: verdictNames[question.verdict] ?? "closed",
      });
    }
    const refusal = mayNotDecide(mission, question, decider, body.roles);
    if (refusal !== undefined) return refusal;
    const answer = answerOf(mission, question, body);
    if (isRefusal(answer)) return answer;
    const actor = step.cause.actor ?? { kind: ActorKind.ACTOR_KIND_PERSON, id: decider };
    const cause = { ...step.cause, actor: { ...actor }, reason: reasonOf(body.reason) };
    const decideTime = toTimestamp(step.nowMs);
    const decision = { verdict, data: body.data, cause, decideTime, onBehalfOf: "" };
    const hasDecided = question.decisions.some((each) => each.cause?.actor?.id === decider);
    const isLast =
      !approved || (hasDecided ? 0 : 1) + question.decisions.length >= approvalsNeededBy(question);
    if (hasDecided && !isLast) return approvalMessage(mission, question);
    step.emit(questionDecided, {
      number,
      decision,
      verdict: isLast ? verdict : Verdict.VERDICT_UNSPECIFIED,
      decideMs: step.nowMs,
    });
    if (isLast) follow(mission, step, { question, approved, answer, by: decider, reason: cause.reason });
    return approvalMessage(mission, mission.questions.get(number) ?? question);
  },
});

/**
 * Returns whether a person may not decide. A rule names the deciders of its questions. Other questions are
 * open to all callers that the policies permit.
 */
function mayNotDecide(
  mission: MissionView,
  { rule, subject }: ReadOnly<MissionQuestion>,
  decider: string,
  roles: readonly string[],
): Refusal | undefined {
  if (rule === undefined) return undefined;
  const { deciders } = rule;
  if (deciders.length > 0 && !deciders.some((name) => name === decider || roles.includes(name)))
    return missionErrors.approvalNotAmong.refusal({ person: decider, by: deciders.join(", ") });
  const producer = mission.tasks[mission.byId.get(subject) ?? -1]?.agent;
  if (decider !== producer || deciders.includes(decider)) return undefined;
  return missionErrors.approvalOwn.refusal({ person: decider });
}

const noAgent = { agent: "", used: undefined };

const verdictNames: Partial<Record<Verdict, string>> = {
  [Verdict.VERDICT_APPROVED]: "approved",
  [Verdict.VERDICT_REJECTED]: "rejected",
  [Verdict.VERDICT_EXPIRED]: "expired",
  [Verdict.VERDICT_WITHDRAWN]: "withdrawn",
};

interface QuestionAnswer {
  readonly amounts: Amounts;
  readonly winner: string;
}

function answerOf(
  mission: MissionView,
  { kind, subject }: ReadOnly<MissionQuestion>,
  { approved, data }: DecideMissionQuestion,
): QuestionAnswer | Refusal {
  const nothing = { amounts: noAmounts(), winner: "" };
  if (!approved) return nothing;
  const refuse = (problem: string) => missionErrors.approvalInvalid.refusal({ problem });
  let value: Json;
  try {
    value = parsed(dataOfPayload(data)) as Json;
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return refuse(`expected JSON, got ${error.message}`);
  }
  const fields = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  if (kind === QuestionKind.QUESTION_KIND_TIE) {
    const winner = (fields as Record<string, Json>)["winner"];
    const options = mission.votes.get(subject)?.vote.options.map(({ option }) => option) ?? [];
    if (typeof winner !== "string" || !options.includes(winner))
      return refuse(
        `expected \`winner\` to be one of ${options.join(", ")}, got ${writeExactly(winner ?? null)}`,
      );
    return { ...nothing, winner };
  }
  if (kind !== QuestionKind.QUESTION_KIND_BUDGET) return nothing;
  const amounts = noAmounts();
  for (const each of kinds) {
    const amount = (fields as Record<string, Json>)[each] ?? 0;
    if (typeof amount !== "number" || !(amount >= 0) || !Number.isFinite(amount))
      return refuse(`expected a number of 0 or more for ${each}, got ${writeExactly(amount)}`);
    amounts[each] = rounded(amount);
  }
  if (isNothing(amounts)) return refuse('expected the amounts to add, such as {"tokens": 1000}, got none');
  return { ...nothing, amounts };
}

interface Decided {
  readonly question: ReadOnly<MissionQuestion>;
  readonly approved: boolean;
  readonly answer: QuestionAnswer;
  readonly by: string;
  readonly reason: string;
}

function follow(mission: MissionView, step: MissionEventStep, decided: Decided): void {
  const { question, approved, answer } = decided;
  const { kind, subject, title } = question;
  const { by, reason } = decided;
  const rejection = () => detailOfRefusal(missionErrors.rejected.refusal({ question: title, by, reason }));
  const failed = WorkStatus.WORK_STATUS_FAILED;
  switch (kind) {
    case QuestionKind.QUESTION_KIND_BUDGET:
      if (approved) step.emit(budgetRaised, { amounts: answer.amounts });
      else stopMission(mission, step, { status: failed, error: rejection() });
      return;
    case QuestionKind.QUESTION_KIND_TROUBLE:
      if (approved) step.emit(troubleEnded, { endMs: step.nowMs });
      else stopMission(mission, step, { status: failed, error: rejection() });
      return;
    case QuestionKind.QUESTION_KIND_STOP:
      if (approved)
        stopMission(mission, step, {
          status: WorkStatus.WORK_STATUS_COMPLETED,
          error: undefined,
          condition: subject,
        });
      return;
    case QuestionKind.QUESTION_KIND_TIE:
      decideTie(mission, step, subject, answer.winner);
      return;
    default:
      decideOutput(mission, step, decided, rejection);
  }
}

function decideTie(mission: MissionView, step: MissionEventStep, voteId: string, winner: string): void {
  const outcome = mission.votes.get(voteId)?.vote.outcome;
  if (outcome === undefined) return;
  const message = winner === "" ? `${outcome.message}: undecided` : `${outcome.message}: ${winner}`;
  const decided = { ...outcome, weights: { ...outcome.weights }, winner, message };
  step.emit(voteClosed, { voteId, outcome: decided, asking: false });
}

/** Decides about an output: an approved one counts, except if another rule asks about it. */
function decideOutput(
  mission: MissionView,
  step: MissionEventStep,
  { question, approved }: Decided,
  rejection: () => ReturnType<typeof detailOfRefusal>,
): void {
  const task = mission.tasks[mission.byId.get(question.subject) ?? -1];
  if (task === undefined || task.question !== question.number) return;
  const place = { mission, step, task };
  const { next: questions } = question;
  if (approved && questions.length > 0)
    askRuleQuestions(mission, step, { task: task.spec.id, agent: task.agent, questions });
  else if (approved) complete(place, task.output as Data | undefined, noAgent);
  else failForGood(place, rejection(), noAgent);
}
