/** Handles a request that the budget cannot cover: a person is asked, or the mission ends. */

import { BudgetEnd, QuestionKind } from "@tutti/contracts/swarm/v1";
import { type Amounts, WorkStatus } from "@tutti/contracts/types/v1";
import { amountsText, detailOfRefusal, kinds } from "@tutti/machine-work";
import { availableOf, limitOf } from "../../core/budget/accounting.ts";
import { type MissionEventStep, type MissionView, specOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { stopMission } from "../mission/stop.ts";
import { approvalIdOf, askQuestion } from "../question/ask.ts";
import { budgetUsedUp } from "./events.ts";

export function useUp(mission: MissionView, step: MissionEventStep, requested: Readonly<Amounts>): void {
  if (mission.isUsedUp) return;
  const remaining = availableOf(mission);
  const kind = endOf(mission, requested);
  const event = { wanted: { ...requested }, left: remaining, useUpMs: step.nowMs };
  if (kind === BudgetEnd.BUDGET_END_APPROVAL) {
    const number = askQuestion(mission, step, {
      kind: QuestionKind.QUESTION_KIND_BUDGET,
      subject: "",
      title: "Raise the budget?",
      message: `${amountsText(requested)} are requested, and ${amountsText(remaining)} of the budget are left`,
      context: {
        wanted: { ...requested },
        left: { ...remaining },
        limit: { ...limitOf(mission) },
        spent: { ...mission.spent },
      },
      form,
    });
    step.emit(budgetUsedUp, { ...event, approvalId: approvalIdOf(number) });
    return;
  }
  step.emit(budgetUsedUp, { ...event, approvalId: "" });
  const isFailure = kind === BudgetEnd.BUDGET_END_FAIL;
  const refusal = missionErrors.budgetUsedUp.refusal({
    required: amountsText(requested),
    remaining: amountsText(remaining),
  });
  stopMission(mission, step, {
    status: isFailure ? WorkStatus.WORK_STATUS_FAILED : WorkStatus.WORK_STATUS_COMPLETED,
    error: isFailure ? detailOfRefusal(refusal) : undefined,
  });
}

/** Returns whether a person can be asked for a larger budget. */
export function isAskable(mission: MissionView, requested: Readonly<Amounts>): boolean {
  return endOf(mission, requested) === BudgetEnd.BUDGET_END_APPROVAL;
}

/** An amount that a parent reserved cannot be raised: if it is short, the mission fails instead. */
function endOf(mission: MissionView, requested: Readonly<Amounts>): BudgetEnd {
  const chosen = specOf(mission).budget?.whenUsedUp || BudgetEnd.BUDGET_END_APPROVAL;
  return chosen === BudgetEnd.BUDGET_END_APPROVAL && isParents(mission, requested)
    ? BudgetEnd.BUDGET_END_FAIL
    : chosen;
}

/** Returns whether the parent set the limit that is short. */
function isParents(mission: MissionView, requested: Readonly<Amounts>): boolean {
  const limit = limitOf(mission);
  const available = availableOf(mission);
  const parents = mission.order?.parentBudget;
  return kinds.some((kind) => {
    const isShort = limit[kind] > 0 && (available[kind] === 0 || requested[kind] > available[kind]);
    return isShort && limit[kind] === (parents?.[kind] ?? 0);
  });
}

const amount = { type: "number", minimum: 0 };
const form = {
  type: "object",
  properties: { tokens: amount, money: amount, timeMs: amount },
  additionalProperties: false,
};
