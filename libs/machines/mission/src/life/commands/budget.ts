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
import { cleaned, inWords, isDone, isNothing, kinds, subtract } from "@tutti/machine-work";
import { availableOf, limitOf } from "../../core/budget/book.ts";
import { reservationsMax } from "../../core/state/limits.ts";
import type { MissionCommand, MissionView, Reservation } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { budgetReserved, budgetReturned, budgetSpent } from "../../kinds/budget/events.ts";
import { isAskable, useUp } from "../../kinds/budget/use-up.ts";
import { budgetShown, reservationShown } from "../queries/budget.ts";
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
      return missionErrors.tooLarge.refusal({ what: "reservations", found, max: reservationsMax });
    const wanted = cleaned(amounts);
    const limit = limitOf(mission);
    const available = availableOf(mission);
    if (kinds.some((kind) => limit[kind] > 0 && wanted[kind] > available[kind])) {
      if (!isAskable(mission, wanted))
        return missionErrors.budgetShort.refusal({ wanted: inWords(wanted), left: inWords(available) });
      useUp(mission, step, wanted);
      return { reservation: undefined, budget: budgetShown(mission) };
    }
    const number = mission.reservationNumber + 1;
    const expireMs = leaseMs > 0 ? step.nowMs + leaseMs : 0;
    step.emit(budgetReserved, {
      number,
      node,
      agent: agentId,
      amounts: wanted,
      expireMs,
      reserveMs: step.nowMs,
    });
    const made = mission.reservations.get(number);
    return { reservation: made && reservationShown(mission, made), budget: budgetShown(mission) };
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
    const wanted = cleaned(amounts);
    const left = leftOf(reservation);
    if (kinds.some((kind) => wanted[kind] > left[kind]))
      return missionErrors.reservationShort.refusal({ wanted: inWords(wanted), left: inWords(left) });
    if (!isNothing(wanted)) step.emit(budgetSpent, { number: reservation.number, amounts: wanted });
    return {
      reservation: reservationShown(mission, mission.reservations.get(reservation.number) ?? reservation),
    };
  },
});

function leftOf({ amounts, spent }: ReadOnly<Reservation>) {
  const left = { ...amounts };
  subtract(left, spent);
  return left;
}

export const returnBudget: MissionCommand<ReturnBudgetRequest, ReturnBudgetReply> = boardCommand({
  type: "return_budget",
  codec: ReturnBudgetRequest,
  reply: ReturnBudgetReply,
  decide(mission, { agentId, reservationId }, step) {
    const reservation = reservationOf(mission, reservationId, agentId);
    if (reservation === undefined)
      return missionErrors.reservationMissing.refusal({ reservation: reservationId });
    const returned = leftOf(reservation);
    step.emit(budgetReturned, { number: reservation.number });
    return { returned, budget: budgetShown(mission) };
  },
});
