/**
 * The definition machine: the versions of a definition, and the versions that labels point to.
 *
 * 1. A version is named by the hash of its content, and never changes, except that it can be archived.
 * 2. `latest` points to a version from the first one on, and is never removed.
 * 3. A version takes a share of new runs only if another version is the latest.
 * 4. The plan and the source are large: they are blobs that were durable before the version was registered.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { DefinitionSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { entity } from "../kit/entity.ts";
import { type Definition, newDefinition, rollsOut } from "./state.ts";
import { archive, point, register, rollOut } from "./version/commands.ts";
import { labelPointed, rolloutSet, versionArchived, versionRegistered } from "./version/events.ts";
import { version, versions } from "./version/queries.ts";

export const definition = entity({
  kind: "definition",
  create: newDefinition,
  commands: [register, point, rollOut, archive],
  events: [versionRegistered, labelPointed, rolloutSet, versionArchived],
  queries: [version, versions],
  snapshot: {
    codec: DefinitionSnapshotV1,
    of: ({ versions: stored, labels, searchLabels, rollout }: Definition) => ({
      versions: [...stored.values()],
      labels: [...labels].map(([label, hash]) => ({ label, hash })),
      searchLabels: { ...searchLabels },
      rollout,
    }),
    from: ({ versions: stored, labels, searchLabels, rollout }) => ({
      versions: new Map(stored.map((each) => [each.hash, each])),
      labels: new Map(labels.map(({ label, hash }) => [label, hash])),
      searchLabels,
      rollout,
    }),
  },
  status: ({ versions: stored }) =>
    stored.size === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
  labels: ({ searchLabels }) => searchLabels,
  idChosen: false,
  behaviour: rollsOut,
});
