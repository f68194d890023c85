import { type MissionQuestion, QuestionKind } from "@tutti/contracts/swarm/v1";
import type { Approval, ApprovalDecision, Verdict } from "@tutti/contracts/types/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { asPayload, type Data, momentOf } from "@tutti/machine-work";
import type { Mission, MissionView } from "../../core/state/state.ts";
import { approvalIdOf } from "../../kinds/question/ask.ts";

/** Returns the number of required approvals. */
export function approvalsNeededBy({ rule }: ReadOnly<MissionQuestion>): number {
  return Math.max(1, rule?.approvalsNeeded ?? 0);
}

export function approvalMessage(
  { key, tasks, byId }: MissionView,
  question: ReadOnly<MissionQuestion>,
): Approval {
  const { number, kind, subject, title, message, context, form, requestMs, decisions, verdict } = question;
  const isOfOutput = kind === QuestionKind.QUESTION_KIND_CHECK || kind === QuestionKind.QUESTION_KIND_RULE;
  const task = isOfOutput ? subject : "";
  // A question about an output shows the output.
  const output = isOfOutput ? (tasks[byId.get(subject) ?? -1]?.output as Data | undefined) : undefined;
  return {
    approvalId: approvalIdOf(number),
    about: { namespace: key.namespace, kind: "mission", id: key.id, task },
    title,
    message,
    form,
    verdict,
    deciders: [...(question.rule?.deciders ?? [])],
    claim: undefined,
    delegations: [],
    excluded: [],
    inboxTask: undefined,
    approvalsNeeded: approvalsNeededBy(question),
    context: context.length === 0 ? asPayload(output) : asPayload(context),
    requestTime: momentOf(requestMs),
    expireTime: momentOf(question.expireMs),
    decisions: decisions.map((decision) => ({ ...(decision as ApprovalDecision) })),
  };
}

export interface ShowApprovalsOptions {
  /** Empty means any. */
  readonly verdicts: readonly Verdict[];
  readonly from: number;
  readonly size: number;
}

/** Returns the oldest first. */
export const showMissionApprovals: Query<
  Mission,
  ShowApprovalsOptions,
  { readonly approvals: readonly Approval[]; readonly isMore: boolean }
> = {
  type: "mission_approvals",
  answer(mission, { verdicts, from, size }) {
    const found = [...mission.questions.values()].filter(
      ({ verdict }) => verdicts.length === 0 || verdicts.includes(verdict),
    );
    const page = found.slice(from, from + size);
    return {
      approvals: page.map((each) => approvalMessage(mission, each)),
      isMore: found.length > from + size,
    };
  },
};
