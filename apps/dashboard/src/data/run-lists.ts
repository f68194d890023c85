import type { InfiniteData } from "@tanstack/react-query";
import type { ListRunsReply, Run } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { type Filter, read } from "./queries.ts";
import { queryClient } from "./query-client.ts";

/** Patches the run lists that are shown: only runs with events are read again, with the filter of the list. */

const pageSizeMax = 200;
const pagesKept = 3;

type Pages = InfiniteData<ListRunsReply, string>;

/** True if new runs appear at the top. False if they are only counted, because the user reads further down. */
let letIn = true;
let leftCount = 0;
const listeners = new Set<() => void>();

export function setLetIn(value: boolean): void {
  letIn = value;
}

export function leftOut(): number {
  return leftCount;
}

export function subscribeLeftOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setLeft(value: number): void {
  if (value === leftCount) return;
  leftCount = value;
  for (const listen of listeners) listen();
}

function shownLists() {
  return queryClient
    .getQueryCache()
    .findAll({ queryKey: ["run-list"], type: "active" })
    .map((query) => ({ queryKey: query.queryKey, filter: (query.queryKey[1] ?? {}) as Filter }));
}

/** Reads runs that changed, and moves them to their place in the lists that are shown. */
export async function refreshRunLists(runIds: readonly string[]): Promise<void> {
  // Of many changes only the latest are read. The next refetch completes the list.
  const requested = runIds.slice(-pageSizeMax);
  for (const { queryKey, filter } of shownLists()) {
    const path = pathOf(["runs"], { ...filter, runId: requested, size: pageSizeMax });
    const found = await read<ListRunsReply>(path, new AbortController().signal).catch(() => undefined);
    if (found === undefined) continue;
    let left = 0;
    queryClient.setQueryData<Pages>(queryKey, (old) => {
      if (old === undefined) return old;
      const options = { letIn, oldestFirst: filter["oldestFirst"] === true };
      const next = patched(old.pages, requested, found.runs, options);
      left = next.left;
      return { ...old, pages: [...next.pages] };
    });
    setLeft(letIn ? 0 : leftCount + left);
  }
}

/** Fetches the lists that are shown from their beginning. */
export async function reloadRunLists(): Promise<void> {
  trimRunLists();
  await queryClient.invalidateQueries({ queryKey: ["run-list"] });
}

/** Forgets all but the first pages, so that asking again costs a few questions and not hundreds. */
export function trimRunLists(): void {
  setLeft(0);
  for (const { queryKey } of shownLists()) {
    queryClient.setQueryData<Pages>(queryKey, (old) =>
      old === undefined
        ? old
        : { pages: old.pages.slice(0, pagesKept), pageParams: old.pageParams.slice(0, pagesKept) },
    );
  }
}

/** How a list of runs that was fetched in pages is kept as the platform has it, without fetching the pages again. */
export interface Patched {
  readonly pages: readonly ListRunsReply[];
  /** Number of matching runs that are not in the list, because it accepts no new ones. */
  readonly left: number;
}

/**
 * Inserts runs that have changed. `asked` are the ids that were read with the list's filter, `found` those that match
 * it: a run in `asked` alone no longer matches, and is removed.
 */
export function patched(
  pages: readonly ListRunsReply[],
  requested: readonly string[],
  found: readonly Run[],
  { letIn, oldestFirst }: { letIn: boolean; oldestFirst: boolean },
): Patched {
  const gone = new Set(requested);
  const fresh = new Map(found.map((run) => [run.runId, run]));
  for (const id of fresh.keys()) gone.delete(id);
  const kept = pages.map((page) => ({
    ...page,
    runs: page.runs.flatMap((run) => {
      if (gone.has(run.runId)) return [];
      const changed = fresh.get(run.runId);
      fresh.delete(run.runId);
      return [changed ?? run];
    }),
  }));
  const [first, ...rest] = kept;
  // New runs belong before the first page. A list with the oldest first reads them at its end.
  if (first === undefined || oldestFirst || fresh.size === 0) return { pages: kept, left: 0 };
  const known = first.runs[0]?.createTimeMs ?? 0;
  const newer = [...fresh.values()].filter(({ createTimeMs = 0 }) => createTimeMs >= known).sort(newestFirst);
  if (!letIn) return { pages: kept, left: newer.length };
  return { pages: [{ ...first, runs: [...newer, ...first.runs] }, ...rest], left: 0 };
}

const newestFirst = (one: Run, other: Run): number => (other.createTimeMs ?? 0) - (one.createTimeMs ?? 0);
