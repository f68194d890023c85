/** Compares what files describe with what the platform has. What it would refuse is refused here, before a change. */

import { type Difference, differencesOf } from "@tutti/definitions/differences";
import type { Actor, Cause, Definition, Schedule, Trigger } from "@tutti/rest/types";
import type { ResourceWord } from "@tutti/validation";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Shell } from "../../effects/shell.ts";
import {
  type Applied,
  type AppliedAdapter,
  type AppliedDescribed,
  type AppliedSchedule,
  type AppliedTrigger,
  type AppliedVariant,
  changesOf,
  documentIn,
  plainOf,
  triggerChangesOf,
} from "../../local/check-applied.ts";
import { shortName } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { adapterIn, describedAdapter, isAdapter, scalerOf } from "../adapters/launched.ts";
import { calling, registerVariants, rollOut } from "../variants/variants.ts";
import { nothingApplied } from "./folder.ts";
import { isChangedSince, labelsOf, partOf, setOf, versionLabelOf, withoutOwner } from "./owner.ts";
import {
  type FoundResource,
  getResource,
  keepsUnset,
  type LiveWork,
  listResources,
  liveCounter,
  present,
  resourceWords,
  unlessMissing,
  writeResource,
} from "./resources.ts";
import { readVariants } from "./variants.ts";

type Spec = Readonly<Record<string, unknown>>;

/** A resource that files describe or no longer describe, and what applying them does to it. */
export interface Step {
  readonly kind: Applied["kind"];
  readonly id: string;
  readonly fileName: string;
  readonly outcome: "created" | "updated" | "unchanged" | "deleted";
  readonly differences: readonly Difference[];
  /** It was changed on the platform since it was applied. */
  readonly drift?: Drift | undefined;
  /** Runs that stay on earlier versions of a workflow. */
  readonly liveRuns?: number;
  /** Work that the change affects. Undefined if the caller may not read it. */
  readonly live?: readonly LiveWork[] | undefined;
  /** It is paused on the platform, and the file does not say whether it is. */
  readonly staysPaused?: boolean;
  readonly write: () => Promise<void>;
}

export interface Drift {
  readonly actor?: Actor;
  readonly reason?: string;
  readonly timeMs?: number;
}

export interface Wanted {
  readonly set: string | undefined;
  /** Takes over resources of another set. */
  readonly isForced: boolean;
  readonly shell: Shell;
}

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
  // Workflows before schedules and triggers, which start them.
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

/** The platform keeps an adapter as the scaler that runs it. */
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

function outcomeOf(found: object | undefined, differences: readonly Difference[]): Step["outcome"] {
  if (found === undefined) return "created";
  return differences.length === 0 ? "unchanged" : "updated";
}

/** Compares two descriptions, and says which labels the resource gets. */
function compare(
  kind: string,
  id: string,
  { found, spec, wanted }: { readonly found: Spec | undefined; readonly spec: Spec; readonly wanted: Wanted },
) {
  const setThere = setOf((found as { readonly labels?: Record<string, string> } | undefined)?.labels);
  requireOwn(kind, id, setThere, wanted);
  // Applied without a set, a resource stays in the set that it is in.
  const set = wanted.set ?? setThere;
  const labels = labelsOf(spec, set, keepsUnset(kind));
  if (found === undefined) return { set, labels, differences: [], isDrifted: false };
  const isDrifted = isChangedSince(found) ?? false;
  const described = withoutOwner(spec);
  const there = withoutOwner(found);
  const own = differencesOf(keepsUnset(kind) ? partOf(there, described) : there, described);
  const ownership = [
    ...(set === setThere ? [] : [{ path: "set", before: setThere, after: set }]),
    // The platform has what the file has, and the mark of the last apply is older.
    ...(set === setThere && own.length === 0 && isDrifted
      ? [{ path: "set", before: "changed", after: set }]
      : []),
  ];
  return { set, labels, differences: [...own, ...ownership], isDrifted };
}

