/**
 * The needs of a task, by index. Needs have the names of the definition. In a round, and after a transition, tasks
 * have its number in their ids: `poll#2.fetch` needs `poll#2.ask`, `tell#3` needs `look#3`.
 */
import type { Need, TaskFacts } from "./facts.ts";

export interface NeedPlace {
  readonly place: number;
  readonly condition: Need["condition"];
}

/** Prefix and suffix of the ids of tasks in the same scope. */
export function surroundings({
  id,
  parentId,
}: Pick<TaskFacts, "id" | "parentId">): readonly [string, string] {
  const hash = id.indexOf("#", parentId.length);
  if (hash < 0) return ["", ""];
  const dot = id.indexOf(".", hash);
  return dot < 0 ? ["", id.slice(hash)] : [id.slice(0, dot + 1), ""];
}

export function needPlaces(
  tasks: readonly Pick<TaskFacts, "id" | "parentId" | "needs">[],
  placeOf: ReadonlyMap<string, number>,
): readonly (readonly NeedPlace[])[] {
  return tasks.map((task) => {
    if (task.needs.length === 0) return noNeeds;
    const [before, behind] = surroundings(task);
    const places: NeedPlace[] = [];
    for (const { task: name, condition } of task.needs) {
      const place = placeOf.get(`${before}${name}${behind}`) ?? placeOf.get(name);
      if (place !== undefined) places.push({ place, condition });
    }
    return places;
  });
}

const noNeeds: readonly NeedPlace[] = [];

/** Tasks that follow from a task of the run, directly or by others. */
export function dependentsOf(
  tasks: readonly Pick<TaskFacts, "id" | "parentId" | "needs">[],
  id: string,
): readonly string[] {
  const found = new Set([id]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const task of tasks)
      if (task.parentId === "" && task.needs.some((need) => found.has(need.task))) found.add(task.id);
  }
  found.delete(id);
  return [...found];
}
