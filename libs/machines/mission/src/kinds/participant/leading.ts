/** Election of a leader, and its lease. */
import { leaderLeaseDefaultMs } from "../../core/state/limits.ts";
import { type MissionView, specOf } from "../../core/state/state.ts";

export function leaderLeaseMs(mission: MissionView): number {
  return specOf(mission).leadership?.leaseMs || leaderLeaseDefaultMs;
}

/**
 * Returns the participant of longest standing that may lead and was active within a lease. Empty if there is
 * none.
 */
export function nextLeader(mission: MissionView, nowMs: number): string {
  const { leadership } = specOf(mission);
  const leaseMs = leaderLeaseMs(mission);
  let next = "";
  let since = Number.POSITIVE_INFINITY;
  for (const { agent, role, joinMs, heardMs } of mission.participants.values()) {
    const isAble = !leadership?.role || role === leadership.role;
    if (!isAble || heardMs + leaseMs <= nowMs || joinMs >= since) continue;
    next = agent;
    since = joinMs;
  }
  return next;
}
