import {
  LabelPointedV1,
  RolloutSetV1,
  VersionArchivedV1,
  VersionRegisteredV1,
} from "@tutti/contracts/workflow/v1";
import { type DefinitionEvent, latest } from "../state.ts";

export const versionRegistered: DefinitionEvent<VersionRegisteredV1> = {
  type: "version_registered",
  version: 1,
  codec: VersionRegisteredV1,
  described: true,
  evolve(definition, { version }) {
    if (version !== undefined) definition.versions.set(version.hash, version);
  },
  /**
   * Includes the plan, whose blob is named by the hash. A template has no plan, and the mention of its hash
   * has no effect.
   */
  *blobs({ version }) {
    if (version === undefined) return;
    yield Buffer.from(version.hash, "hex");
    for (const blob of [version.source, version.factsBlob]) if (blob !== undefined) yield blob.sha256;
  },
};

export const labelPointed: DefinitionEvent<LabelPointedV1> = {
  type: "label_pointed",
  version: 1,
  codec: LabelPointedV1,
  described: true,
  evolve(definition, { label, hash, searchLabels }) {
    if (hash === "") definition.labels.delete(label);
    else definition.labels.set(label, hash);
    if (label === latest) definition.searchLabels = searchLabels;
  },
};

export const rolloutSet: DefinitionEvent<RolloutSetV1> = {
  type: "rollout_set",
  version: 1,
  codec: RolloutSetV1,
  described: true,
  evolve(definition, { rollout }) {
    definition.rollout = rollout?.hash ? rollout : undefined;
  },
};

export const versionArchived: DefinitionEvent<VersionArchivedV1> = {
  type: "version_archived",
  version: 1,
  codec: VersionArchivedV1,
  described: true,
  evolve(definition, { hash, archived, cause }) {
    const version = definition.versions.get(hash);
    if (version === undefined) return;
    version.archived = archived;
    version.archiveCause = cause;
  },
};
