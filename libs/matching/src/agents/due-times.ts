/** The next time at which an agent is checked: for its silence, its idleness, and its own deadlines. */
import type { PoolSettings } from "../api/pool.ts";
import type { Agent } from "./agent.ts";

const never = Number.POSITIVE_INFINITY;
/** An agent with frequent heartbeats may slow down to a little more than the agreed interval. */
const unhurried = 1.2;

/** Returns the earliest due time. */
export function nextDueMs(settings: PoolSettings, agent: Agent, nowMs: number): number {
  const { leaseMs } = settings;
  const allowedMs = agent.silent ? leaseMs : Math.min(leaseMs, suspectMs(settings, agent));
  const silenceMs = agent.isDisconnected ? never : agent.lastSeenMs + allowedMs;
  const { reconnectDueMs, slowedDueMs, pausesDueMs, holdDueMs, drainDueMs, sleepDueMs } = agent;
  const idleMs = idleDueMs(settings, agent, nowMs);
  return Math.min(
    silenceMs,
    reconnectDueMs,
    slowedDueMs,
    pausesDueMs,
    holdDueMs,
    drainDueMs,
    sleepDueMs,
    idleMs,
  );
}

/** Returns the silence after which an agent is suspect: by its own rhythm, up to the configured time. */
export function suspectMs(settings: PoolSettings, { suspicion }: Agent): number {
  const { suspectMs: latestMs, suspicionThreshold, heartbeatMs } = settings;
  const learnedMs = suspicion.silenceMs(suspicionThreshold) ?? latestMs;
  return Math.min(latestMs, Math.max(learnedMs, heartbeatMs * unhurried));
}

/** Returns when the agent has been idle long enough to be put to sleep. Infinite if that never happens. */
export function idleDueMs({ sleepAfterMs }: PoolSettings, agent: Agent, nowMs: number): number {
  if (sleepAfterMs === 0 || agent.life !== "active" || agent.link?.isPolled !== false) return never;
  // A working agent is checked again only after the whole idle time: before that it cannot have been idle
  // long enough.
  return (agent.used > 0 ? nowMs : agent.idleSinceMs) + sleepAfterMs;
}
