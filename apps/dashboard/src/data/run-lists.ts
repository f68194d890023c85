import type { InfiniteData } from "@tanstack/react-query";
import type { ListRunsReply } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { patched } from "./patched.ts";
import { type Filter, read } from "./queries.ts";
import { queryClient } from "./query-client.ts";

/**
 * Lists of runs that are shown are patched: only runs that events were about are asked for, with the filter of the list.
 */

const askedMost = 200;
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
  const asked = runIds.slice(-askedMost);
  for (const { queryKey, filter } of shownLists()) {
    const path = pathOf(["runs"], { ...filter, runId: asked, size: askedMost });
    const found = await read<ListRunsReply>(path, new AbortController().signal).catch(() => undefined);
    if (found === undefined) continue;
    let left = 0;
    queryClient.setQueryData<Pages>(queryKey, (old) => {
      if (old === undefined) return old;
      const options = { letIn, oldestFirst: filter["oldestFirst"] === true };
      const next = patched(old.pages, asked, found.runs, options);
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
