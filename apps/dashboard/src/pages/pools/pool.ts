/** How a pool stands, with what it did not say filled in. */
import type { Pool, QueuedTask, WaitCause } from "@tutti/rest/types";
import { agentHolds, agentStates, type Stand, standOf } from "../../score/states.ts";

export function statusOf({ status }: Pool) {
  const { agents = {}, slots = 0, freeSlots = 0, queued = 0, waitingAtHome = 0, running = 0 } = status ?? {};
  const { retrying = 0, longestWaitMs = 0, startsPerSec = 0, capabilities = [] } = status ?? {};
  const { starting = 0, ready = 0, busy = 0, draining = 0, asleep = 0, suspect = 0 } = agents;
  return {
    ...{ slots, freeSlots, queued, waitingAtHome, running, retrying, longestWaitMs, startsPerSec },
    agents: starting + ready + busy + draining + asleep + suspect,
    capabilities: [...capabilities].sort(
      (one, other) =>
        (other.queued ?? 0) - (one.queued ?? 0) ||
        (one.capability ?? "").localeCompare(other.capability ?? ""),
    ),
  };
}

/** A pool that a person has paused says so before anything else. */
export function standOfPool(pool: Pool): Stand {
  const { agents, slots, freeSlots, queued } = statusOf(pool);
  if (pool.paused === true) return agentHolds["paused"] ?? standOf(agentStates, "");
  if (agents === 0) return { ...standOf(agentStates, "gone"), word: queued > 0 ? "nobody is here" : "empty" };
  return standOf(agentStates, slots > 0 && freeSlots === 0 ? "busy" : "ready");
}

export function queueOrder(tasks: readonly QueuedTask[]): readonly QueuedTask[] {
  return [...tasks].sort((one, other) => (one.place ?? 0) - (other.place ?? 0));
}

/** Why a task is still in the queue. Causes that a queue does not know stand as they are called. */
const causes: Readonly<Partial<Record<WaitCause, string>>> = {
  unspecified: "",
  backoff: "the pause before another attempt",
  limit: "a limit of concurrency or rate",
  no_capability: "nobody offers this",
  no_match: "nobody who offers this has the labels or resources",
  busy: "all who could do it are busy",
  behind_others: "other work goes first",
  slowed_down: "workers said that they are overloaded",
  breaker: "a worker with room failed too often, or the pool cannot be reached",
  hook: "a hook denied or delayed it",
  policy: "a policy forbids it",
  quota: "a quota is used up",
  budget: "a budget is used up",
  paused: "the pool is paused",
  owner: "the pool goes to another process",
  agent_start: "a worker is being started for it",
};

export function whyWaiting(cause: WaitCause = "unspecified"): string {
  return causes[cause] ?? cause.replaceAll("_", " ");
}
