import { missionTimers, theMission, timerNumber } from "../../core/state/numbers.ts";
import { isGoing, type MissionOutstanding, type MissionView, specOf } from "../../core/state/state.ts";

/** Returns when the mission counts as stuck if nothing changes. 0 for never. */
export function stuckDueMs(mission: MissionView): number {
  const { stuckAfterMs } = specOf(mission);
  if (stuckAfterMs === 0 || !isGoing(mission) || mission.trouble !== "" || mission.pauseMs > 0) return 0;
  return mission.progressMs + stuckAfterMs;
}

export function armStuck(mission: MissionView, outstanding: MissionOutstanding): void {
  const dueMs = stuckDueMs(mission);
  const timer = timerNumber(theMission, missionTimers.stuck);
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}
