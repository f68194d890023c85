import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { AgentCounts, CapabilityStatus, PoolStatus } from "@tutti/contracts/swarm/v1";
import type { PoolCore } from "../books.ts";
import { isWaiting } from "../task/offering.ts";

const capabilitiesMax = 1_000;

/** How a pool stands. Looks at all that is in it: for people and scalers, not for every turn. */
export function statusView(core: PoolCore, nowMs: number): PoolStatus {
  const capabilities = new Map<string, CapabilityStatus>();
  const agents: AgentCounts = {
    starting: 0,
    ready: 0,
    busy: 0,
    draining: 0,
    asleep: 0,
    suspect: 0,
    held: 0,
  };
  let slots = 0;
  let freeSlots = 0;
  for (const agent of core.roster.agents.values()) {
    countState(agents, agent.state);
    if (agent.hold !== Hold.HOLD_NONE) agents.held++;
    slots += agent.slots;
    const free = Math.max(0, agent.slots - agent.used);
    freeSlots += free;
    for (const { name, version } of agent.offered) {
      const status = capabilityOf(capabilities, name, version);
      if (!agent.isAble) continue;
      status.agents++;
      status.freeSlots += free;
      status.allowed += agent.capacity;
    }
  }
  const { longestWaitMs, retrying } = countTasks(core, capabilities, nowMs);
  let waitingAtHome = 0;
  let longestAtHomeMs = 0;
  for (const { stream } of core.senderSlots) {
    const { count, longestMs } = stream.waitingFor(core);
    waitingAtHome += count;
    longestAtHomeMs = Math.max(longestAtHomeMs, longestMs);
  }
  return {
    owner: core.owner,
    epoch: core.epoch,
    agents,
    slots,
    freeSlots,
    queued: core.queued,
    waitingAtHome,
    running: core.working,
    retrying,
    longestWaitMs: Math.max(longestWaitMs, longestAtHomeMs),
    startsPerSec: core.startsPerSec(nowMs),
    capabilities: [...capabilities.values()].slice(0, capabilitiesMax),
  };
}

/** Returns how long the one that waits longest has waited, and how many wait that had an attempt already. */
function countTasks(core: PoolCore, capabilities: Map<string, CapabilityStatus>, nowMs: number) {
  let longestWaitMs = 0;
  let retrying = 0;
  for (const task of core.tasks.values()) {
    const { stage, agent, demand } = task;
    const { capability, range } = demand.wish;
    if (stage === "working") {
      const match = demand.matches.find(({ cohort }) => cohort === agent?.cohort);
      capabilityOf(capabilities, capability, match?.version ?? range).running++;
    } else if (isWaiting(task)) {
      capabilityOf(capabilities, capability, demand.matches[0]?.version ?? range).queued++;
      longestWaitMs = Math.max(longestWaitMs, nowMs - task.readyMs);
      if (task.attempt > 1) retrying++;
    }
  }
  return { longestWaitMs, retrying };
}

function capabilityOf(
  capabilities: Map<string, CapabilityStatus>,
  capability: string,
  version: string,
): CapabilityStatus {
  const key = `${capability}@${version}`;
  let status = capabilities.get(key);
  if (status === undefined) {
    status = { capability, version, agents: 0, freeSlots: 0, queued: 0, running: 0, allowed: 0 };
    capabilities.set(key, status);
  }
  return status;
}

function countState(counts: AgentCounts, state: AgentState): void {
  switch (state) {
    case AgentState.AGENT_STATE_READY:
      counts.ready++;
      break;
    case AgentState.AGENT_STATE_BUSY:
      counts.busy++;
      break;
    case AgentState.AGENT_STATE_DRAINING:
      counts.draining++;
      break;
    case AgentState.AGENT_STATE_ASLEEP:
      counts.asleep++;
      break;
    case AgentState.AGENT_STATE_SUSPECT:
      counts.suspect++;
      break;
    default:
      counts.starting++;
  }
}
