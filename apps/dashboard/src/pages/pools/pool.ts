/** Describes the state of a pool, with defaults for absent fields. */
import type { Pool, QueuedTask, WaitCause } from "@tutti/rest/types";
import { agentHolds, agentStates, type Badge, badgeOf } from "../../score/states.ts";

export function statusOf({ status }: Pool) {
  const { agents = {}, slots = 0, freeSlots = 0, queued = 0, waitingAtHome = 0, running = 0 } = status ?? {};
  const { retrying = 0, longestWaitMs = 0, startsPerSec = 0, capabilities = [] } = status ?? {};
  const { starting = 0, ready = 0, busy = 0, draining = 0, asleep = 0, suspect = 0 } = agents;
  return {
    slots,
    freeSlots,
    queued,
    waitingAtHome,
    running,
    retrying,
    longestWaitMs,
    startsPerSec,
    agents: starting + ready + busy + draining + asleep + suspect,
    capabilities: [...capabilities].sort(
      (one, other) =>
        (other.queued ?? 0) - (one.queued ?? 0) ||
        (one.capability ?? "").localeCompare(other.capability ?? ""),
    ),
  };
}

/** A pool that a person has paused is shown as paused first. */
export function poolBadge(pool: Pool): Badge {
  const { agents, slots, freeSlots, queued } = statusOf(pool);
  if (pool.paused === true) return agentHolds["paused"] ?? badgeOf(agentStates, "");
  if (agents === 0) return { ...badgeOf(agentStates, "gone"), label: queued > 0 ? "no workers" : "empty" };
  return badgeOf(agentStates, slots > 0 && freeSlots === 0 ? "busy" : "ready");
}

export function queueOrder(tasks: readonly QueuedTask[]): readonly QueuedTask[] {
  return [...tasks].sort((one, other) => (one.place ?? 0) - (other.place ?? 0));
}

/** Why a task is still in the queue. An unknown cause is shown by its name. */
const causes: Readonly<Partial<Record<WaitCause, string>>> = {
  unspecified: "",
  backoff: "backoff before the next attempt",
  limit: "concurrency or rate limit",
  no_capability: "no worker has this capability",
  no_match: "no worker with this capability has the labels or resources",
  busy: "all matching workers are busy",
  behind_others: "other tasks have priority",
  slowed_down: "workers are overloaded",
  breaker: "circuit breaker open, or pool unreachable",
  hook: "denied or delayed by a hook",
  policy: "denied by a policy",
  quota: "quota used up",
  budget: "budget used up",
  paused: "pool paused",
  owner: "pool moves to another process",
  agent_start: "worker starting",
};

export function waitReason(cause: WaitCause = "unspecified", versionRange = ""): string {
  if (cause === "no_capability" && versionRange !== "") return "no worker has this version of the capability";
  return causes[cause] ?? cause.replaceAll("_", " ");
}
