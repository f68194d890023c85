import type { InfiniteData } from "@tanstack/react-query";
import type { ListRunsReply, Run } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { type Filter, read } from "./queries.ts";
import { queryClient } from "./query-client.ts";

/**
 * Lists of runs that are shown are patched: only runs that events were about are asked for, with the filter of the list.
 */

const pageSizeMax = 200;
const pagesKept = 3;

type Pages = InfiniteData<ListRunsReply, string>;

/** Whether what is new comes in at the top, or is only counted because the user reads further down. */
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

/** Looks at runs that changed, and puts them where they belong in the lists that are shown. */
export async function refreshRunLists(runIds: readonly string[]): Promise<void> {
  // In a storm only the latest are looked at. The list is whole again as soon as it is asked again.
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
  /** How many match that are not in the list, because it was asked to let nothing new in. */
  readonly left: number;
}

/**
 * Puts runs in that have changed. `asked` are the ids that were looked at with the list's filter, `found` those of them
 * that match it: a run that was asked for and not found no longer matches, and goes.
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
  // What is new stands before the first page. A list with the oldest first meets it when it gets there.
  if (first === undefined || oldestFirst || fresh.size === 0) return { pages: kept, left: 0 };
  const known = first.runs[0]?.createTimeMs ?? 0;
  const newer = [...fresh.values()].filter(({ createTimeMs = 0 }) => createTimeMs >= known).sort(newestFirst);
  if (!letIn) return { pages: kept, left: newer.length };
  return { pages: [{ ...first, runs: [...newer, ...first.runs] }, ...rest], left: 0 };
}

const newestFirst = (one: Run, other: Run): number => (other.createTimeMs ?? 0) - (one.createTimeMs ?? 0);
