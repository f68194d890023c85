import type { Agent } from "../agents/agent.ts";
import { byName } from "./labels.ts";

/**
 * What is asked of the one agent beside what all of its cohort have in common: room for resources, and whether it is
 * among those named. Tasks that ask the same share one of these.
 */
export interface Fit {
  readonly key: string;
  readonly resources: readonly (readonly [name: string, amount: number])[];
  /** Agents of which it has to be one; undefined for any. */
  readonly only: ReadonlySet<string> | undefined;
  readonly not: ReadonlySet<string>;
}

export const plainFit: Fit = { key: "", resources: [], only: undefined, not: new Set() };

export function fitOf(
  resources: Readonly<Record<string, number>>,
  only: readonly string[],
  not: readonly string[],
): Fit {
  const needed = Object.entries(resources)
    .filter(([, amount]) => amount > 0)
    .sort(byName);
  if (needed.length === 0 && only.length === 0 && not.length === 0) return plainFit;
  const key = JSON.stringify([needed, [...only].sort(), [...not].sort()]);
  return {
    key,
    resources: needed,
    only: only.length === 0 ? undefined : new Set(only),
    not: new Set(not),
  };
}

/** Whether an agent of a cohort that will do is itself fit, as it stands now. */
export function isFit(agent: Agent, { resources, only, not }: Fit): boolean {
  if (only !== undefined && !only.has(agent.agentId)) return false;
  if (not.size > 0 && not.has(agent.agentId)) return false;
  for (const [name, amount] of resources) if (agent.freeOf(name) < amount) return false;
  return true;
}

/** Whether it would be if nothing ran there. */
export function isEverFit(agent: Agent, { resources, only, not }: Fit): boolean {
  if (only !== undefined && !only.has(agent.agentId)) return false;
  if (not.has(agent.agentId)) return false;
  return resources.every(([name, amount]) => agent.totalOf(name) >= amount);
}
