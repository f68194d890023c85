/** How a list of runs that was fetched in pages is kept as the platform has it, without fetching the pages again. */
import type { ListRunsReply, Run } from "@tutti/rest/types";

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
  asked: readonly string[],
  found: readonly Run[],
  { letIn, oldestFirst }: { letIn: boolean; oldestFirst: boolean },
): Patched {
  const gone = new Set(asked);
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
