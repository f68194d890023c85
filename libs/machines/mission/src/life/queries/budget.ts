import type { Budget, BudgetReservation } from "@tutti/contracts/swarm/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { isDone, isNothing, momentOf, noAmounts } from "@tutti/machine-work";
import { availableOf, limitOf } from "../../core/budget/accounting.ts";
import type { Mission, MissionView, Reservation, TaskView } from "../../core/state/state.ts";

const reservationsMax = 100;
const scannedMax = 10_000;

export function budgetMessage(mission: MissionView): Budget {
  return {
    limit: limitOf(mission),
    spent: { ...mission.spent },
    reserved: { ...mission.reserved },
    available: availableOf(mission),
    reservations: reservations(mission),
    raised: { ...mission.raised },
  };
}

export function reservationMessage(
  mission: MissionView,
  reservation: ReadOnly<Reservation>,
): BudgetReservation {
  const { number, node, amounts, spent, expireMs } = reservation;
  return {
    reservationId: `r${number}`,
    work: workOf(mission, mission.tasks[node]),
    amounts: { ...amounts },
    spent: { ...spent },
    expireTime: momentOf(expireMs),
  };
}

function workOf({ key }: MissionView, task: TaskView | undefined) {
  return { namespace: key.namespace, kind: "mission", id: key.id, task: task?.spec.id ?? "" };
}

function reservations(mission: MissionView): BudgetReservation[] {
  const messages: BudgetReservation[] = [];
  for (const reservation of mission.reservations.values()) {
    if (messages.length >= reservationsMax) return messages;
    messages.push(reservationMessage(mission, reservation));
  }
  // Reservations of attempts and children.
  for (const task of mission.tasks.slice(-scannedMax)) {
    if (messages.length >= reservationsMax) return messages;
    if (isDone(task.status) || task.reserved === undefined || isNothing(task.reserved)) continue;
    messages.push({
      reservationId: `t${task.number}`,
      work: workOf(mission, task),
      amounts: { ...task.reserved },
      spent: noAmounts(),
      expireTime: undefined,
    });
  }
  return messages;
}

export const showBudget: Query<Mission, undefined, Budget> = { type: "budget", answer: budgetMessage };
