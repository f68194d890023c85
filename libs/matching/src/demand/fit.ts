import type { Agent } from "../agents/agent.ts";
import { byName } from "./labels.ts";
import type { Fit } from "./requirements.ts";

const plainFit: Fit = { key: "", resources: [], only: undefined, not: new Set(), side: undefined };

export function fitOf(
  resources: Readonly<Record<string, number>>,
  only: readonly string[],
  not: readonly string[],
  side?: Fit["side"],
): Fit {
  const needed = Object.entries(resources)
    .filter(([, amount]) => amount > 0)
    .sort(byName);
  if (needed.length === 0 && only.length === 0 && not.length === 0 && side === undefined) return plainFit;
  const selector = [needed, [...only].sort(), [...not].sort()];
  const key = JSON.stringify(side === undefined ? selector : [...selector, side.key]);
  return {
    key,
    resources: needed,
    only: only.length === 0 ? undefined : new Set(only),
    not: new Set(not),
    side,
  };
}

/** Returns whether an agent of a matching cohort is fit in its present state. */
export function isFit(agent: Agent, fit: Fit): boolean {
  const { resources, only, not, side } = fit;
  if (only !== undefined && !only.has(agent.agentId)) return false;
  if (not.size > 0 && not.has(agent.agentId)) return false;
  for (const [name, amount] of resources) if (agent.freeOf(name) < amount) return false;
  return side === undefined || side.admits(agent, fit);
}

/** Returns whether the agent would be fit if nothing ran there. */
export function isEverFit(agent: Agent, { resources, only, not }: Fit): boolean {
  if (only !== undefined && !only.has(agent.agentId)) return false;
  if (not.has(agent.agentId)) return false;
  return resources.every(([name, amount]) => agent.totalOf(name) >= amount);
}
