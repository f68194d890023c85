/** Gangs: tasks that start together are in one part, and are added to its work together. */
import type { NewPart } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-work";
import type { SessionView } from "../state.ts";

/** Returns the tasks, and the members of their gangs that have not ended, without duplicates. */
export function withGangs(session: SessionView, tasks: Iterable<number>): number[] {
  const all = new Set(tasks);
  for (const number of all) {
    const gang = session.tasks[number]?.spec.gang ?? "";
    if (gang === "") continue;
    for (const member of session.gangs.get(gang) ?? [])
      if (!isDone(session.tasks[member]?.status ?? 0)) all.add(member);
  }
  return [...all];
}

/** Returns parts with whole gangs: the members join the part of the first one. */
export function withoutTornGangs(session: SessionView, parts: readonly NewPart[]): readonly NewPart[] {
  if (session.gangs.size === 0) return parts;
  const assigned = new Set<number>();
  return parts.flatMap((part) => {
    const tasks = withGangs(
      session,
      part.tasks.filter((task) => !assigned.has(task)),
    ).filter((task) => !assigned.has(task));
    for (const task of tasks) assigned.add(task);
    return tasks.length === 0 ? [] : [{ ...part, tasks }];
  });
}

/** Returns the tasks for the work of a part: a member whose other members have ended starts alone. */
export function withoutLoneMembers(specs: readonly TaskSpec[]): readonly TaskSpec[] {
  const sizes = new Map<string, number>();
  for (const { gang } of specs) if (gang !== "") sizes.set(gang, (sizes.get(gang) ?? 0) + 1);
  if (sizes.size === 0) return specs;
  return specs.map((spec) => (sizes.get(spec.gang) === 1 ? { ...spec, gang: "" } : spec));
}
