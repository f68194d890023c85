/** Tasks that a result contains. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type KnownTasks, needsOf, type PlainTask, restingOn } from "./plain-task.ts";

/**
 * Returns the addition. Undefined if it is invalid: each id must be new, needs must exist, and no task may
 * wait for itself.
 */
export function additionOf(
  list: Json,
  max: number,
  owner: PlainTask,
  run: KnownTasks,
): Readonly<Record<string, TaskDocument>> | undefined {
  if (!Array.isArray(list) || list.length > max) return undefined;
  const added: Record<string, TaskDocument> = {};
  for (const entry of list as readonly Json[]) {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return undefined;
    const { id, ...document } = entry as { readonly [key: string]: Json };
    if (typeof id !== "string" || id in added || run.task(id) !== undefined) return undefined;
    added[id] = document as unknown as TaskDocument;
  }
  for (const document of Object.values(added))
    for (const id of needsOf(document).keys()) {
      if (id in added) continue;
      const needed = run.task(id);
      if (needed === undefined || waitsFor(needed, owner, run)) return undefined;
    }
  return added;
}

function waitsFor(needed: PlainTask, owner: PlainTask, run: KnownTasks): boolean {
  if (restingOn(owner, run).has(needed)) return true;
  const around = owner.entry?.list ?? owner.body.owner;
  return around !== undefined && waitsFor(needed, around, run);
}
