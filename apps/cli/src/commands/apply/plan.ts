/** Compares the files with the platform. Reports errors that the platform would report, before the first change. */

import type { ResourceWord } from "@tutti/validation";
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
  resourceWords,
  writeResource,
} from "./resources.ts";
import { auditCause, compare, driftOf, outcomeOf, type Spec, type Step, type Wanted } from "./step.ts";
import { timedStep } from "./timed-steps.ts";
import { variantStep, workflowStep } from "./workflow-steps.ts";

export async function planChanges(
  server: Server,
  documents: readonly Applied[],
  wanted: Wanted,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const of = <K extends Applied["kind"]>(...kinds: readonly K[]) =>
    documents.filter((one): one is Extract<Applied, { kind: K }> =>
      (kinds as readonly string[]).includes(one.kind),
    );
  for (const word of resourceWords) {
    const described = of(word) as readonly AppliedDescribed[];
    if (described.length === 0) continue;
    const found = await listResources(server, word);
    const liveAt = liveCounter(server, word);
    for (const one of described) {
      const there = found.get(one.id) ?? (await getResource(server, word, one.id));
      steps.push({ ...(await describedStep(server, one, there, wanted)), live: await liveAt(one.id, there) });
    }
  }
  const adapters = of("adapter");
  const scalers = adapters.length === 0 ? undefined : await listResources(server, "scaler", isAdapter);
  for (const one of adapters) steps.push(adapterStep(server, one, scalers?.get(one.id), wanted));
  // Workflows come before the schedules and triggers that start them.
  const workflows = of("workflow");
  for (const one of workflows) steps.push(await workflowStep(server, one, wanted));
  const variants = of("variant");
  for (const one of variants) {
    const workflow = workflows.find(({ id }) => id === one.id);
    if (workflow !== undefined)
      throw nothingApplied(
        `\`${one.id}\` is a workflow in ${workflow.file.fileName} and a variant in ${one.file.fileName}.`,
      );
    steps.push(await variantStep(server, one, wanted));
  }
  const ids = new Set([...workflows, ...variants].map(({ id }) => id));
  for (const one of of("schedule", "trigger")) steps.push(await timedStep(server, one, ids, wanted));
  return steps;
}

async function describedStep(
  server: Server,
  { kind, id, file, resource }: AppliedDescribed,
  found: FoundResource | undefined,
  wanted: Wanted,
): Promise<Step> {
  const paused = resource.setsPaused ? resource.spec["paused"] === true : undefined;
  const pausedThere = kind === "scaler" ? undefined : found?.paused;
  const compared = compare(kind, id, { found: found?.spec, spec: resource.spec, wanted });
  const { set, labels, differences } = compared;
  const all =
    paused === undefined || pausedThere === undefined || paused === pausedThere
      ? differences
      : [...differences, { path: "paused", before: pausedThere, after: paused }];
  const spec: Spec = { ...withoutOwner(resource.spec), ...(Object.keys(labels).length > 0 && { labels }) };
  const written = { spec, paused: kind === "scaler" ? undefined : paused, from: resource.from };
  const cause = found?.cause ?? (compared.isDrifted ? await auditCause(server, kind, id) : undefined);
  return {
    kind,
    id,
    fileName: file.fileName,
    differences: found === undefined ? [] : all,
    outcome: outcomeOf(found, all),
    ...(compared.isDrifted && set !== undefined && { drift: driftOf(cause) }),
    write: () => writeResource(server, kind as ResourceWord, id, { written, found, shell: wanted.shell }),
  };
}

/** Returns the step of an adapter, which the platform stores as the scaler that runs it. */
function adapterStep(
  server: Server,
  { id, file, adapter }: AppliedAdapter,
  found: FoundResource | undefined,
  wanted: Wanted,
): Step {
  const there = found && adapterIn(adapter.adapter, found.spec);
  const spec = describedAdapter(adapter);
  const compared = compare("adapter", id, { found: there?.spec, spec, wanted });
  const differences = [
    ...compared.differences.filter(({ path }) => !/^scaler\b/.test(path)),
    ...(there?.scalerDifferences ?? []),
  ];
  const written = {
    spec: scalerOf(adapter.adapter, { ...spec, labels: compared.labels }),
    paused: found?.paused,
    from: undefined,
  };
  return {
    kind: "adapter",
    id,
    fileName: file.fileName,
    differences,
    outcome: outcomeOf(found, differences),
    ...(compared.isDrifted && { drift: driftOf(found?.cause) }),
    live: found?.live ?? [],
    write: () => writeResource(server, "scaler", id, { written, found, shell: wanted.shell }),
  };
}
