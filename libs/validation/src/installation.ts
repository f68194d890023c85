/**
 * Capabilities and definitions of an installation that files use: requested before the check, because a check is
 * synchronous.
 */
import type { Catalogue, KnownCapability, KnownDefinition } from "@tutti/definitions";

export interface NameReference {
  readonly name: string;
  /** For a capability a range. For a definition a label or a hash. */
  readonly version: string;
}

export interface Used {
  readonly capabilities: readonly NameReference[];
  readonly definitions: readonly NameReference[];
}

/** Lookups in an installation. Undefined means that it does not have the name. */
export interface Installation {
  capability(reference: NameReference): Promise<KnownCapability | undefined>;
  definition(reference: NameReference): Promise<KnownDefinition | undefined>;
}

const keyOf = ({ name, version }: NameReference): string => `${name}@${version}`;
const nameIn = (key: string): string => key.slice(0, key.indexOf("@"));

/** A catalogue that accepts every name, and records the names that a check looks up. */
export class Usage implements Used {
  readonly #capabilities = new Map<string, NameReference>();
  readonly #definitions = new Map<string, NameReference>();

  readonly catalogue: Catalogue = {
    capability: (name, version) => recordUse(this.#capabilities, { name, version }),
    capabilityNames: () => [],
    definition: (name, version) => recordUse(this.#definitions, { name, version }),
    definitionNames: () => [],
  };

  get capabilities(): readonly NameReference[] {
    return [...this.#capabilities.values()];
  }

  get definitions(): readonly NameReference[] {
    return [...this.#definitions.values()];
  }
}

function recordUse(all: Map<string, NameReference>, reference: NameReference): KnownDefinition {
  all.set(keyOf(reference), reference);
  return {};
}

/**
 * Capabilities and definitions of an installation that are used, each by `name@version`: plain values, which can
 * be passed between threads.
 */
export interface Offered {
  readonly capabilities: ReadonlyMap<string, KnownCapability>;
  readonly definitions: ReadonlyMap<string, KnownDefinition>;
}

/** Requests each once, a few at a time. */
export async function offeredFor(used: Used, installation: Installation): Promise<Offered> {
  const capabilities = await knownOf(used.capabilities, (reference) => installation.capability(reference));
  const definitions = await knownOf(used.definitions, (reference) => installation.definition(reference));
  return { capabilities, definitions };
}

export function catalogueOf({ capabilities, definitions }: Offered): Catalogue {
  return {
    capability: (name, version) => capabilities.get(keyOf({ name, version })),
    capabilityNames: () => [...capabilities.keys()].map(nameIn),
    definition: (name, version) => definitions.get(keyOf({ name, version })),
    definitionNames: () => [...definitions.keys()].map(nameIn),
  };
}

const concurrencyMax = 8;

async function knownOf<Known>(
  references: readonly NameReference[],
  find: (reference: NameReference) => Promise<Known | undefined>,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  for (let at = 0; at < references.length; at += concurrencyMax)
    await Promise.all(
      references.slice(at, at + concurrencyMax).map(async (reference) => {
        const found = await find(reference);
        if (found !== undefined) known.set(keyOf(reference), found);
      }),
    );
  return known;
}

/** Combines two catalogues. The first takes precedence. */
export function together(first: Catalogue, second: Catalogue): Catalogue {
  return {
    capability: (name, range) => first.capability(name, range) ?? second.capability(name, range),
    capabilityNames: () => [...first.capabilityNames(), ...second.capabilityNames()],
    definition: (name, version) => first.definition(name, version) ?? second.definition(name, version),
    definitionNames: () => [...first.definitionNames(), ...second.definitionNames()],
  };
}
