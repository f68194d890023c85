import type { InfiniteData } from "@tanstack/react-query";
import type { ListRunsReply, Run } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { type Filter, read } from "./queries.ts";
import { queryClient } from "./query-client.ts";

/** Patches the run lists that are shown: only runs with events are read again, with the filter of the list. */

const pageSizeMax = 200;
const retainedPages = 3;

type Pages = InfiniteData<ListRunsReply, string>;

/** True if new runs appear at the top. False if they are only counted, because the user reads further down. */
let acceptsNew = true;
let omittedCount = 0;
const listeners = new Set<() => void>();

export function setAcceptsNew(value: boolean): void {
  acceptsNew = value;
}

export function omittedRuns(): number {
  return omittedCount;
}

export function subscribeOmitted(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setOmitted(value: number): void {
  if (value === omittedCount) return;
  omittedCount = value;
  for (const listen of listeners) listen();
}

function activeLists() {
  return queryClient
    .getQueryCache()
    .findAll({ queryKey: ["run-list"], type: "active" })
    .map((query) => ({ queryKey: query.queryKey, filter: (query.queryKey[1] ?? {}) as Filter }));
}

/** Reads runs that changed, and moves them to their place in the lists that are shown. */
export async function refreshRunLists(runIds: readonly string[]): Promise<void> {
  // If there are many changes, only the latest are read. The next refetch completes the list.
  const requested = runIds.slice(-pageSizeMax);
  for (const { queryKey, filter } of activeLists()) {
    const path = pathOf(["runs"], { ...filter, runId: requested, size: pageSizeMax });
    const found = await read<ListRunsReply>(path, new AbortController().signal).catch(() => undefined);
    if (found === undefined) continue;
    let omitted = 0;
    queryClient.setQueryData<Pages>(queryKey, (old) => {
      if (old === undefined) return old;
      const options = { acceptsNew: acceptsNew, oldestFirst: filter["oldestFirst"] === true };
      const next = patched(old.pages, requested, found.runs, options);
      omitted = next.omitted;
      return { ...old, pages: [...next.pages] };
    });
    setOmitted(acceptsNew ? 0 : omittedCount + omitted);
  }
}

/** Fetches the lists that are shown from their beginning. */
export async function reloadRunLists(): Promise<void> {
  trimRunLists();
  await queryClient.invalidateQueries({ queryKey: ["run-list"] });
}

/** Forgets all but the first pages, so that asking again costs a few questions and not hundreds. */
export function trimRunLists(): void {
  setOmitted(0);
  for (const { queryKey } of activeLists()) {
    queryClient.setQueryData<Pages>(queryKey, (old) =>
      old === undefined
        ? old
        : { pages: old.pages.slice(0, retainedPages), pageParams: old.pageParams.slice(0, retainedPages) },
    );
  }
}

/** How a list of runs that was fetched in pages is kept as the platform has it, without fetching the pages again. */
export interface Patched {
  readonly pages: readonly ListRunsReply[];
  /** Number of matching runs that are not in the list, because it accepts no new ones. */
  readonly omitted: number;
}

/**
 * Inserts runs that have changed. `asked` are the ids that were read with the list's filter, `found` those that match
 * it: a run in `asked` alone no longer matches, and is removed.
 */
export function patched(
  pages: readonly ListRunsReply[],
  requested: readonly string[],
  found: readonly Run[],
  { acceptsNew, oldestFirst }: { acceptsNew: boolean; oldestFirst: boolean },
): Patched {
  const removed = new Set(requested);
  const fresh = new Map(found.map((run) => [run.runId, run]));
  for (const id of fresh.keys()) removed.delete(id);
  const remaining = pages.map((page) => ({
    ...page,
    runs: page.runs.flatMap((run) => {
      if (removed.has(run.runId)) return [];
      const changed = fresh.get(run.runId);
      fresh.delete(run.runId);
      return [changed ?? run];
    }),
  }));
  const [first, ...rest] = remaining;
  // New runs belong before the first page. A list with the oldest first reads them at its end.
  if (first === undefined || oldestFirst || fresh.size === 0) return { pages: remaining, omitted: 0 };
  const known = first.runs[0]?.createTimeMs ?? 0;
  const newer = [...fresh.values()].filter(({ createTimeMs = 0 }) => createTimeMs >= known).sort(newestFirst);
  if (!acceptsNew) return { pages: remaining, omitted: newer.length };
  return { pages: [{ ...first, runs: [...newer, ...first.runs] }, ...rest], omitted: 0 };
}

const newestFirst = (one: Run, other: Run): number => (other.createTimeMs ?? 0) - (one.createTimeMs ?? 0);