function requireOwn(kind: string, id: string, there: string | undefined, { set, isForced }: Wanted): void {
  if (set === undefined || there === undefined || set === there || isForced) return;
  throw nothingApplied(`The ${kind} \`${id}\` belongs to the set \`${there}\`, not to \`${set}\`.`, {
    next: ["Delete it from the files of one set, or take it over with --force."],
  });
}

function definitionThere(server: Server, name: string): Promise<Definition | undefined> {
  const query = { ...server.namespace, withoutLiveCount: true, withSource: true };
  return unlessMissing(server.call("workflows.get", { params: { name }, query }));
}

function documentThere({ source }: Definition, fileName: string) {
  if (source?.text === undefined) return undefined;
  return documentIn({ format: source.format === "json" ? "json" : "yaml", text: source.text, fileName });
}

async function workflowStep(
  server: Server,
  applied: Extract<Applied, { kind: "workflow" }>,
  wanted: Wanted,
): Promise<Step> {
  const { id, file } = applied;
  const { format, text, fileName } = file;
  const params = { name: id };
  const found = await definitionThere(server, id);
  const sets = (found?.versionLabels ?? []).filter((label) => label.startsWith(versionLabelOf("")));
  const [setThere] = sets.map((label) => label.slice(versionLabelOf("").length));
  requireOwn("workflow", id, setThere, wanted);
  const label = wanted.set === undefined ? undefined : versionLabelOf(wanted.set);
  const base = { kind: "workflow", id, fileName } as const;
  const register = async (): Promise<void> => {
    if (found?.archived === true) await restore();
    await server.call("workflows.register", {
      query: server.namespace,
      body: {
        format,
        text,
        fileName: shortName(file),
        ...(label !== undefined && { versionLabels: [label] }),
      },
    });
  };
  const restore = () =>
    server.call("workflows.archive", { params, query: server.namespace, body: { restore: true } });
  if (found === undefined) return { ...base, outcome: "created", differences: [], write: register };
  const isSame = found.hash === applied.hash || found.hash === (await hashThere(server, applied));
  const isMarked = label === undefined || found.versionLabels.includes(label);
  const marks = [
    ...(found.archived === true ? [{ path: "archived", before: true, after: false }] : []),
    ...(isMarked ? [] : [{ path: "set", before: setThere, after: wanted.set }]),
  ];
  const drift = label === undefined || isMarked ? undefined : await workflowDrift(server, found, label);
  if (isSame)
    return {
      ...base,
      differences: marks,
      drift,
      outcome: outcomeOf(found, marks),
      live: [],
      write: async () => {
        if (found.archived === true) await restore();
        if (label !== undefined && !isMarked)
          await server.call("workflows.label", {
            params: { name: id, label },
            query: server.namespace,
            body: { hash: found.hash ?? "" },
          });
      },
    };
  const differences = [...differencesOf(documentThere(found, id) ?? {}, documentIn(file) ?? {}), ...marks];
  const runs = await liveRuns(server, id);
  return {
    ...base,
    drift,
    outcome: "updated",
    write: register,
    // A version of the same content under another hash: the defaults of the platform changed.
    differences:
      differences.length > 0 ? differences : [{ path: "hash", before: found.hash, after: applied.hash }],
    liveRuns: runs,
    live: activeRuns(runs),
  };
}

/**
 * Two variants are two versions of a workflow. A set marks the version of the new variant. If a file has no percentage, that
 * of the platform stays.
 */
