/**
 * The capabilities and pools that a grant allows an agent. In a grant, unlike in a scope, an empty list
 * grants nothing, so that each use is named.
 */
import type { AgentGrant } from "@tutti/contracts/governance/v1";
import { counted } from "@tutti/kernel";
import { coversPattern, matchesAny } from "../access/action-pattern.ts";

/** The part of an agent's statement that a grant checks. */
export interface Offered {
  /** Names, without versions. */
  readonly capabilities: readonly string[];
  readonly slots: number;
}

export interface GrantQuestion extends Offered {
  /** Namespace of the requested pool. */
  readonly namespace: string;
  readonly pool: string;
}

/** A part that is not granted. */
export interface GrantFault {
  /** Its field in the agent's statement: `pool`, `offering.capabilities[2].name`. */
  readonly field: string;
  /** `capability pay.refund`. */
  readonly found: string;
  /** The granted values. */
  readonly granted: string;
}

/** Returns each part that is not granted. Empty if all is granted. */
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

/** Returns the intersection of two grants. Patterns that overlap only partly grant nothing. */
export function bothGrants(
  first: AgentGrant | undefined,
  other: AgentGrant | undefined,
): AgentGrant | undefined {
  if (first === undefined || other === undefined) return first ?? other;
  return {
    pools: inBoth(first.pools, other.pools),
    offers: inBoth(first.offers, other.offers),
    namespaces: namespacesInBoth(first.namespaces, other.namespaces),
    maxSlots: Math.min(first.maxSlots || other.maxSlots, other.maxSlots || first.maxSlots),
  };
}

function inBoth(first: readonly string[], other: readonly string[]): string[] {
  const within = (patterns: readonly string[], wide: readonly string[]): string[] =>
    patterns.filter((pattern) => wide.some((wider) => coversPattern(wider, pattern)));
  return [...new Set([...within(first, other), ...within(other, first)])];
}

/** Without namespaces, the grant is bound to that of the key or token. */
function namespacesInBoth(first: readonly string[], other: readonly string[]): string[] {
  if (first.length === 0 || other.length === 0) return [...first, ...other];
  const common = first.filter((namespace) => other.includes(namespace));
  return common.length > 0 ? common : [noNamespace];
}

/** A name that no namespace can have. */
const noNamespace = "-";

function listOf(granted: readonly string[]): string {
  return granted.length === 0 ? "none" : granted.join(", ");
}
