/** The leader has shown activity. Without a leader, one is elected. */
import type { MissionEventStep, MissionView } from "../../core/state/state.ts";
import { hasEnded, specOf } from "../../core/state/state.ts";
import { leaderElected } from "./events.ts";
import { nextLeader } from "./leading.ts";

export function keepLeader(mission: MissionView, step: MissionEventStep): void {
  if (specOf(mission).leadership?.enabled !== true || hasEnded(mission)) return;
  if (mission.phase === 3) return;
  const { leader } = mission;
  const isThere = leader !== "" && mission.participants.has(leader) && mission.leaderMs > step.nowMs;
  if (isThere) return;
  const next = nextLeader(mission, step.nowMs);
  if (next !== "" || leader !== "") step.emit(leaderElected, { agent: next, electMs: step.nowMs });
}
