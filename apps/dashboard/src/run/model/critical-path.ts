/**
 * The path that took longest so far: which task waited for which, from the last end backwards. Parts come after the
 * task that contains them.
 */
import type { TaskFacts } from "./facts.ts";
import type { NeedPlace } from "./needs.ts";

export function criticalPath(
  tasks: readonly TaskFacts[],
  needs: readonly (readonly NeedPlace[])[],
  nowMs: number,
): ReadonlySet<string> {
  const parts = new Map<string, number[]>();
  const ends = tasks.map((task) => endOf(task, nowMs));
  for (const [place, { parentId }] of tasks.entries()) {
    if (ends[place] === undefined) continue;
    const siblings = parts.get(parentId);
    if (siblings === undefined) parts.set(parentId, [place]);
    else siblings.push(place);
  }
  const found = new Set<string>();
  const owners = [""];
  for (let owner = owners.pop(); owner !== undefined; owner = owners.pop()) {
    const done = (parts.get(owner) ?? []).filter((place) => tasks[place]?.state !== "skipped");
    let last = latest(done, ends);
    while (last !== undefined) {
      const id = tasks[last]?.id ?? "";
      if (found.has(id)) break;
      found.add(id);
      if (parts.has(id)) owners.push(id);
      last = latest(
        (needs[last] ?? []).map(({ place }) => place),
        ends,
      );
    }
  }
  return found;
}

/** If several tasks ended at the same time, the last one counts: it waited for the others. */
function latest(places: readonly number[], ends: readonly (number | undefined)[]): number | undefined {
  let found: number | undefined;
  for (const place of places) {
    const end = ends[place];
    if (end !== undefined && (found === undefined || end >= (ends[found] ?? 0))) found = place;
  }
  return found;
}

/** Undefined for a task that has not started. The path does not end with a skipped task, but may lead through one. */
function endOf({ readyMs, endMs }: TaskFacts, nowMs: number): number | undefined {
  if (endMs > 0) return endMs;
  return readyMs > 0 ? nowMs : undefined;
}
