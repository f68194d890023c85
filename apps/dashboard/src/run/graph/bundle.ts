/**
 * Bundles of tasks, so that a run of ten thousand tasks stays readable.
 *
 * 1. Tasks with the same needs, the same dependants and the same work are one bundle, from a dozen on.
 * 2. If too many nodes are left, tasks of one level with the same work are one. If that is not enough, consecutive
 *    levels are. Edges between bundles never lead back: levels grow along every need.
 */
import { counted } from "../../elements/moments.ts";
import type { Tasks } from "./tasks.ts";

export interface Bundle {
  readonly key: string;
  readonly title: string;
  readonly places: readonly number[];
}

export interface Limits {
  readonly nodesMax: number;
  /** Keys of bundles that were taken apart. */
  readonly unfolded: ReadonlySet<string>;
}

const alikeMin = 12;

export function bundle(places: readonly number[], known: Tasks, { nodesMax, unfolded }: Limits): Bundle[] {
  if (places.length < alikeMin) return [];
  const alike = alikeOf(places, known).filter(({ key }) => !unfolded.has(key));
  const nodeCount = places.length - alike.reduce((sum, { places: together }) => sum + together.length - 1, 0);
  if (nodeCount <= nodesMax) return alike;
  const levels = levelsOf(places, known);
  const depth = 1 + [...levels.values()].reduce((most, level) => Math.max(most, level), 0);
  const byLevel = grouped(places, (place) => `${levels.get(place)} ${known.tasks[place]?.uses}`, known);
  if (byLevel.length <= nodesMax) return byLevel.filter(({ places: together }) => together.length > 1);
  const bandsMax = Math.floor(nodesMax / 4);
  const perBand = Math.ceil(depth / bandsMax);
  return grouped(places, (place) => `${Math.floor((levels.get(place) ?? 0) / perBand)} `, known);
}

function alikeOf(places: readonly number[], known: Tasks): Bundle[] {
  const neededBy = new Map<number, number[]>();
  for (const place of places)
    for (const need of known.needs[place] ?? []) {
      const list = neededBy.get(need.place);
      if (list === undefined) neededBy.set(need.place, [place]);
      else list.push(place);
    }
  const hasParts = new Set(known.tasks.map(({ parentId }) => parentId));
  const groups = new Map<string, number[]>();
  for (const place of places) {
    const task = known.tasks[place];
    if (task === undefined || hasParts.has(task.id)) continue;
    const needs = (known.needs[place] ?? []).map((need) => `${need.place}${need.condition}`).join();
    const key = `${task.kind} ${task.uses} ${needs} ${(neededBy.get(place) ?? []).join()}`;
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [place]);
    else list.push(place);
  }
  return [...groups.values()]
    .filter((together) => together.length >= alikeMin)
    .map((together) => ({
      key: `=${known.tasks[together[0] ?? 0]?.id}`,
      title: titleOf(together, known),
      places: together,
    }));
}

function grouped(places: readonly number[], groupOf: (place: number) => string, known: Tasks): Bundle[] {
  const groups = new Map<string, number[]>();
  for (const place of places) {
    const group = groupOf(place);
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [place]);
    else list.push(place);
  }
  return [...groups].map(([group, together]) => ({
    key: `~${group}`,
    title: titleOf(together, known),
    places: together,
  }));
}

/** Beginning with 0: one more than the highest of those it needs. */
export function levelsOf(
  places: readonly number[],
  { needs }: Pick<Tasks, "needs">,
): ReadonlyMap<number, number> {
  const levels = new Map<number, number>(places.map((place) => [place, 0]));
  const missing = new Map<number, number>();
  const dependents = new Map<number, number[]>();
  for (const place of places) {
    const needed = (needs[place] ?? []).filter((need) => levels.has(need.place));
    missing.set(place, needed.length);
    for (const need of needed) {
      const list = dependents.get(need.place);
      if (list === undefined) dependents.set(need.place, [place]);
      else list.push(place);
    }
  }
  const ready = places.filter((place) => missing.get(place) === 0);
  for (let at = 0; at < ready.length; at++) {
    const place = ready[at] as number;
    const next = (levels.get(place) ?? 0) + 1;
    for (const dependent of dependents.get(place) ?? []) {
      levels.set(dependent, Math.max(next, levels.get(dependent) ?? 0));
      const remaining = (missing.get(dependent) ?? 0) - 1;
      missing.set(dependent, remaining);
      if (remaining === 0) ready.push(dependent);
    }
  }
  return levels;
}

/** Common prefix of the ids, and the number of tasks. */
function titleOf(places: readonly number[], { tasks }: Tasks): string {
  const [first = "", ...others] = places.slice(0, 50).map((place) => tasks[place]?.id ?? "");
  let length = first.length;
  for (const id of others) while (!id.startsWith(first.slice(0, length))) length--;
  const shared = first.slice(0, length).replace(/[-_.[#\d]+$/, "");
  return shared === "" ? counted(places.length, "task") : `${shared} × ${places.length}`;
}
