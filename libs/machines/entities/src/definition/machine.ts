/**
 * The definition, a machine: the table of everything it understands. It says which versions of a definition there are, and
 * what the labels point to.
 *
 * 1. A version is named by the hash of its content, and never changes but for being archived.
 * 2. `latest` points to a version from the first one on, and is never removed.
 * 3. What is large, the plan and the source, is a blob that was durable before the version was registered.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { DefinitionSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Machine } from "@tutti/kernel";
import { definitionSnapshots, snapshotOf } from "./snapshots.ts";
import { type Definition, newDefinition } from "./state.ts";
import { archive, point, register } from "./version/commands.ts";
import { labelPointed, versionArchived, versionRegistered } from "./version/events.ts";
import { version, versions } from "./version/queries.ts";

export const definition: Machine<Definition, never> = {
  kind: "definition",
  behaviour: 1,
  isEndless: true,
  create: newDefinition,
  commands: [register, point, archive],
  events: [versionRegistered, labelPointed, versionArchived],
  queries: [version, versions],
  snapshots: definitionSnapshots,
  // It waits for nothing.
  recover() {},
  describe: ({ versions: kept, searchLabels }) => ({
    status: kept.size === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: searchLabels,
    idChosen: false,
  }),
  project: (state) => DefinitionSnapshotV1.toJSON(snapshotOf(state)),
};
