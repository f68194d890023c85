/**
 * What an agent may offer and take, by what was granted to it. In a grant, other than in a scope, a list that is empty
 * grants nothing, so that each use names all of it.
 */
import type { AgentGrant } from "@tutti/contracts/governance/v1";
import { counted } from "@tutti/kernel";
import { coversPattern, matchesAny } from "../access/action-pattern.ts";

/** What an agent says of itself, as far as a grant looks at it. */
export interface Offered {
  /** Names, without versions. */
  readonly capabilities: readonly string[];
  readonly slots: number;
}

export interface GrantQuestion extends Offered {
  /** Of the pool that it joins. */
  readonly namespace: string;
  readonly pool: string;
}

/** Something that is not granted. */
export interface GrantFault {
  /** Where the agent says it: `pool`, `offering.capabilities[2].name`. */
  readonly field: string;
  /** `capability pay.refund`. */
  readonly found: string;
  /** What is granted instead. */
  readonly granted: string;
}

/** Everything that is not granted, each part of it by itself. Empty where all is. */
export function grantFaults(grant: AgentGrant, question: GrantQuestion): readonly GrantFault[] {
  const { pools, offers, namespaces, maxSlots } = grant;
  const { namespace, pool, capabilities, slots } = question;
  const faults: GrantFault[] = [];
  if (namespaces.length > 0 && !namespaces.includes(namespace))
    faults.push({ field: "namespace", found: `namespace ${namespace}`, granted: listOf(namespaces) });
  if (!matchesAny(pools, pool)) faults.push({ field: "pool", found: `pool ${pool}`, granted: listOf(pools) });
  for (const [index, name] of capabilities.entries())
    if (!matchesAny(offers, name))
      faults.push({
        field: `offering.capabilities[${index}].name`,
        found: `capability ${name}`,
        granted: listOf(offers),
      });
  if (maxSlots > 0 && slots > maxSlots)
    faults.push({ field: "offering.slots", found: counted(slots, "slot"), granted: `at most ${maxSlots}` });
  return faults;
}

/** What two grants have in common, as both bind. Of patterns that meet only in part nothing is. */
export function bothGrants(
  one: AgentGrant | undefined,
  other: AgentGrant | undefined,
): AgentGrant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    pools: inBoth(one.pools, other.pools),
    offers: inBoth(one.offers, other.offers),
    namespaces: namespacesInBoth(one.namespaces, other.namespaces),
    maxSlots: Math.min(one.maxSlots || other.maxSlots, other.maxSlots || one.maxSlots),
  };
}

function inBoth(one: readonly string[], other: readonly string[]): string[] {
  const within = (patterns: readonly string[], wide: readonly string[]): string[] =>
    patterns.filter((pattern) => wide.some((wider) => coversPattern(wider, pattern)));
  return [...new Set([...within(one, other), ...within(other, one)])];
}

/** Without any it is bound to its own, which the key or token says already. */
function namespacesInBoth(one: readonly string[], other: readonly string[]): string[] {
  if (one.length === 0 || other.length === 0) return [...one, ...other];
  const common = one.filter((namespace) => other.includes(namespace));
  return common.length > 0 ? common : [noNamespace];
}

/** What no namespace is called. */
const noNamespace = "-";

function listOf(granted: readonly string[]): string {
  return granted.length === 0 ? "none" : granted.join(", ");
}
