/** When an agent has to be looked at, as it stands: for its silence, its idleness, and what was set for it. */
import type { PoolSettings } from "../api/pool.ts";
import type { Agent } from "./agent.ts";

const never = Number.POSITIVE_INFINITY;
/** An agent that is heard more often than it has to be may fall back to little more than what was agreed. */
const unhurried = 1.2;

/** Returns the first of all. */
export function nextDueMs(settings: PoolSettings, agent: Agent, nowMs: number): number {
  const { leaseMs } = settings;
  const allowedMs = agent.silent ? leaseMs : Math.min(leaseMs, suspectMs(settings, agent));
  const silenceMs = agent.cut ? never : agent.heardMs + allowedMs;
  const { cutDueMs, slowedDueMs, pausesDueMs, holdDueMs, drainDueMs, sleepDueMs } = agent;
  const idleMs = idleDueMs(settings, agent, nowMs);
  return Math.min(silenceMs, cutDueMs, slowedDueMs, pausesDueMs, holdDueMs, drainDueMs, sleepDueMs, idleMs);
}

/** After which silence an agent is suspect: by its own rhythm, and at the latest after the time that is set. */
export function suspectMs(settings: PoolSettings, { suspicion }: Agent): number {
  const { suspectMs: latestMs, suspicionThreshold, heartbeatMs } = settings;
  const learnedMs = suspicion.silenceMs(suspicionThreshold) ?? latestMs;
  return Math.min(latestMs, Math.max(learnedMs, heartbeatMs * unhurried));
}

/** When it has had nothing to do for so long that it is put to sleep. Infinite where that is not done. */
export function idleDueMs({ sleepAfterMs }: PoolSettings, agent: Agent, nowMs: number): number {
  if (sleepAfterMs === 0 || agent.life !== "active" || agent.link?.isPolled !== false) return never;
  // It is not checked while it works. It cannot have been idle for long enough before that much time has passed.
  return (agent.used > 0 ? nowMs : agent.idleSinceMs) + sleepAfterMs;
}
