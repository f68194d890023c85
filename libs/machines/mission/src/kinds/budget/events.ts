import {
  BudgetRaisedV1,
  BudgetReservedV1,
  BudgetReturnedV1,
  BudgetSpentV1,
  BudgetUsedUpV1,
} from "@tutti/contracts/swarm/v1";
import { add, noAmounts, subtract } from "@tutti/machine-work";
import { removeReservation } from "../../core/board/flow.ts";
import { reservationTimer } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, Reservation } from "../../core/state/state.ts";

export const budgetReserved: MissionEvent<BudgetReservedV1> = {
  type: "budget_reserved",
  version: 1,
  codec: BudgetReservedV1,
  described: true,
  evolve(mission, { number, node, agent, amounts, expireMs }, outstanding) {
    const added = amounts ?? noAmounts();
    addReservation(mission, {
      number,
      node: node ?? -1,
      agent,
      amounts: added,
      spent: noAmounts(),
      expireMs,
    });
    mission.reservationNumber = number;
    if (expireMs > 0) outstanding.timer(reservationTimer(number), expireMs);
  },
};

export function addReservation(mission: Mission, reservation: Reservation): void {
  const { number, node, amounts, spent } = reservation;
  mission.reservations.set(number, reservation);
  add(mission.reserved, amounts);
  subtract(mission.reserved, spent);
  const task = mission.tasks[node];
  if (task !== undefined) {
    task.reservations ??= new Set();
    task.reservations.add(number);
  }
  mission.revisions.budget += 1;
}

export const budgetSpent: MissionEvent<BudgetSpentV1> = {
  type: "budget_spent",
  version: 1,
  codec: BudgetSpentV1,
  described: true,
  evolve(mission, { number, amounts }) {
    const reservation = mission.reservations.get(number);
    if (reservation === undefined) return;
    add(reservation.spent, amounts);
    add(mission.spent, amounts);
    subtract(mission.reserved, amounts);
    const participant = mission.participants.get(reservation.agent);
    if (participant !== undefined) add(participant.used, amounts);
    const task = mission.tasks[reservation.node];
    if (task !== undefined) {
      task.used ??= noAmounts();
      add(task.used, amounts);
    }
    mission.revisions.budget += 1;
  },
};

export const budgetReturned: MissionEvent<BudgetReturnedV1> = {
  type: "budget_returned",
  version: 1,
  codec: BudgetReturnedV1,
  described: true,
  evolve: (mission, { number }, outstanding) => removeReservation(mission, number, outstanding),
};

/** If a person is asked, nothing new starts. */
export const budgetUsedUp: MissionEvent<BudgetUsedUpV1> = {
  type: "budget_used_up",
  version: 1,
  codec: BudgetUsedUpV1,
  described: true,
  evolve(mission, { approvalId }) {
    mission.isUsedUp = approvalId !== "";
  },
};

export const budgetRaised: MissionEvent<BudgetRaisedV1> = {
  type: "budget_raised",
  version: 1,
  codec: BudgetRaisedV1,
  described: true,
  evolve(mission, { amounts }) {
    add(mission.raised, amounts);
    mission.isUsedUp = false;
    mission.revisions.budget += 1;
  },
};
