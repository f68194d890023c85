/**
 * What a mission does by itself once something has happened: what is ready starts, what is over ends. Every step comes
 * here at its end, so that nothing that can continue is left lying, unless the mission is paused, waits, or has done
 * enough for one step.
 */
import { MissionPhase } from "@tutti/contracts/swarm/v1";
import { putOffMs, StepBudget } from "@tutti/machine-work";
import { readyTogether, wantedTogether } from "../core/board/gang.ts";
import { isAffordable } from "../core/budget/book.ts";
import {
  hasEnded,
  isGoing,
  isHolding,
  type MissionEventStep,
  type MissionView,
  type Revisions,
  specOf,
} from "../core/state/state.ts";
import { missionBegun, missionPutOff } from "../kinds/mission/events.ts";
import { leaderElected } from "../kinds/participant/events.ts";
import { nextLeader } from "../kinds/participant/leading.ts";
import { beginTask, hasPlace, isSpent } from "../kinds/task/begin.ts";
import { endStandstill } from "../kinds/trouble/find.ts";
import { checkConditions } from "./conditions.ts";
import { conclude, endStopped, isOver } from "./end.ts";

export function advance(mission: MissionView, step: MissionEventStep, before: Readonly<Revisions>): void {
  if (mission.order === undefined || hasEnded(mission)) return;
  if (mission.phase === MissionPhase.MISSION_PHASE_WAITING && areRolesFilled(mission))
    step.emit(missionBegun, { beginMs: step.nowMs });
  keepLeader(mission, step);
  endStandstill(mission, step);
  if (isGoing(mission)) checkConditions(mission, step, before);
  const budget = new StepBudget();
  while (!budget.isSpent) if (!next(mission, step, budget)) break;
  if (isGoing(mission)) checkConditions(mission, step, before);
  if (mission.phase === MissionPhase.MISSION_PHASE_STOPPING && mission.children === 0)
    endStopped(mission, step);
  else if (isGoing(mission) && isOver(mission)) conclude(mission, step);
  else if (budget.isSpent && mission.putOffMs === 0 && isGoing(mission))
    step.emit(missionPutOff, { untilMs: step.nowMs + putOffMs });
}

/** A mission waits until its roles have as many agents as they need. One without such needs starts at once. */
function areRolesFilled(mission: MissionView): boolean {
  if (mission.pauseMs > 0) return false;
  return specOf(mission).roles.every(
    ({ name, minAgents }) => (mission.roleCounts.get(name) ?? 0) >= minAgents,
  );
}

/** Does the next thing. False when there is none. */
function next(mission: MissionView, step: MissionEventStep, budget: StepBudget): boolean {
  if (!isGoing(mission) || isHolding(mission) || mission.putOffMs > 0) return false;
  const number = nextNumber(mission);
  if (number === undefined) return false;
  budget.count();
  beginTask({ mission, step, number, budget });
  return true;
}

/** The first task of the agenda. Then the first held task, if it has all that it lacked. */
function nextNumber(mission: MissionView): number | undefined {
  const { first } = mission.agenda;
  if (first !== undefined) return first;
  const poor = mission.heldForBudget.first;
  // Where nothing can come back any more it is asked for, or the mission ends.
  if (poor !== undefined && (isAffordable(mission, wantedTogether(mission, poor)) || isSpent(mission, poor)))
    return poor.number;
  const placeless = mission.heldForPlace.first;
  const isPlaced = placeless !== undefined && hasPlace(mission, readyTogether(mission, placeless).length);
  return isPlaced ? placeless.number : undefined;
}

/** The leader has shown activity. Without a leader, one is elected. */
function keepLeader(mission: MissionView, step: MissionEventStep): void {
  if (specOf(mission).leadership?.enabled !== true || hasEnded(mission)) return;
  if (mission.phase === 3) return;
  const { leader } = mission;
  const isThere = leader !== "" && mission.participants.has(leader) && mission.leaderMs > step.nowMs;
  if (isThere) return;
  const next = nextLeader(mission, step.nowMs);
  if (next !== "" || leader !== "") step.emit(leaderElected, { agent: next, electMs: step.nowMs });
}
