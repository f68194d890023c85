/** Lists and counts of runs, out of the index. */

import { Actor } from "@tutti/contracts/types/v1";
import {
  type CountRunsReply,
  type CountRunsRequest,
  type ListRunsReply,
  type ListRunsRequest,
  Run,
  type RunCount,
  RunFilter,
  RunProperty,
  type WatchRunsReply,
  type WatchRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { conditionsOf, spanOf } from "@tutti/host";
import { changesOf, everything, type Named, sizeOf } from "@tutti/host/serving";
import type { IndexEntry, LabelCondition, Search } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { countsIn, indexLabels, showCounts } from "@tutti/machine-run";
import { causeOf, keyOf, type RunDesk } from "./desk.ts";
import { statusWord } from "./status-word.ts";

const pageMax = 1_000;

export async function listRuns(
  desk: RunDesk,
  { filter = RunFilter.create(), oldestFirst, page }: ListRunsRequest,
  context: CallContext,
): Promise<ListRunsReply> {
  const size = sizeOf(page);
  const order = oldestFirst ? "started-ascending" : "started-descending";
  const runs: Run[] = [];
  let cursor = page?.token ?? "";
  let indexedToMs = 0;
  // What the index cannot say is looked at entry by entry, so that a page may need several of the index's.
  for (let pages = 0; pages < pagesMax && runs.length < size; pages++) {
    const search = {
      ...searchOf(filter, context.namespace),
      order,
      limit: size - runs.length,
      cursor,
    } as const;
    const found = await desk.archive.search(search);
    for (const entry of found.entries) if (fits(filter, entry)) runs.push(runOf(entry));
    ({ cursor, indexedToMs } = found);
    if (cursor === "") break;
  }
  await addCounts(desk, runs, context, loadedMax);
  return { runs, page: { nextToken: cursor }, indexedTo: toTimestamp(Math.floor(indexedToMs)) };
}

/** Runs of a page that were put away, and are loaded for their counts: those that a person sees first. */
const loadedMax = 50;

/**
 * The index has the counts of tasks of what has ended: an entry of it for each step of a task would cost more than the step.
 * What is under way says them itself.
 */
async function addCounts(
  desk: RunDesk,
  runs: readonly Run[],
  context: CallContext,
  mostLoaded: number,
): Promise<void> {
  let loaded = 0;
  const asked = runs.map(async (run) => {
    const key = keyOf(context.namespace, run.runId);
    if (run.tasks !== undefined || (!desk.runtime.isAtHand(key) && ++loaded > mostLoaded)) return;
    // It may have moved or gone meanwhile: then a list says less of it.
    const shown = await desk.runtime.ask({ key, query: showCounts, body: undefined }).catch(() => undefined);
    if (shown !== undefined) run.tasks = shown.counts;
  });
  await Promise.all(asked);
}

/** Pages of the index that one page of the reply may take. */
const pagesMax = 20;
/** Lines of the index that are counted. */
const countedMax = 200_000;
const valuesMax = 1_000;

export async function countRuns(
  desk: RunDesk,
  { filter = RunFilter.create(), by, label }: CountRunsRequest,
  context: CallContext,
): Promise<CountRunsReply> {
  const counts = new Map<string, RunCount>();
  let cursor = "";
  let indexedToMs = 0;
  let looked = 0;
  do {
    const search = { ...searchOf(filter, context.namespace), limit: pageMax, cursor };
    const page = await desk.archive.search(search);
    for (const entry of page.entries) {
      if (!fits(filter, entry)) continue;
      const value = propertyOf(entry, by, label);
      const known = counts.get(value);
      if (known !== undefined) known.count++;
      else counts.set(value, { value, count: 1, exampleRunId: entry.key.id });
    }
    looked += page.entries.length;
    ({ cursor, indexedToMs } = page);
  } while (cursor !== "" && looked < countedMax);
  const most = [...counts.values()].sort((one, other) => other.count - one.count).slice(0, valuesMax);
  return { counts: most, indexedTo: toTimestamp(Math.floor(indexedToMs)) };
}

/** All that match, as far as the index knows. */
export async function* matching(
  { archive }: Pick<RunDesk, "archive">,
  filter: RunFilter,
  namespace: string,
): AsyncGenerator<IndexEntry, void> {
  let cursor = "";
  do {
    const page = await archive.search({ ...searchOf(filter, namespace), limit: pageMax, cursor });
    for (const entry of page.entries) if (fits(filter, entry)) yield entry;
    ({ cursor } = page);
  } while (cursor !== "");
}

/** The newest thousand, then what changes among them and what comes. */
export async function* watchRuns(
  desk: RunDesk,
  { filter = RunFilter.create() }: WatchRunsRequest,
  context: CallContext,
): AsyncGenerator<WatchRunsReply, void> {
  let entries = new Map<string, IndexEntry>();
  const named: Named<Run> = {
    async entries() {
      const search = {
        ...searchOf(filter, context.namespace),
        order: "started-descending",
        limit: pageMax,
        cursor: "",
      } as const;
      const found = await desk.archive.search(search);
      entries = new Map(found.entries.map((entry) => [entry.key.id, entry]));
      return new Map(found.entries.map(({ key, events }) => [key.id, events]));
    },
    async find(id) {
      const entry = entries.get(id);
      if (entry === undefined || !fits(filter, entry)) return undefined;
      const run = runOf(entry);
      await addCounts(desk, [run], context, 0);
      return run;
    },
  };
  for await (const { changed, removed, live } of changesOf(named, desk.foundation, context.signal))
    yield { runs: changed, removedIds: removed, live, cursor: "" };
}

function searchOf(filter: RunFilter, namespace: string): Omit<Search, "limit" | "cursor"> {
  const {
    statuses,
    definitions,
    definitionHash,
    labels,
    created,
    ended,
    errorCode,
    parent,
    rootsOnly,
    needsPerson,
  } = filter;
  const conditions: LabelCondition[] = labels === undefined ? [] : conditionsOf(labels);
  const equals = (name: string, value: string) => conditions.push({ kind: "equals", name, values: [value] });
  if (definitionHash !== "") equals(indexLabels.hash, definitionHash);
  if (errorCode !== "" && !errorCode.includes("*")) equals(indexLabels.errorCode, errorCode);
  if (parent !== undefined && parent.id !== "") equals(indexLabels.parent, `${parent.kind}/${parent.id}`);
  if (rootsOnly) conditions.push({ kind: "absent", name: indexLabels.parent });
  if (needsPerson) conditions.push({ kind: "exists", name: indexLabels.person });
  return {
    ...everything,
    ...{ namespace, kinds: ["run"], statuses, labels: conditions },
    definition: definitions.length === 1 ? (definitions[0] ?? "") : "",
    startedMs: spanOf(created),
    endedMs: ended === undefined ? undefined : spanOf(ended),
  };
}

/** Counts and marks: nobody looks for their text. */
const untold: ReadonlySet<string> = new Set([indexLabels.person, indexLabels.questions, indexLabels.tasks]);

/** What the index has no column for. */
function fits(
  { definitions, errorCode, text, runIds }: RunFilter,
  { key, labels, definition }: IndexEntry,
): boolean {
  if (definitions.length > 1 && !definitions.includes(definition)) return false;
  if (runIds.length > 0 && !runIds.includes(key.id)) return false;
  if (errorCode.includes("*") && !patternOf(errorCode).test(labels[indexLabels.errorCode] ?? ""))
    return false;
  const told = Object.entries(labels).flatMap(([name, value]) => (untold.has(name) ? [] : [value]));
  const said = [key.id, ...told].join("\n").toLowerCase();
  return said.includes(text.toLowerCase());
}

function patternOf(errorCode: string): RegExp {
  const literal = errorCode.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`);
}

function propertyOf({ status, definition, labels }: IndexEntry, by: RunProperty, label: string): string {
  switch (by) {
    case RunProperty.RUN_PROPERTY_DEFINITION:
      return definition;
    case RunProperty.RUN_PROPERTY_DEFINITION_HASH:
      return labels[indexLabels.hash] ?? "";
    case RunProperty.RUN_PROPERTY_ERROR_CODE:
      return labels[indexLabels.errorCode] ?? "";
    case RunProperty.RUN_PROPERTY_FAILED_TASK:
      return labels[indexLabels.failedTask] ?? "";
    case RunProperty.RUN_PROPERTY_LABEL:
      return labels[label] ?? "";
    default:
      return statusWord(status);
  }
}

const own: ReadonlySet<string> = new Set(Object.values(indexLabels));

/** A run as far as the index knows it. */
export function runOf(entry: IndexEntry): Run {
  const { key, status, definition, labels, startMs, endMs, events, startedBy } = entry;
  const shown = Object.fromEntries(Object.entries(labels).filter(([name]) => !own.has(name)));
  const code = labels[indexLabels.errorCode];
  const parent = labels[indexLabels.parent];
  const slash = parent?.indexOf("/") ?? -1;
  return Run.fromPartial({
    ...{ namespace: key.namespace, runId: key.id, status, eventCount: events },
    spec: {
      ...(definition !== "" && { what: { $case: "definition", value: { name: definition } } as const }),
      labels: shown,
    },
    definitionHash: labels[indexLabels.hash] ?? "",
    createTime: toTimestamp(startMs),
    ...(endMs > 0 && { endTime: toTimestamp(endMs) }),
    ...(code !== undefined && { outcome: { result: { $case: "failed", value: { code } } } as const }),
    ...(parent !== undefined && {
      parent: { namespace: key.namespace, kind: parent.slice(0, slash), id: parent.slice(slash + 1) },
    }),
    tasks: countsIn(labels[indexLabels.tasks]),
    openApprovals: Number(labels[indexLabels.questions] ?? 0),
    ...(startedBy.length > 0 && { createCause: causeOf(Actor.decode(startedBy)) }),
  });
}
