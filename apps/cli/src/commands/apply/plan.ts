/** Compares the files with the platform. Reports errors that the platform would report, before the first change. */

import type { ResourceKindName } from "@tutti/validation";
import type { Applied, AppliedAdapter, AppliedDescribed } from "../../local/check-applied.ts";
import type { Server } from "../../server/calls.ts";
import { adapterIn, describedAdapter, isAdapter, scalerOf } from "../adapters/launched.ts";
import { nothingApplied } from "./folder.ts";
import { withoutOwner } from "./owner.ts";
import {
  type FoundResource,
  getResource,
  listResources,
  liveCounter,
  resourceKindNames,
  secretValue,
  writeResource,
} from "./resources.ts";
import { type ApplyOptions, auditCause, compare, driftOf, outcomeOf, type Spec, type Step } from "./step.ts";
import { timedStep } from "./timed-steps.ts";
import { variantStep, workflowStep } from "./workflow-steps.ts";

export async function planChanges(
  server: Server,
  documents: readonly Applied[],
  options: ApplyOptions,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const of = <K extends Applied["kind"]>(...kinds: readonly K[]) =>
    documents.filter((document): document is Extract<Applied, { kind: K }> =>
      (kinds as readonly string[]).includes(document.kind),
    );
  for (const kind of resourceKindNames) {
    const described = of(kind) as readonly AppliedDescribed[];
    if (described.length === 0) continue;
    const found = await listResources(server, kind);
    const liveAt = liveCounter(server, kind);
    for (const resource of described) {
      const there = found.get(resource.id) ?? (await getResource(server, kind, resource.id));
      steps.push({
        ...(await describedStep(server, resource, there, options)),
        live: await liveAt(resource.id, there),
      });
    }
  }
  const adapters = of("adapter");
  const scalers = adapters.length === 0 ? undefined : await listResources(server, "scaler", isAdapter);
  for (const adapter of adapters) steps.push(adapterStep(server, adapter, scalers?.get(adapter.id), options));
  // Workflows come before the schedules and triggers that start them.
  const workflows = of("workflow");
  for (const workflow of workflows) steps.push(await workflowStep(server, workflow, options));
  const variants = of("variant");
  for (const variant of variants) {
    const workflow = workflows.find(({ id }) => id === variant.id);
    if (workflow !== undefined)
      throw nothingApplied(
        `\`${variant.id}\` is a workflow in ${workflow.file.fileName} and a variant in ${variant.file.fileName}.`,
      );
    steps.push(await variantStep(server, variant, options));
  }
  const folder = {
    workflows: new Set([...workflows, ...variants].map(({ id }) => id)),
    secrets: new Map(
      (of("secret") as readonly AppliedDescribed[]).map(({ id, resource }) => [
        id,
        // The cast: the shape of a secret was checked when its file was read.
        (resource.spec["users"] ?? []) as readonly object[],
      ]),
    ),
  };
  for (const document of of("schedule", "trigger"))
    steps.push(await timedStep(server, document, folder, options));
  return steps;
}

async function describedStep(
  server: Server,
  { kind, id, file, resource }: AppliedDescribed,
  found: FoundResource | undefined,
  options: ApplyOptions,
): Promise<Step> {
  const paused = resource.setsPaused ? resource.spec["paused"] === true : undefined;
  const pausedThere = kind === "scaler" ? undefined : found?.paused;
  const compared = compare(kind, id, { found: found?.spec, spec: resource.spec, options });
  const { set, labels, differences } = compared;
  const all =
    paused === undefined || pausedThere === undefined || paused === pausedThere
      ? differences
      : [...differences, { path: "paused", before: pausedThere, after: paused }];
  const spec: Spec = { ...withoutOwner(resource.spec), ...(Object.keys(labels).length > 0 && { labels }) };
  const outcome = outcomeOf(found, all);
  const value =
    kind === "secret" && outcome !== "unchanged"
      ? await secretValue({ id, fileName: file.fileName, from: resource.from }, options.shell)
      : undefined;
  const written = { spec, paused: kind === "scaler" ? undefined : paused, value };
  const cause = found?.cause ?? (compared.isDrifted ? await auditCause(server, kind, id) : undefined);
  return {
    kind,
    id,
    fileName: file.fileName,
    differences: found === undefined ? [] : all,
    outcome,
    ...(compared.isDrifted && set !== undefined && { drift: driftOf(cause) }),
    write: () => writeResource(server, kind as ResourceKindName, id, { written, found }),
  };
}

/** Returns the step of an adapter, which the platform stores as the scaler that runs it. */
function adapterStep(
  server: Server,
  { id, file, adapter }: AppliedAdapter,
  found: FoundResource | undefined,
  options: ApplyOptions,
): Step {
  const there = found && adapterIn(adapter.adapter, found.spec);
  const spec = describedAdapter(adapter);
  const compared = compare("adapter", id, { found: there?.spec, spec, options });
  const differences = [
    ...compared.differences.filter(({ path }) => !/^scaler\b/.test(path)),
    ...(there?.scalerDifferences ?? []),
  ];
  const written = {
    spec: scalerOf(adapter.adapter, { ...spec, labels: compared.labels }),
    paused: found?.paused,
  };
  return {
    kind: "adapter",
    id,
    fileName: file.fileName,
    differences,
    outcome: outcomeOf(found, differences),
    ...(compared.isDrifted && { drift: driftOf(found?.cause) }),
    live: found?.live ?? [],
    write: () => writeResource(server, "scaler", id, { written, found }),
  };
}
