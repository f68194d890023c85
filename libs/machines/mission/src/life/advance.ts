/**
 * Advances a mission after every event: starts ready tasks, and ends the mission when it is over. Every step
 * calls this at its end, so that nothing that can continue waits. Exceptions are a mission that is paused or
 * waits, and one that has reached the limit of a step.
 */
import { MissionPhase } from "@tutti/contracts/swarm/v1";
import { StepBudget, stepPauseMs } from "@tutti/machine-work";
import { expectedTogether, readyTogether } from "../core/board/gang.ts";
import { isAffordable } from "../core/budget/accounting.ts";
import {
  hasEnded,
  isBlocked,
  isGoing,
  type MissionEventStep,
  type MissionView,
  type Revisions,
  specOf,
} from "../core/state/state.ts";
import { missionBegun, missionPutOff } from "../kinds/mission/events.ts";
import { leaderElected } from "../kinds/participant/events.ts";
import { nextLeader } from "../kinds/participant/leading.ts";
import { hasPlace, isSpent, startTask } from "../kinds/task/start.ts";
import { endStandstill } from "../kinds/trouble/find.ts";
import { checkConditions } from "./conditions.ts";
import { conclude, endStopped, isOver } from "./end.ts";

export function advance(mission: MissionView, step: MissionEventStep, before: Readonly<Revisions>): void {
  if (mission.order === undefined || hasEnded(mission)) return;
  if (mission.phase === MissionPhase.MISSION_PHASE_WAITING && areRolesFilled(mission))
    step.emit(missionBegun, { beginMs: step.nowMs });
  ensureLeader(mission, step);
  endStandstill(mission, step);
  if (isGoing(mission)) checkConditions(mission, step, before);
  const budget = new StepBudget();
  while (!budget.isSpent) if (!next(mission, step, budget)) break;
  if (isGoing(mission)) checkConditions(mission, step, before);
  if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING && mission.children === 0)
    endStopped(mission, step);
  else if (isGoing(mission) && isOver(mission)) conclude(mission, step);
  else if (budget.isSpent && mission.putOffMs === 0 && isGoing(mission))
    step.emit(missionPutOff, { untilMs: step.nowMs + stepPauseMs });
}

/**
 * Returns whether each role has its minimum of agents. A mission waits for that. Without such roles it starts
 * immediately.
 */
function areRolesFilled(mission: MissionView): boolean {
  if (mission.pauseMs > 0) return false;
  return specOf(mission).roles.every(
    ({ name, minAgents }) => (mission.roleCounts.get(name) ?? 0) >= minAgents,
  );
}

/** Executes the next action. Returns false if there is none. */
function next(mission: MissionView, step: MissionEventStep, budget: StepBudget): boolean {
  if (!isGoing(mission) || isBlocked(mission) || mission.putOffMs > 0) return false;
  const number = nextNumber(mission);
  if (number === undefined) return false;
  budget.count();
  startTask({ mission, step, number, budget });
  return true;
}

/** Returns the first task of the agenda. Otherwise the first held task that has all that it lacked. */
function nextNumber(mission: MissionView): number | undefined {
  const { first } = mission.agenda;
  if (first !== undefined) return first;
  const poor = mission.heldForBudget.first;
  // If no amount can be returned any more, a person is asked for more, or the mission ends.
  if (
    poor !== undefined &&
    (isAffordable(mission, expectedTogether(mission, poor)) || isSpent(mission, poor))
  )
    return poor.number;
  const placeless = mission.heldForPlace.first;
  const isPlaced = placeless !== undefined && hasPlace(mission, readyTogether(mission, placeless).length);
  return isPlaced ? placeless.number : undefined;
}

/** Renews the lease of an active leader. Without a leader, one is elected. */
function ensureLeader(mission: MissionView, step: MissionEventStep): void {
  if (specOf(mission).leadership?.enabled !== true || hasEnded(mission)) return;
  if (mission.phase === 3) return;
  const { leader } = mission;
  const isThere = leader !== "" && mission.participants.has(leader) && mission.leaderMs > step.nowMs;
  if (isThere) return;
  const next = nextLeader(mission, step.nowMs);
  if (next !== "" || leader !== "") step.emit(leaderElected, { agent: next, electMs: step.nowMs });
}
