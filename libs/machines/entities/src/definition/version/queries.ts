import type { KeptVersion, Rollout } from "@tutti/contracts/workflow/v1";
import { isRefusal, type Query, type ReadOnly, type Refusal } from "@tutti/kernel";
import { definitionErrors } from "../errors.ts";
import { type Definition, type DefinitionView, hashStart, latest } from "../state.ts";

/** A version and its labels. */
export interface VersionFacts {
  readonly version: ReadOnly<KeptVersion>;
  readonly labels: readonly string[];
  /** Rollout of the latest version, or of the version that takes a share of its runs. An archived version takes none. */
  readonly rollout: ReadOnly<Rollout> | undefined;
}

/** Selects a version: by hash, else by label, else the latest. */
export interface VersionSelector {
  /** A hash, or a unique start of it. */
  readonly hash: string;
  /** A label, or a unique start of a hash that no label equals. */
  readonly label: string;
}

/** Versions that an error lists. */
const candidatesMax = 5;
/** Characters of a hash that lists show. */
const hashWritten = 12;

export const version: Query<Definition, VersionSelector, VersionFacts> = {
  type: "version",
  answer(definition, { hash, label }, { key }) {
    const text = hash || label || latest;
    const named = hash === "" ? definition.labels.get(text) : undefined;
    const selected = named ?? hashStartingWith(definition, text, key.id);
    if (isRefusal(selected)) return selected;
    const found = definition.versions.get(selected ?? "");
    if (found === undefined)
      return definitionErrors.missing.refusal({ name: key.id, version: text, known: newestOf(definition) });
    return factsOf(definition, found);
  },
};

/** Returns the newest versions as a user writes them: by label, or by the start of the hash. */
function newestOf({ versions, labels }: DefinitionView): string[] {
  const named = new Map(
    [...labels].filter(([label]) => label !== latest).map(([label, hash]) => [hash, label]),
  );
  const newestFirst = [...versions.keys()].reverse().slice(0, candidatesMax);
  return newestFirst.map((hash) => named.get(hash) ?? hash.slice(0, hashWritten));
}

/** Returns the hash of the version with this hash, or of the only one that starts with it. Undefined if there is none. */
function hashStartingWith(
  { versions }: DefinitionView,
  text: string,
  name: string,
): string | Refusal | undefined {
  if (versions.has(text)) return text;
  if (!hashStart.test(text)) return undefined;
  const hashes = [...versions.keys()].filter((hash) => hash.startsWith(text));
  if (hashes.length <= 1) return hashes[0];
  return definitionErrors.versionAmbiguous.refusal({
    name,
    version: text,
    hashes: hashes.slice(-candidatesMax),
  });
}

/** A page of the versions, newest first. */
export interface VersionsPage {
  readonly versions: readonly VersionFacts[];
  readonly total: number;
}

export const versions: Query<Definition, { readonly from: number; readonly count: number }, VersionsPage> = {
  type: "versions",
  answer(definition, { from, count }, { key }) {
    if (definition.versions.size === 0)
      return definitionErrors.missing.refusal({ name: key.id, version: latest });
    const newestFirst = [...definition.versions.values()].reverse().slice(from, from + count);
    return {
      versions: newestFirst.map((each) => factsOf(definition, each)),
      total: definition.versions.size,
    };
  },
};

function factsOf(
  { versions: all, labels, rollout }: DefinitionView,
  version: ReadOnly<KeptVersion>,
): VersionFacts {
  const { hash } = version;
  const isTaking = rollout !== undefined && all.get(rollout.hash)?.archived === false;
  const isDivided = isTaking && (labels.get(latest) === hash || rollout.hash === hash);
  return {
    version,
    labels: [...labels].filter(([, pointed]) => pointed === hash).map(([label]) => label),
    rollout: isDivided ? rollout : undefined,
  };
}
