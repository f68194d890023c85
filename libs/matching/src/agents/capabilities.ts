/** The capabilities that agents offer, with numbers that are the same for all agents of a pool. */
import type { Offering } from "@tutti/contracts/agent/v1";
import { capabilitiesPerAgentMax, capabilityNumbersMax, slotsMax } from "../bounds.ts";
import { isVersion } from "../demand/versions.ts";

/** A capability as agents offer it. */
export interface Offered {
  readonly name: string;
  readonly version: string;
  /** Its number in this pool, for assignments. */
  readonly number: number;
}

/** Why an agent does not take a capability that it offers. */
export interface Pause {
  /** A capability, or `NAME.*` for all that start with `NAME.`. */
  readonly pattern: string;
  dueMs: number;
  isActive: boolean;
  /** How often in a row the agent was busy. It is kept after the pause, until an attempt ends otherwise. */
  inRow: number;
  /** The message of the agent. */
  message: string;
}

export function covers(pattern: string, capability: string): boolean {
  return pattern.endsWith(".*") ? capability.startsWith(pattern.slice(0, -1)) : capability === pattern;
}

/** Returns the offered capabilities that no active pause covers. */
export function acceptedOf(
  offered: readonly Offered[],
  pauses: ReadonlyMap<string, Pause>,
): readonly Offered[] {
  const active = [...pauses.values()].filter(({ isActive }) => isActive);
  if (active.length === 0) return offered;
  return offered.filter(({ name }) => !active.some(({ pattern }) => covers(pattern, name)));
}

export class CapabilityNumbers {
  readonly #byName = new Map<string, Offered>();

  /** Returns the problem of an offering, or undefined. */
  problemOf({ capabilities, slots, resources }: Offering): string | undefined {
    if (capabilities.length > capabilitiesPerAgentMax)
      return `expected at most ${capabilitiesPerAgentMax} capabilities, got ${capabilities.length}`;
    if (slots > slotsMax) return `expected at most ${slotsMax} slots, got ${slots}`;
    let added = 0;
    for (const { name, version } of capabilities) {
      if (name === "" || !isVersion(version))
        return `expected capabilities with a name and a semantic version, got "${name}" in version "${version}"`;
      if (!this.#byName.has(`${name}@${version}`)) added++;
    }
    if (this.#byName.size + added > capabilityNumbersMax)
      return `expected at most ${capabilityNumbersMax} capabilities and versions in the pool, got more`;
    for (const [name, total] of Object.entries(resources))
      if (!(total >= 0 && total <= Number.MAX_SAFE_INTEGER))
        return `expected 0 or more of the resource ${name}, got ${total}`;
    return undefined;
  }

  /** Returns the offered capabilities in the order of their numbers, each once. */
  of({ capabilities }: Offering): readonly Offered[] {
    const offered = new Set<Offered>();
    for (const { name, version } of capabilities) {
      const key = `${name}@${version}`;
      let known = this.#byName.get(key);
      if (known === undefined) {
        known = { name, version, number: this.#byName.size + 1 };
        this.#byName.set(key, known);
      }
      offered.add(known);
    }
    return [...offered].sort((one, other) => one.number - other.number);
  }
}

/** `name@version` → number. */
export function numbersOf(offered: readonly Offered[]): Record<string, number> {
  return Object.fromEntries(offered.map(({ name, version, number }) => [`${name}@${version}`, number]));
}
