/** The budget as an escrow: a part is reserved before it is spent, and unused amounts are returned. */
import {
  ReserveBudgetReply,
  ReserveBudgetRequest,
  ReturnBudgetReply,
  ReturnBudgetRequest,
  SpendBudgetReply,
  SpendBudgetRequest,
} from "@tutti/contracts/swarm/v1";
import type { ReadOnly } from "@tutti/kernel";
import { amountsText, cleaned, isDone, isNothing, kinds, subtract } from "@tutti/machine-work";
import { availableOf, limitOf } from "../../core/budget/accounting.ts";
import { reservationsMax } from "../../core/state/limits.ts";
import type { MissionCommand, MissionView, Reservation } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { budgetReserved, budgetReturned, budgetSpent } from "../../kinds/budget/events.ts";
import { isAskable, useUp } from "../../kinds/budget/use-up.ts";
import { budgetMessage, reservationMessage } from "../queries/budget.ts";
import { boardCommand } from "../step.ts";

/**
 * If too little is left and a person is asked for more, the reply has no reservation. This is no refusal,
 * because the question is recorded with it. The caller receives RESOURCE_EXHAUSTED in this case too.
 */
export const reserveBudget: MissionCommand<ReserveBudgetRequest, ReserveBudgetReply> = boardCommand({
  type: "reserve_budget",
  codec: ReserveBudgetRequest,
  reply: ReserveBudgetReply,
  decide(mission, { agentId, taskId, amounts, leaseMs }, step) {
    const node = mission.byId.get(taskId);
    const task = node === undefined ? undefined : mission.tasks[node];
    if (taskId !== "" && (task === undefined || isDone(task.status)))
      return missionErrors.taskMissing.refusal({ id: step.key.id, task: taskId });
    const found = mission.reservations.size + 1;
    if (found > reservationsMax)
      return missionErrors.tooLarge.refusal({ items: "reservations", found, max: reservationsMax });
    const requested = cleaned(amounts);
    const limit = limitOf(mission);
    const available = availableOf(mission);
    if (kinds.some((kind) => limit[kind] > 0 && requested[kind] > available[kind])) {
      if (!isAskable(mission, requested))
        return missionErrors.budgetShort.refusal({
          requested: amountsText(requested),
          remaining: amountsText(available),
        });
      useUp(mission, step, requested);
      return { reservation: undefined, budget: budgetMessage(mission) };
    }
    const number = mission.reservationNumber + 1;
    const expireMs = leaseMs > 0 ? step.nowMs + leaseMs : 0;
    step.emit(budgetReserved, {
      number,
      node,
      agent: agentId,
      amounts: requested,
      expireMs,
      reserveMs: step.nowMs,
    });
    const created = mission.reservations.get(number);
    return { reservation: created && reservationMessage(mission, created), budget: budgetMessage(mission) };
  },
});

/** Returns the reservation if it exists and belongs to the agent. */
function reservationOf(mission: MissionView, id: string, agent: string): ReadOnly<Reservation> | undefined {
  const found = /^r(\d{1,9})$/.exec(id);
  const reservation = mission.reservations.get(Number(found?.[1] ?? 0));
  return reservation !== undefined && (agent === "" || reservation.agent === agent) ? reservation : undefined;
}

export const spendBudget: MissionCommand<SpendBudgetRequest, SpendBudgetReply> = boardCommand({
  type: "spend_budget",
  codec: SpendBudgetRequest,
  reply: SpendBudgetReply,
  decide(mission, { agentId, reservationId, amounts }, step) {
    const reservation = reservationOf(mission, reservationId, agentId);
    if (reservation === undefined)
      return missionErrors.reservationMissing.refusal({ reservation: reservationId });
    const requested = cleaned(amounts);
    const remaining = remainingOf(reservation);
    if (kinds.some((kind) => requested[kind] > remaining[kind]))
      return missionErrors.reservationShort.refusal({
        requested: amountsText(requested),
        remaining: amountsText(remaining),
      });
    if (!isNothing(requested)) step.emit(budgetSpent, { number: reservation.number, amounts: requested });
    return {
      reservation: reservationMessage(mission, mission.reservations.get(reservation.number) ?? reservation),
    };
  },
});

function remainingOf({ amounts, spent }: ReadOnly<Reservation>) {
  const remaining = { ...amounts };
  subtract(remaining, spent);
  return remaining;
}

export const returnBudget: MissionCommand<ReturnBudgetRequest, ReturnBudgetReply> = boardCommand({
  type: "return_budget",
  codec: ReturnBudgetRequest,
  reply: ReturnBudgetReply,
  decide(mission, { agentId, reservationId }, step) {
    const reservation = reservationOf(mission, reservationId, agentId);
    if (reservation === undefined)
      return missionErrors.reservationMissing.refusal({ reservation: reservationId });
    const returned = remainingOf(reservation);
    step.emit(budgetReturned, { number: reservation.number });
    return { returned, budget: budgetMessage(mission) };
  },
});
