import type { KeptVersion, Rollout } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { definitionErrors } from "../errors.ts";
import { type Definition, type DefinitionView, latest } from "../state.ts";

/** A version and its labels. */
export interface VersionFacts {
  readonly version: ReadOnly<KeptVersion>;
  readonly labels: readonly string[];
  /** Rollout of the latest version, or of the version that takes a share of its runs. */
  readonly rollout: ReadOnly<Rollout> | undefined;
}

/** Selects a version: by hash, else by label, else the latest. */
export interface VersionSelector {
  readonly hash: string;
  readonly label: string;
}

export const version: Query<Definition, VersionSelector, VersionFacts> = {
  type: "version",
  answer(definition, { hash, label }, { key }) {
    const selectedHash = hash || definition.labels.get(label || latest);
    const found = selectedHash === undefined ? undefined : definition.versions.get(selectedHash);
    if (found === undefined)
      return definitionErrors.missing.refusal({ name: key.id, version: hash || label || latest });
    return factsOf(definition, found);
  },
};

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

function factsOf({ labels, rollout }: DefinitionView, version: ReadOnly<KeptVersion>): VersionFacts {
  const { hash } = version;
  const isDivided = labels.get(latest) === hash || rollout?.hash === hash;
  return {
    version,
    labels: [...labels].filter(([, pointed]) => pointed === hash).map(([label]) => label),
    rollout: isDivided ? rollout : undefined,
  };
}
