/** Which workers the user looks for. */
import type { Agent } from "@tutti/rest/types";

export interface AgentFilter {
  /** In its id, pool, capabilities, or labels. */
  readonly text: string;
  /** Empty for any. */
  readonly state: string;
}

/** The state that a worker is counted by: a pause comes before its work. */
function stateOf({ state, hold = "none" }: Agent): string {
  return state === "gone" || hold === "none" || hold === "unspecified" ? state : hold;
}

export function isMatchingAgent(agent: Agent, { text, state }: AgentFilter): boolean {
  if (state !== "" && stateOf(agent) !== state) return false;
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length === 0) return true;
  const { capabilities = [], labels = {} } = agent.offering ?? {};
  const searched = [
    ...[agent.agentId, agent.pool, agent.kind],
    ...capabilities.map(({ name }) => name),
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ]
    .join(" ")
    .toLowerCase();
  return terms.every((term) => searched.includes(term));
}

/** Returns the number of workers per state, the largest first. */
export function countsOf(agents: readonly Agent[]): readonly (readonly [state: string, many: number])[] {
  const counts = new Map<string, number>();
  for (const agent of agents) counts.set(stateOf(agent), (counts.get(stateOf(agent)) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
