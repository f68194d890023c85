import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { AgentCounts, CapabilityStatus, PoolStatus } from "@tutti/contracts/swarm/v1";
import type { Agent } from "../agents/agent.ts";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { CapabilityPauses } from "../agents/pauses.ts";
import type { PoolIdentity } from "../api/pool.ts";
import type { Demand } from "../demand/matches.ts";
import { newestIn } from "../demand/versions.ts";
import type { Starts } from "../match/starts.ts";
import type { PoolSenders } from "../offers/pool-senders.ts";
import { isWaiting } from "../task/queueing.ts";
import type { Running } from "../task/running.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Waiting } from "../task/waiting.ts";

const capabilitiesMax = 1_000;

/** The parts that the status of a pool reads. */
export interface StatusParts {
  readonly identity: PoolIdentity;
  readonly agents: AgentIndex;
  readonly tasks: Tasks;
  readonly senders: PoolSenders;
  readonly waiting: Waiting;
  readonly running: Running;
  readonly starts: Starts;
  readonly pauses: CapabilityPauses;
}

/** Returns the status of a pool. Reads the whole pool: for users and scalers, not for every turn. */
export function statusView(parts: StatusParts, nowMs: number): PoolStatus {
  const capabilities = new Map<string, CapabilityStatus>();
  const agents: AgentCounts = { starting: 0, ready: 0, busy: 0, draining: 0, asleep: 0, suspect: 0, held: 0 };
  let slots = 0;
  let freeSlots = 0;
  for (const agent of parts.agents.values()) {
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
  const { longestWaitMs, retrying } = countTasks(parts, capabilities, nowMs);
  let waitingAtSenders = 0;
  let longestAtSendersMs = 0;
  for (const { stream } of parts.senders.slots) {
    const { count, longestMs } = stream.waitingFor(parts.senders);
    waitingAtSenders += count;
    longestAtSendersMs = Math.max(longestAtSendersMs, longestMs);
  }
  return {
    owner: parts.identity.owner,
    epoch: parts.identity.epoch,
    agents,
    slots,
    freeSlots,
    queued: parts.waiting.count,
    waitingAtHome: waitingAtSenders,
    running: parts.running.count,
    retrying,
    longestWaitMs: Math.max(longestWaitMs, longestAtSendersMs),
    startsPerSec: parts.starts.perSec(nowMs),
    capabilities: [...capabilities.values()].slice(0, capabilitiesMax),
  };
}

/** Counts waiting tasks: the longest wait, and the tasks that already had an attempt. */
function countTasks(
  { tasks, pauses }: StatusParts,
  capabilities: Map<string, CapabilityStatus>,
  nowMs: number,
) {
  let longestWaitMs = 0;
  let retrying = 0;
  for (const task of tasks.values()) {
    const { stage, agent, demand } = task;
    const { capability } = demand.requirements;
    if (stage === "working") {
      const match = demand.matches.find(({ cohort }) => cohort === agent?.cohort);
      capabilityOf(capabilities, capability, match?.version ?? versionAt(agent, demand)).running++;
    } else if (isWaiting(task)) {
      const version = demand.matches[0]?.version ?? versionAt(pauses.of(demand)[0]?.[0], demand);
      capabilityOf(capabilities, capability, version).queued++;
      longestWaitMs = Math.max(longestWaitMs, nowMs - task.readyMs);
      if (task.attempt > 1) retrying++;
    }
  }
  return { longestWaitMs, retrying };
}

/** Returns the version at an agent that no longer accepts the capability, or not now. */
function versionAt(agent: Agent | undefined, { requirements: { capability, range } }: Demand): string {
  const versions = agent?.offered.filter(({ name }) => name === capability).map(({ version }) => version);
  return newestIn(versions ?? [], range) ?? range;
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
