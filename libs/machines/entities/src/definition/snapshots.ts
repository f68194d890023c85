/** How a definition is kept between its events. */
import { DefinitionSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { type Definition, type DefinitionView, newDefinition } from "./state.ts";

const newest = 1;

export const definitionSnapshots: SnapshotCodec<Definition> = {
  version: newest,
  encode: (state) => DefinitionSnapshotV1.encode(snapshotOf(state)).finish(),
  decode(bytes, version) {
    if (version === newest) return definitionOf(DefinitionSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "definition", version, newest });
  },
};

export function snapshotOf(view: DefinitionView): DefinitionSnapshotV1 {
  // Only read: it is encoded, or shown as JSON.
  const { versions, labels, searchLabels } = view as Definition;
  return {
    versions: [...versions.values()],
    labels: [...labels].map(([label, hash]) => ({ label, hash })),
    searchLabels: { ...searchLabels },
  };
}

function definitionOf({ versions, labels, searchLabels }: DefinitionSnapshotV1): Definition {
  const definition = newDefinition();
  for (const version of versions) definition.versions.set(version.hash, version);
  for (const { label, hash } of labels) definition.labels.set(label, hash);
  definition.searchLabels = searchLabels;
  return definition;
}
