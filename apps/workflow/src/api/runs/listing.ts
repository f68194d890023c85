/** Lists and counts runs by the index. */

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
import { type Lines, labelsOf, listLines, matchingPages, parentIn, watchLines } from "@tutti/host/serving";
import type { IndexEntry, LabelCondition } from "@tutti/journal";
import { type CallContext, matchesWildcard, toTimestamp } from "@tutti/kernel";
import { countsIn, indexLabels, showCounts } from "@tutti/machine-run";
import { causeOf, keyOf, type RunDependencies } from "./dependencies.ts";
import { statusName } from "./status-word.ts";

const lines: Lines<RunFilter, Run> = {
  kind: "run",
  labels: indexLabels,
  untold: new Set([indexLabels.person, indexLabels.questions, indexLabels.answered, indexLabels.tasks]),
  idsIn: ({ runIds }) => runIds,
  conditions({ definitionHash, errorCode }) {
    const conditions: LabelCondition[] = [];
    const equals = (name: string, value: string) =>
      conditions.push({ kind: "equals", name, values: [value] });
    if (definitionHash !== "") equals(indexLabels.hash, definitionHash);
    if (errorCode !== "" && !errorCode.includes("*")) equals(indexLabels.errorCode, errorCode);
    return conditions;
  },
  matches: ({ errorCode }, { labels }) =>
    !errorCode.includes("*") || matchesWildcard(errorCode, labels[indexLabels.errorCode] ?? ""),
  itemOf: runOf,
};

export async function listRuns(
  dependencies: RunDependencies,
  { filter = RunFilter.create(), oldestFirst, page }: ListRunsRequest,
  context: CallContext,
): Promise<ListRunsReply> {
  const query = { filter, oldestFirst, page };
  const { items: runs, nextToken, indexedTo } = await listLines(dependencies, lines, query, context);
  await addCounts(dependencies, runs, context, loadedMax);
  return { runs, page: { nextToken }, indexedTo };
}

/** Maximum of passivated runs of a page that are loaded for their counts: the first ones. */
const loadedMax = 50;

/**
 * Adds counts of tasks. The index has those of ended runs: an index entry for each step of a task would cost
 * more than the step. Active runs report them.
 */
async function addCounts(
  dependencies: RunDependencies,
  runs: readonly Run[],
  context: CallContext,
  mostLoaded: number,
): Promise<void> {
  let loaded = 0;
  const reads = runs.map(async (run) => {
    const key = keyOf(context.namespace, run.runId);
    if (run.tasks !== undefined || (!dependencies.runtime.isInMemory(key) && ++loaded > mostLoaded)) return;
    // It may have moved or been removed meanwhile: then the list lacks its counts.
    const reply = await dependencies.runtime
      .query({ key, query: showCounts, body: undefined })
      .catch(() => undefined);
    if (reply !== undefined) run.tasks = reply.counts;
  });
  await Promise.all(reads);
}

/** Maximum of index lines that are counted. */
const countedMax = 200_000;
const valuesMax = 1_000;

export async function countRuns(
  dependencies: RunDependencies,
  { filter = RunFilter.create(), by, label }: CountRunsRequest,
  context: CallContext,
): Promise<CountRunsReply> {
  const counts = new Map<string, RunCount>();
  let indexedToMs = Number.POSITIVE_INFINITY;
  let checked = 0;
  for await (const page of matchingPages(dependencies, lines, filter, context.namespace)) {
    for (const entry of page.entries) {
      const value = propertyOf(entry, by, label);
      const known = counts.get(value);
      if (known !== undefined) known.count++;
      else counts.set(value, { value, count: 1, exampleRunId: entry.key.id });
    }
    checked += page.scanned;
    indexedToMs = Math.min(indexedToMs, page.indexedToMs);
    if (checked >= countedMax) break;
  }
  const most = [...counts.values()].sort((one, other) => other.count - one.count).slice(0, valuesMax);
  return { counts: most, indexedTo: toTimestamp(Math.floor(indexedToMs)) };
}

/** Yields all matching runs, as far as the index knows. */
export async function* matching(
  dependencies: Pick<RunDependencies, "archive">,
  filter: RunFilter,
  namespace: string,
): AsyncGenerator<IndexEntry, void> {
  for await (const { entries } of matchingPages(dependencies, lines, filter, namespace)) yield* entries;
}

export async function* watchRuns(
  dependencies: RunDependencies,
  { filter = RunFilter.create(), cursor }: WatchRunsRequest,
  context: CallContext,
): AsyncGenerator<WatchRunsReply, void> {
  const watched = { filter, about: RunFilter.encode(filter).finish(), cursor };
  const withCounts = async (run: Run): Promise<Run> => {
    await addCounts(dependencies, [run], context, 0);
    return run;
  };
  for await (const { changed, removed, ...place } of watchLines(
    dependencies,
    lines,
    watched,
    context,
    withCounts,
  ))
    yield { runs: changed, removedIds: removed, ...place };
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
      return statusName(status);
  }
}

const own: ReadonlySet<string> = new Set(Object.values(indexLabels));

/** Returns a run as the index knows it. */
export function runOf(entry: IndexEntry): Run {
  const { key, status, definition, labels, startMs, endMs, events, startedBy } = entry;
  const code = labels[indexLabels.errorCode];
  return Run.fromPartial({
    namespace: key.namespace,
    runId: key.id,
    status,
    eventCount: events,
    spec: {
      ...(definition !== "" && { what: { $case: "definition", value: { name: definition } } as const }),
      labels: labelsOf(labels, own),
    },
    definitionHash: labels[indexLabels.hash] ?? "",
    createTime: toTimestamp(startMs),
    ...(endMs > 0 && { endTime: toTimestamp(endMs) }),
    ...(code !== undefined && { outcome: { result: { $case: "failed", value: { code } } } as const }),
    parent: parentIn(labels[indexLabels.parent], key.namespace),
    tasks: countsIn(labels[indexLabels.tasks]),
    openApprovals: Number(labels[indexLabels.questions] ?? 0),
    ...(startedBy.length > 0 && { createCause: causeOf(Actor.decode(startedBy)) }),
  });
}