async function variantStep(
  server: Server,
  { id, file, variant }: AppliedVariant,
  wanted: Wanted,
): Promise<Step> {
  const params = { name: id };
  const latest = await unlessMissing(
    server.call("workflows.get", { params, query: { ...server.namespace, withoutLiveCount: true } }),
  );
  const found = await readVariants(server, id);
  if (latest !== undefined && found === undefined && !wanted.isForced)
    throw nothingApplied(`The workflow \`${id}\` exists and has no variants.`, {
      next: ["Choose another name, or give it variants with --force."],
    });
  const prefix = versionLabelOf("");
  const marked = found?.versions.find(({ versionLabels }) =>
    versionLabels.some((one) => one.startsWith(prefix)),
  );
  const setThere = marked?.versionLabels.find((one) => one.startsWith(prefix))?.slice(prefix.length);
  requireOwn("variant", id, setThere, wanted);
  const set = wanted.set ?? setThere;
  const label = set === undefined ? undefined : versionLabelOf(set);
  const percent = variant.percent ?? found?.percent ?? 0;
  const { old, new: young, compare: compares } = variant;
  const described = { old, new: young, compare: compares };
  const content = found === undefined ? [] : differencesOf(found.spec ?? {}, described);
  const isMarked = set === setThere && (set === undefined || marked?.hash === found?.current.hash);
  const differences: Difference[] = [
    ...content,
    ...(found === undefined || found.percent === percent
      ? []
      : [{ path: "percent", before: found.percent, after: percent }]),
    ...(latest?.archived === true ? [{ path: "archived", before: true, after: false }] : []),
    ...(found === undefined || isMarked ? [] : [{ path: "set", before: setThere, after: set }]),
  ];
  const isDrifted = marked !== undefined && found !== undefined && marked.hash !== found.current.hash;
  // A percentage decides about later runs only.
  const runs = content.length > 0 ? await liveRuns(server, id) : undefined;
  return {
    kind: "variant",
    id,
    fileName: file.fileName,
    differences,
    outcome: outcomeOf(found, differences),
    ...(isDrifted && { drift: driftOf(found.current.createCause) }),
    ...(runs !== undefined && { liveRuns: runs }),
    live: activeRuns(runs),
    write: async () => {
      if (latest?.archived === true)
        await server.call("workflows.archive", { params, query: server.namespace, body: { restore: true } });
      const isWritten = found === undefined || content.length > 0 || !isMarked;
      const both = { old: calling(old), new: calling(young) };
      if (isWritten) await registerVariants(server, id, both, { percent, compares, label });
      else await rollOut(server, id, "new", percent);
    },
  };
}

/** Who registered the version after the one that the set applied. */
async function workflowDrift(server: Server, found: Definition, label: string): Promise<Drift | undefined> {
  const { name, createCause, createTimeMs } = found;
  const applied = await unlessMissing(
    server.call("workflows.get", {
      params: { name },
      query: { ...server.namespace, label, withoutLiveCount: true },
    }),
  );
  if (applied === undefined) return undefined;
  return { ...driftOf(createCause), ...(createTimeMs !== undefined && { timeMs: createTimeMs }) };
}

export async function liveRuns(server: Server, name: string): Promise<number> {
  const versions = await readAll(
    (page) =>
      server.call("workflows.versions", {
        params: { name },
        query: { ...server.namespace, liveOnly: true, ...page },
      }),
    (reply) => reply.versions,
  );
  return versions.reduce((sum, { liveCount = 0 }) => sum + liveCount, 0);
}

/** The platform's retry defaults are part of a version, so its hash may be another than here. */
async function hashThere(server: Server, { file }: Applied): Promise<string | undefined> {
  const { format, text, fileName } = file;
  const { definition } = await server.call("workflows.check", {
    query: server.namespace,
    body: { format, text, fileName },
  });
  return definition?.hash;
}

async function timedStep(
  server: Server,
  applied: AppliedSchedule | AppliedTrigger,
  ids: ReadonlySet<string>,
  wanted: Wanted,
): Promise<Step> {
  const { id, file, kind, setsPaused } = applied;
  await requireStartable(server, applied, ids);
  const route = kind === "schedule" ? "schedules.get" : "triggers.get";
  const found: Schedule | Trigger | undefined = await unlessMissing(
    server.call(route, { params: { id }, query: server.namespace }),
  );
  const spec = plainOf(kind, applied.body);
  const compared = compare(kind, id, { found: found && plainOf(kind, found), spec, wanted });
  const { set, labels } = compared;
  const [before, after] = [found?.paused ?? false, applied.body.paused ?? false];
  const differences =
    found !== undefined && setsPaused && before !== after
      ? [...compared.differences, { path: "paused", before, after }]
      : compared.differences;
  const drift =
    compared.isDrifted && set !== undefined ? driftOf(await auditCause(server, kind, id)) : undefined;
  return {
    kind,
    id,
    fileName: file.fileName,
    outcome: outcomeOf(found, differences),
    differences,
    drift,
    ...(before && !setsPaused && { staysPaused: true }),
    live: found === undefined ? [] : liveOf(found),
    write: () =>
      applied.kind === "schedule"
        ? putSchedule(server, { ...applied, body: { ...applied.body, labels } }, found)
        : putTrigger(server, { ...applied, body: { ...applied.body, labels } }, found),
  };
}

