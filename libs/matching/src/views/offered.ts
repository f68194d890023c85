import type { Capability } from "@tutti/contracts/types/v1";
import type { OfferedCapability } from "../api/pool.ts";
import type { Cohort } from "../parts.ts";

/**
 * Returns the capabilities of all agents of a pool. The cost depends on the number of cohorts, not on the number of
 * agents.
 */
export function offeredView(cohorts: Iterable<Cohort>): OfferedCapability[] {
  const found = new Map<string, { readonly capability: Capability; agents: number }>();
  for (const { agents, offered } of cohorts) {
    const [agent] = agents;
    if (agent === undefined) continue;
    const described = new Map(
      agent.offering.capabilities.map((each) => [`${each.name}@${each.version}`, each]),
    );
    for (const { name, version } of offered) {
      const key = `${name}@${version}`;
      const known = found.get(key);
      const capability = described.get(key);
      if (known !== undefined) known.agents += agents.size;
      else if (capability !== undefined) found.set(key, { capability, agents: agents.size });
    }
  }
  return [...found.values()];
}
