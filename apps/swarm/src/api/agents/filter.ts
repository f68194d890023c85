import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { Agent, AgentFilter } from "@tutti/contracts/swarm/v1";
import { labelsMatch, newestIn } from "@tutti/matching";

/**
 * Returns whether an agent matches. Without a filter all agents match except disconnected ones. Quarantined agents
 * match even if disconnected.
 */
export function filterOf(filter: AgentFilter | undefined): (agent: Agent) => boolean {
  if (filter === undefined) return isHere;
  const { pool, states, holds, kinds, labels } = filter;
  const text = filter.text.toLowerCase();
  return (agent) =>
    (pool === "" || agent.pool === pool) &&
    (states.length === 0 ? isHere(agent) : states.includes(agent.state)) &&
    (holds.length === 0 || holds.includes(agent.hold)) &&
    (kinds.length === 0 || kinds.includes(agent.kind)) &&
    labelsMatch(agent.offering?.labels ?? {}, labels) &&
    offers(agent, filter) &&
    (text === "" || isNamed(agent, text));
}

function isHere({ state, hold }: Agent): boolean {
  return state !== AgentState.AGENT_STATE_GONE || hold === Hold.HOLD_QUARANTINED;
}

/** Returns the conditions in a canonical form, for the token of a page. */
export function conditionsOf(filter: AgentFilter | undefined): unknown {
  return filter && { ...filter, labels: filter.labels && Object.entries(filter.labels.equals).sort() };
}

function offers({ offering }: Agent, { capability, versionRange }: AgentFilter): boolean {
  if (capability === "") return true;
  const versions = (offering?.capabilities ?? []).flatMap(({ name, version }) =>
    name === capability ? [version] : [],
  );
  return newestIn(versions, versionRange) !== undefined;
}

function isNamed({ agentId, offering }: Agent, text: string): boolean {
  return (
    agentId.toLowerCase().includes(text) || (offering?.description.toLowerCase().includes(text) ?? false)
  );
}
