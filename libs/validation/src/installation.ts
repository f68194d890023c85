/**
 * Capabilities and definitions of an installation that files use: requested before the check, because a check is
 * synchronous.
 */
import type { Catalogue, KnownCapability, KnownDefinition } from "@tutti/definitions";

export interface WantedName {
  readonly name: string;
  /** For a capability a range. For a definition a label or a hash. */
  readonly version: string;
}

export interface Used {
  readonly capabilities: readonly WantedName[];
  readonly definitions: readonly WantedName[];
}

/** Lookups in an installation. Undefined means that it does not have the name. */
export interface Installation {
  capability(wanted: WantedName): Promise<KnownCapability | undefined>;
  definition(wanted: WantedName): Promise<KnownDefinition | undefined>;
}

const keyOf = ({ name, version }: WantedName): string => `${name}@${version}`;
const nameIn = (key: string): string => key.slice(0, key.indexOf("@"));

/** A catalogue that accepts every name, and records the names that a check looks up. */
export class Usage implements Used {
  readonly #capabilities = new Map<string, WantedName>();
  readonly #definitions = new Map<string, WantedName>();

  readonly catalogue: Catalogue = {
    capability: (name, version) => noted(this.#capabilities, { name, version }),
    capabilityNames: () => [],
    definition: (name, version) => noted(this.#definitions, { name, version }),
    definitionNames: () => [],
  };

  get capabilities(): readonly WantedName[] {
    return [...this.#capabilities.values()];
  }

  get definitions(): readonly WantedName[] {
    return [...this.#definitions.values()];
  }
}

function noted(all: Map<string, WantedName>, wanted: WantedName): KnownDefinition {
  all.set(keyOf(wanted), wanted);
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
  const capabilities = await knownOf(used.capabilities, (wanted) => installation.capability(wanted));
  const definitions = await knownOf(used.definitions, (wanted) => installation.definition(wanted));
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

const atOnce = 8;

async function knownOf<Known>(
  wanted: readonly WantedName[],
  find: (wanted: WantedName) => Promise<Known | undefined>,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  for (let at = 0; at < wanted.length; at += atOnce)
    await Promise.all(
      wanted.slice(at, at + atOnce).map(async (one) => {
        const found = await find(one);
        if (found !== undefined) known.set(keyOf(one), found);
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
