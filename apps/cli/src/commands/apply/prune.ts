/**
 * Deletes resources of a set that files no longer describe.
 *
 * 1. Only resources with the label of the set are deleted.
 * 2. A resource that was changed on the platform since the last apply is not deleted without `--force`.
 * 3. If no file describes a resource of the set, the folder is likely a wrong one: nothing is deleted without `--force`.
 */

import { counted } from "@tutti/kernel";
import type { Definition, Schedule, Trigger } from "@tutti/rest/types";
import { type Applied, plainOf } from "../../local/check-applied.ts";
import type { Server } from "../../server/calls.ts";
import { adapterIn, adapterName, isAdapter } from "../adapters/launched.ts";
import { nothingApplied } from "./folder.ts";
import { isChangedSince, setOf, versionLabelOf } from "./owner.ts";
import {
  type LiveWork,
  listed,
  listResources,
  liveCounter,
  removeResource,
  resourceKindNames,
  unlessMissing,
} from "./resources.ts";
import { type ApplyOptions, activeRuns, liveOf, type Step } from "./step.ts";
import { readVariants } from "./variants.ts";
import { liveRuns } from "./workflow-steps.ts";

interface Owned {
  readonly kind: Applied["kind"];
  readonly id: string;
  readonly isChanged: boolean;
  /** Work that the deletion affects. */
  readonly count: () => Promise<readonly LiveWork[] | undefined>;
  readonly remove: () => Promise<unknown>;
}

export async function planDeletions(
  server: Server,
  documents: readonly Applied[],
  { set, isForced }: ApplyOptions & { readonly set: string },
): Promise<readonly Step[]> {
  const described = new Set(documents.map(({ kind, id }) => `${kind}/${id}`));
  const owned = await ownedBy(server, set);
  const removed = owned.filter(({ kind, id }) => !described.has(`${kind}/${id}`));
  if (removed.length > 0 && removed.length === owned.length && !isForced)
    throw nothingApplied(
      `No file describes one of the ${counted(owned.length, "resource")} of the set \`${set}\`.`,
      { next: ["Check the folder and the name of the set, or delete them with --force."] },
    );
  const changed = removed.filter(({ isChanged }) => isChanged);
  if (changed.length > 0 && !isForced)
    throw nothingApplied(
      `${changed.map(({ kind, id }) => `${kind} \`${id}\``).join(", ")} changed on the platform since the last apply.`,
      { next: ["Export the changes with `tutti export`, or delete them with --force."] },
    );
  const steps: Step[] = [];
  // A resource is deleted after the resources that use it.
  for (const { kind, id, count, remove } of removed.reverse())
    steps.push({
      kind,
      id,
      fileName: "",
      outcome: "deleted",
      differences: [],
      live: await count(),
      write: async () => {
        await remove();
      },
    });
  return steps;
}

async function ownedBy(server: Server, set: string): Promise<readonly Owned[]> {
  const owned: Owned[] = [];
  for (const kind of resourceKindNames) {
    const liveAt = liveCounter(server, kind);
    for (const found of (await listResources(server, kind)).values()) {
      const { id, spec } = found;
      if (setOf((spec as { readonly labels?: Record<string, string> }).labels) !== set) continue;
      const isChanged = isChangedSince(spec) ?? false;
      const count = () => liveAt(id, found);
      owned.push({ kind, id, isChanged, count, remove: () => removeResource(server, kind, found) });
    }
  }
  for (const found of (await listResources(server, "scaler", isAdapter)).values()) {
    const { spec } = adapterIn(adapterName(found.id), found.spec);
    if (setOf((spec as { readonly labels?: Record<string, string> }).labels) !== set) continue;
    const isChanged = isChangedSince(spec) ?? false;
    owned.push({
      kind: "adapter",
      id: found.id,
      isChanged,
      count: async () => found.live,
      remove: () => removeResource(server, "scaler", found),
    });
  }
  for await (const { name, versionLabels, hash } of listed<Definition>(
    server,
    "workflows.list",
    "definitions",
  )) {
    const label = versionLabelOf(set);
    const query = { ...server.namespace, label, withoutLiveCount: true };
    const applied = versionLabels.includes(label)
      ? { hash }
      : await unlessMissing(server.call("workflows.get", { params: { name }, query }));
    if (applied === undefined) continue;
    const variants = await readVariants(server, name);
    owned.push({
      ...(variants === undefined
        ? { kind: "workflow" as const, isChanged: applied.hash !== hash }
        : { kind: "variant" as const, isChanged: applied.hash !== variants.current.hash }),
      id: name,
      count: async () => activeRuns(await liveRuns(server, name)),
      remove: () =>
        server.call("workflows.archive", {
          params: { name },
          query: server.namespace,
          body: { reason: `not in the set ${set} any more` },
        }),
    });
  }
  for (const kind of ["schedule", "trigger"] as const)
    for await (const entry of listed<Schedule | Trigger>(server, `${kind}s.list`, `${kind}s`)) {
      if (setOf(entry.labels) !== set) continue;
      const id = "scheduleId" in entry ? entry.scheduleId : entry.triggerId;
      const isChanged = isChangedSince(plainOf(kind, entry)) ?? false;
      const remove = () => server.call(`${kind}s.delete`, { params: { id }, query: server.namespace });
      owned.push({ kind, id, isChanged, count: async () => liveOf(entry), remove });
    }
  return owned;
}