export function activeRuns(count: number | undefined): readonly LiveWork[] {
  return present([["active runs", count]]);
}

export function liveOf(found: Schedule | Trigger): readonly LiveWork[] {
  if ("scheduleId" in found) return activeRuns((found as Schedule).liveRunIds?.length);
  return present([["waiting events", (found as Trigger).counts?.waiting]]);
}

async function requireStartable(
  server: Server,
  applied: AppliedSchedule | AppliedTrigger,
  ids: ReadonlySet<string>,
): Promise<void> {
  const { id, file, workflow, kind } = applied;
  const { name, ...version } = workflow;
  try {
    if (applied.kind === "schedule") {
      const { timing } = applied.body;
      await server.call("schedules.preview", { query: server.namespace, body: { timing, count: 1 } });
    }
    if (!ids.has(name))
      await server.call("workflows.get", { params: { name }, query: { ...server.namespace, ...version } });
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCodes.refused) throw error;
    throw new Failure(`${file.fileName}: ${kind} \`${id}\`: ${error.message}`, {
      why: [...error.why, "Nothing was changed."],
      next: error.next,
      exitCode: error.exitCode,
      code: error.code,
      cause: error,
    });
  }
}

function driftOf(cause: (Cause & { readonly timeMs?: number }) | undefined): Drift {
  const { actor, reason = "", timeMs } = cause ?? {};
  return {
    ...(actor !== undefined && { actor }),
    ...(reason !== "" && { reason }),
    ...(timeMs !== undefined && { timeMs }),
  };
}

/** Who changed a resource last, as the audit log has it. Undefined where the caller cannot read it. */
async function auditCause(
  server: Server,
  kind: string,
  id: string,
): Promise<(Cause & { readonly timeMs?: number }) | undefined> {
  const query = { ...server.namespace, workKind: kind, workId: id, size: 1 };
  const reply = await server.call("audit.search", { query }).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const [record] = reply?.records ?? [];
  if (record?.cause === undefined) return undefined;
  return { ...record.cause, ...(record.timeMs !== undefined && { timeMs: record.timeMs }) };
}

async function putSchedule(
  server: Server,
  { body, id, setsPaused }: AppliedSchedule,
  found: Schedule | Trigger | undefined,
): Promise<void> {
  const query = server.namespace;
  if (found === undefined) {
    await server.call("schedules.create", { query, body });
    return;
  }
  const { revision } = found;
  await server.call("schedules.update", {
    params: { id },
    query,
    body: { ...changesOf(body), ...(revision === undefined ? {} : { revision }) },
  });
  const paused = body.paused ?? false;
  if (setsPaused && paused !== (found.paused ?? false))
    await server.call(paused ? "schedules.pause" : "schedules.resume", { params: { id }, query, body: {} });
}

async function putTrigger(
  server: Server,
  { body, id, setsPaused }: AppliedTrigger,
  found: Schedule | Trigger | undefined,
): Promise<void> {
  const query = server.namespace;
  if (found === undefined) {
    await server.call("triggers.create", { query, body });
    return;
  }
  const { revision } = found;
  await server.call("triggers.update", {
    params: { id },
    query,
    body: { ...triggerChangesOf(body), ...(revision === undefined ? {} : { revision }) },
  });
  const paused = body.paused ?? false;
  if (setsPaused && paused !== (found.paused ?? false))
    await server.call(paused ? "triggers.pause" : "triggers.resume", { params: { id }, query, body: {} });
}
