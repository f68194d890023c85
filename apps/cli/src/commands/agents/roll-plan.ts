/**
 * Plans the rollout of a new version of a capability over a fleet of agents, by percentage.
 *
 * 1. The fleet has the slots of the larger side. The new version gets its percentage, the old versions get the rest.
 * 2. Agents beyond these slots are paused: they finish their tasks and stay connected, so a rollback is a resume.
 * 3. Agents that are paused for another reason are not part of the fleet.
 * 4. The same agents are chosen each time, in the order of their ids. A higher percentage keeps the chosen agents.
 */
import type { Agent } from "@tutti/rest/types";

export interface Rolled {
  readonly capability: string;
  readonly version: string;
  readonly percent: number;
}

export interface Side {
  readonly version: string;
  readonly active: readonly string[];
  readonly paused: readonly string[];
  readonly slots: number;
}

export interface RollPlan {
  readonly sides: readonly Side[];
  readonly resume: readonly string[];
  readonly pause: readonly string[];
}

/** The reason of a pause, by which later rolls know it. */
export const rollReason = ({ capability, version, percent }: Rolled): string =>
  `roll ${capability}@${version}: ${percent} %`;

/** Returns the agents to pause and to resume, or the problem. */
export function planRoll(agents: readonly Agent[], roll: Rolled): RollPlan | string {
  const { capability, version, percent } = roll;
  const fleet = fleetOf(agents, capability);
  const fresh = fleet.filter((agent) => versionOf(agent, capability) === version);
  const old = fleet.filter((agent) => versionOf(agent, capability) !== version);
  if (fresh.length === 0) return `No agent offers \`${capability}\` in version ${version}.`;
  if (old.length === 0 && percent < 100) return `No agent offers another version of \`${capability}\`.`;
  const size = Math.max(slotsOf(fresh), slotsOf(old));
  const targetSlots = Math.ceil((size * percent) / 100);
  if (slotsOf(fresh) < targetSlots)
    return `${percent} % of the fleet are ${targetSlots} slots, and version ${version} has ${slotsOf(fresh)}.`;
  const active = new Set([...selectIds(fresh, targetSlots), ...selectIds(old, size - targetSlots)]);
  return {
    sides: sidesOf(fleet, capability, (agent) => active.has(agent.agentId)),
    resume: fleet
      .filter((agent) => active.has(agent.agentId) && isOnHold(agent))
      .map(({ agentId }) => agentId),
    pause: fleet
      .filter((agent) => !active.has(agent.agentId) && !isOnHold(agent))
      .map(({ agentId }) => agentId),
  };
}

/** Returns the current versions of a fleet. */
export function rollState(agents: readonly Agent[], capability: string): readonly Side[] {
  return sidesOf(fleetOf(agents, capability), capability, (agent) => !isOnHold(agent));
}

/** Returns the capabilities of paused agents of the fleet that no active agent offers. Their tasks wait. */
export function withoutAgents(agents: readonly Agent[], sides: readonly Side[]): readonly string[] {
  const active = new Set(sides.flatMap((side) => side.active));
  const paused = new Set(sides.flatMap((side) => side.paused));
  const isActive = (agent: Agent) =>
    active.has(agent.agentId) || (agent.state !== "gone" && !isOnHold(agent) && !paused.has(agent.agentId));
  const namesOf = ({ offering }: Agent) => offering?.capabilities.map(({ name }) => name) ?? [];
  const offered = new Set(agents.filter(isActive).flatMap(namesOf));
  const lost = agents.filter(({ agentId }) => paused.has(agentId)).flatMap(namesOf);
  return [...new Set(lost)].filter((name) => !offered.has(name)).sort();
}

function fleetOf(agents: readonly Agent[], capability: string): Agent[] {
  return agents
    .filter((agent) => agent.state !== "gone" && versionOf(agent, capability) !== undefined)
    .filter((agent) => !isOnHold(agent) || isOfRoll(agent, capability))
    .sort((one, other) => (one.agentId < other.agentId ? -1 : 1));
}

function sidesOf(fleet: readonly Agent[], capability: string, isActive: (agent: Agent) => boolean): Side[] {
  const byVersion = Map.groupBy(fleet, (agent) => versionOf(agent, capability) ?? "");
  return [...byVersion].sort().map(([version, agents]) => ({
    version,
    active: agents.filter(isActive).map(({ agentId }) => agentId),
    paused: agents.filter((agent) => !isActive(agent)).map(({ agentId }) => agentId),
    slots: slotsOf(agents.filter(isActive)),
  }));
}

function selectIds(agents: readonly Agent[], slots: number): string[] {
  const ids: string[] = [];
  let used = 0;
  for (const agent of agents) {
    if (used >= slots) break;
    used += slotsOf([agent]);
    ids.push(agent.agentId);
  }
  return ids;
}

function versionOf({ offering }: Agent, capability: string): string | undefined {
  return offering?.capabilities.find(({ name }) => name === capability)?.version;
}

function slotsOf(agents: readonly Agent[]): number {
  return agents.reduce((sum, { offering }) => sum + (offering?.slots || 1), 0);
}

function isOnHold({ hold = "none" }: Agent): boolean {
  return hold !== "none" && hold !== "unspecified";
}

function isOfRoll({ hold, holdCause }: Agent, capability: string): boolean {
  return hold === "paused" && (holdCause?.reason ?? "").startsWith(`roll ${capability}@`);
}
